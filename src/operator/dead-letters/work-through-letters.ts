/** Works through the dead letters of a queue. The `dead-letters` command says what to do with each: requeue or discard. */
import type { Clock } from '../../ports/clock.ts';
import { type DeadLetters, isWanted, type LetterFilter, type TakenLetter } from '../../ports/dead-letters.ts';

export interface WorkOptions {
  readonly filter: LetterFilter;
  readonly signal: AbortSignal;
  /** How long a lock lasts: letters of a run that was killed come back within it. */
  readonly lockMs: number;
  readonly onProgress: (done: number) => void;
  /** Letters are there, and all of them are locked by somebody else. */
  readonly onLocked: (count: number) => void;
}

export interface WorkedThrough {
  readonly done: number;
  /** Wanted, and left where they are, each with the reason. */
  readonly refused: readonly { readonly sequenceNumber: string; readonly why: string }[];
  /** Still locked by somebody else at the end, so they may still be there. */
  readonly locked: number;
  readonly interrupted: boolean;
}

/** A batchSize is worked on well within a lock. */
const batchSize = 25;
const longestWaitMs = 5_000;

/**
 * Takes each wanted dead letter and does something about it: the work returns why it refuses, or nothing. What is not wanted
 * or refused is held until the end, and then released. A second run takes what is left, and waits for the locks of
 * one that was killed.
 */
export async function workThroughLetters(
  letters: DeadLetters,
  clock: Clock,
  options: WorkOptions,
  work: (taken: TakenLetter) => Promise<string | undefined>,
): Promise<WorkedThrough> {
  const { filter, signal, lockMs, onProgress, onLocked } = options;
  const left = new Map<string, TakenLetter>();
  const refused = new Map<string, string>();
  let done = 0;
  let locked = 0;
  let progressAt = clock.now();
  try {
    while (!signal.aborted) {
      const taken = await letters.take(batchSize, Math.min(longestWaitMs, lockMs));
      const fresh = taken.filter(({ letter }) => !left.has(letter.sequenceNumber));
      // Held ones whose lock has ended: under a new lock, they are released at the end like the others.
      for (const again of taken) if (!fresh.includes(again)) left.set(again.letter.sequenceNumber, again);
      await Promise.all(
        fresh.map(async (one) => {
          const { sequenceNumber } = one.letter;
          const why = isWanted(one.letter, filter) ? await work(one) : '';
          if (why === undefined) {
            done += 1;
            return;
          }
          left.set(sequenceNumber, one);
          if (why !== '') refused.set(sequenceNumber, why);
        }),
      );
      if (fresh.length > 0) {
        progressAt = clock.now();
        onProgress(done);
        continue;
      }
      locked = await countOthers(letters, filter, left);
      if (locked === 0 || clock.now() > progressAt + lockMs + longestWaitMs) break;
      onLocked(locked);
    }
  } finally {
    // A lock that has ended is as good as released.
    await Promise.allSettled([...left.values()].map((taken) => taken.release()));
  }
  return {
    done,
    refused: [...refused].map(([sequenceNumber, why]) => ({ sequenceNumber, why })),
    locked,
    interrupted: signal.aborted,
  };
}

/** Wanted letters that are there, and not in our hands. */
async function countOthers(
  letters: DeadLetters,
  filter: LetterFilter,
  left: ReadonlyMap<string, TakenLetter>,
): Promise<number> {
  let count = 0;
  for await (const letter of letters.peek())
    if (isWanted(letter, filter) && !left.has(letter.sequenceNumber)) count += 1;
  return count;
}

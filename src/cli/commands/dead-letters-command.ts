/** `dead-letters`: lists, requeues and discards the dead letters of both queues. */
import type { Command } from 'commander';
import { describeValue } from '../../domain/looks-like.ts';
import { counted } from '../../operator/counted.ts';
import { discard } from '../../operator/dead-letters/discard.ts';
import { type WorkedThrough, workThroughLetters } from '../../operator/dead-letters/work-through-letters.ts';
import {
  aboutLetter,
  type DeadLetter,
  type DeadLetters,
  isWanted,
  type LetterFilter,
  type TakenLetter,
} from '../../ports/dead-letters.ts';
import { timeText } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { decidingOne } from '../session/decide.ts';
import { harmless } from '../session/output.ts';

interface Options {
  readonly queue?: string;
  readonly sequence?: string;
  readonly reason?: string;
  readonly yes?: true;
  readonly giveUp?: true;
}

const choosing = (command: Command): Command =>
  command
    .option('--queue <name>', 'one of the worker’s queues; without it all')
    .option('--sequence <numbers>', 'only these messages, as `list` numbers them, separated by commas')
    .option('--reason <word>', 'messages with this reason, like MaxDeliveryCountExceeded');

const listCommand = choosing(
  newCommand('list', 'shows them with reason and description', 'npx partner-checkout dead-letters list'),
).action((options: Options, command) => inSession(command, (session) => list(session, options)));

const requeueCommand = choosing(
  newCommand(
    'requeue',
    'sends them to their queue again, then removes them. Safe to interrupt and repeat',
    'npx partner-checkout dead-letters requeue --reason MaxDeliveryCountExceeded',
  ),
)
  .option('--yes', 'does not ask for confirmation')
  .action((options: Options, command) => inSession(command, (session) => requeue(session, options)));

const discardCommand = choosing(
  newCommand(
    'discard',
    'drops messages whose job has ended, with your name; their bytes are kept in a closed attention row',
    'npx partner-checkout dead-letters discard --sequence 1207',
  ),
)
  .option('--give-up', 'also messages whose job has not ended: the job is given up')
  .option('--yes', 'does not ask for confirmation')
  .action((options: Options, command) => inSession(command, (session) => discardAll(session, options)));

export const deadLettersCommand = newCommand(
  'dead-letters',
  'lists, requeues and discards messages that were delivered too often, or expired',
  'npx partner-checkout dead-letters list',
)
  .addCommand(listCommand)
  .addCommand(requeueCommand)
  .addCommand(discardCommand);

/** Longer than the lock of the queue, as it is deployed. */
const lockMs = 5 * 60_000 + 10_000;
const mostShown = 50;

function wordsOf(letter: DeadLetter): string {
  const { kind, jobKey } = aboutLetter(letter);
  if (kind === 'wake-up') return `wake-up of ${jobKey}`;
  return jobKey ?? 'no job';
}

async function list(session: Session, options: Options): Promise<number> {
  const { output } = session;
  const letters = await peekAll(session, options);
  output.data(
    letters.map(({ queue, letter }) => {
      const { body, ...rest } = letter;
      return { queue, ...rest, ...aboutLetter(letter), body: new TextDecoder().decode(body) };
    }),
  );
  if (letters.length === 0) {
    const all = options.sequence === undefined && options.reason === undefined;
    output.line(all ? 'No dead letters.' : 'No dead letters match.');
    return all ? exit.ok : exit.found;
  }
  const byReason = Object.entries(Object.groupBy(letters, ({ letter }) => letter.reason));
  for (const [reason, same] of byReason)
    output.line(harmless(`${same?.length ?? 0}  ${reason || 'no reason'}`));
  output.table(
    ['number', 'queue', 'since', 'deliveries', 'what', 'description'],
    letters
      .slice(0, mostShown)
      .map(({ queue, letter }) => [
        letter.sequenceNumber,
        queue,
        timeText(letter.enqueuedAt),
        letter.deliveryCount,
        wordsOf(letter),
        letter.description,
      ]),
  );
  if (letters.length > mostShown) output.line(`and ${letters.length - mostShown} more (--json shows all)`);
  return exit.found;
}

async function requeue(session: Session, options: Options): Promise<number> {
  if (!(await isAgreed(session, options, 'Requeue'))) return exit.found;
  const result = await each(session, options, async (taken) => {
    await taken.requeue();
    return undefined;
  });
  return told(
    session,
    result,
    'requeued; the worker goes on with them. Watch: npx partner-checkout attention',
  );
}

async function discardAll(session: Session, options: Options): Promise<number> {
  const giveUp = options.giveUp === true;
  if (!(await isAgreed(session, options, giveUp ? 'Give up and discard' : 'Discard'))) return exit.found;
  const deps = await decidingOne(session, 'give-up');
  const who = await deps.who();
  const { urgentQueue } = deps.config.serviceBus;
  const result = await each(session, options, (taken, queue) =>
    discard(deps, taken, { who, giveUp, urgent: queue === urgentQueue }),
  );
  return told(
    session,
    result,
    `discarded by ${who}; kept: npx partner-checkout attention --kind rejected --all --each`,
  );
}

async function each(
  session: Session,
  options: Options,
  work: (taken: TakenLetter, queue: string) => Promise<string | undefined>,
): Promise<WorkedThrough> {
  const { output, operator, interrupted } = session;
  const { clock, config } = await operator();
  const filter = filterOf(options);
  let all: WorkedThrough = { done: 0, refused: [], locked: 0, interrupted: false };
  for (const letters of await queuesOf(session, options)) {
    const one = await workThroughLetters(
      letters,
      clock,
      {
        filter,
        signal: interrupted,
        lockMs: lockMs / config.timeFactor,
        onProgress: (done) => output.progress(`${letters.queue}: ${done} done`),
        onLocked: (count) =>
          output.progress(
            `${letters.queue}: ${count} are locked by another run, or by one that was killed: waiting for them`,
          ),
      },
      (taken) => work(taken, letters.queue),
    );
    all = {
      done: all.done + one.done,
      refused: [...all.refused, ...one.refused],
      locked: all.locked + one.locked,
      interrupted: one.interrupted,
    };
  }
  return all;
}

function told({ output }: Session, result: WorkedThrough, words: string): number {
  output.data(result);
  output.line(harmless(`${result.done} ${words}`));
  for (const { sequenceNumber, why } of result.refused)
    output.line(harmless(`${sequenceNumber} stays: ${why}`));
  if (result.locked > 0)
    output.line(`${result.locked} stay: another run has them. Look again in some minutes.`);
  if (result.interrupted) output.note('Interrupted. Run the same command again for the rest.');
  if (result.interrupted) return exit.interrupted;
  return result.refused.length > 0 || result.locked > 0 ? exit.found : exit.ok;
}

async function isAgreed(session: Session, options: Options, verb: string): Promise<boolean> {
  const { output } = session;
  if (options.yes === true) return true;
  const letters = await peekAll(session, options);
  if (letters.length === 0) {
    output.line('No dead letters match.');
    output.data({ done: 0, refused: [], locked: 0, interrupted: false });
    return false;
  }
  if (await confirm(`${verb} ${counted(letters.length, 'dead letter')}?`, {})) return true;
  output.note('Nothing was changed.');
  return false;
}

async function peekAll(session: Session, options: Options) {
  const filter = filterOf(options);
  const found: { queue: string; letter: DeadLetter }[] = [];
  for (const letters of await queuesOf(session, options))
    for await (const letter of letters.peek())
      if (isWanted(letter, filter)) found.push({ queue: letters.queue, letter });
  return found;
}

async function queuesOf({ queues }: Session, { queue }: Options): Promise<readonly DeadLetters[]> {
  const { deadLetters } = await queues();
  if (queue === undefined) return deadLetters;
  const wanted = deadLetters.filter((letters) => letters.queue === queue);
  if (wanted.length > 0) return wanted;
  throw new CommandFailure(
    exit.usage,
    `The worker has no queue of that name (${describeValue(queue)}); it has ${deadLetters.map((letters) => letters.queue).join(', ')}.`,
  );
}

function filterOf({ sequence, reason }: Options): LetterFilter {
  const numbers = sequence?.split(',').map((number) => number.trim());
  if (numbers?.some((number) => !/^\d{1,20}$/.test(number)) === true)
    throw new CommandFailure(
      exit.usage,
      '--sequence takes numbers as `npx partner-checkout dead-letters list` shows them.',
    );
  return {
    ...(numbers === undefined ? {} : { sequenceNumbers: new Set(numbers) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

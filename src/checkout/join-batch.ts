/**
 * Declares the size of a batch and says whether it is stopped, before a job of it is claimed. One instance remembers both for a while.
 */

import type { BatchSummary, StoppedBy } from '../domain/batch/batch.ts';
import { batchCountEntry } from '../domain/schedule-entry.ts';
import type { Times } from '../domain/times.ts';
import type { Batches } from '../ports/batches.ts';
import type { Clock } from '../ports/clock.ts';
import type { Schedule } from '../ports/schedule.ts';
import { Unavailable } from '../ports/unavailable.ts';

export interface JoinDeps {
  readonly batches: Pick<Batches, 'summary' | 'writeSummary'>;
  readonly schedule: Pick<Schedule, 'insert' | 'drop'>;
  readonly clock: Clock;
  readonly times: Pick<Times, 'batchMemory' | 'pollSteps'>;
}

/**
 * To be called before a job of a batch is claimed: keeps the largest declared size, and tells whether the batch is
 * stopped. Throws `Unavailable` ('storage').
 */
export type JoinBatch = (batchId: string, size: number | undefined) => Promise<StoppedBy | undefined>;

interface Known {
  readonly at: number;
  size: number;
  readonly summary: Promise<BatchSummary | undefined>;
}

const maxKnown = 1_000;
const maxRounds = 10;

/** One for each instance: it remembers a batch for a while, so that its jobs cost no request of their own. */
export function batchJoiner(deps: JoinDeps): JoinBatch {
  const known = new Map<string, Known>();

  return async (batchId, size = 0) => {
    const now = deps.clock.now();
    const found = known.get(batchId);
    if (found !== undefined && now < found.at + deps.times.batchMemory && size <= found.size)
      return (await found.summary)?.stopped;
    const joined: Known = { at: now, size, summary: declared(deps, batchId, size) };
    known.delete(batchId);
    known.set(batchId, joined);
    const oldest = known.size > maxKnown ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    try {
      const summary = await joined.summary;
      joined.size = Math.max(size, summary?.total ?? 0);
      return summary?.stopped;
    } catch (error) {
      if (known.get(batchId) === joined) known.delete(batchId);
      throw error;
    }
  };
}

/**
 * The entry comes before the summary that names it: one without a summary is harmless, a batch without one would never
 * be counted. A batch that was finished, and has grown, gets a new one.
 */
async function declared(deps: JoinDeps, batchId: string, size: number): Promise<BatchSummary | undefined> {
  const { batches, clock, schedule, times } = deps;
  const now = clock.now();
  const own = batchCountEntry(batchId, now + (times.pollSteps[0] ?? 0));
  let inserted = false;
  for (let round = 0; round < maxRounds; round += 1) {
    const found = await batches.summary(batchId);
    const summary = found?.value;
    if (size <= (summary?.total ?? 0)) {
      // Another instance was faster: its entry is the one.
      if (inserted && summary?.entryKey !== own.key) await schedule.drop(own);
      return summary;
    }
    const isCounted = summary?.entryKey !== undefined;
    if (!isCounted && !inserted) {
      // guard: Batch: the entry comes before the summary
      await schedule.insert([own]);
      inserted = true;
    }
    const next = {
      ...summary,
      batchId,
      total: size,
      since: summary?.since ?? now,
      entryKey: summary?.entryKey ?? own.key,
    };
    if (await batches.writeSummary(next, found?.etag)) {
      if (inserted && next.entryKey !== own.key) await schedule.drop(own);
      return next;
    }
  }
  throw new Unavailable(
    'storage',
    `The summary of batch ${batchId} kept changing: gave up after ${maxRounds} tries`,
  );
}

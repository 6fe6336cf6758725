/** Second part of a tick: counts a batch, and says when it is finished. */

import { finalize } from '../checkout/finalize.ts';
import type { BatchEntry } from '../domain/batch/batch.ts';
import { type BatchCounts, batchCounter, isOver } from '../domain/batch/batch-counts.ts';
import { isFinal, isRetryable } from '../domain/checkout/record.ts';
import { batchFinishedEvent } from '../domain/events/event-list.ts';
import type { JobKey } from '../domain/message/job-key.ts';
import { type BatchCountEntry, batchCountEntry } from '../domain/schedule-entry.ts';
import type { Times } from '../domain/times.ts';
import type { Polled } from './poll-order.ts';
import { readOrPass } from './read-or-pass.ts';
import type { PollDeps, TickWorkDeps } from './tick-deps.ts';

type PollBatchDeps = Pick<
  TickWorkDeps,
  'attention' | 'batches' | 'clock' | 'events' | 'ledger' | 'notifier' | 'schedule' | 'telemetry' | 'times'
>;

/**
 * Counts one batch, and raises `batch.finished` when every declared line is final; the entry goes last. A size that
 * grows after that brings an entry, and an event, of its own. A retry does not: what was reported stays reported.
 */
export async function pollBatch(deps: PollBatchDeps, row: BatchCountEntry): Promise<Polled> {
  const { batches, clock, schedule, events } = deps;
  const found = await batches.summary(row.batchId);
  const summary = found?.value;
  // The declaration that comes after this row may still be on its way.
  if (found === undefined || summary?.total === undefined) return moved(deps, row, clock.now());
  if (summary.entryKey === undefined) {
    await schedule.drop(row);
    return { kind: 'finished' };
  }
  if (summary.entryKey !== row.key && (await schedule.exists(summary.entryKey))) {
    await schedule.drop(row);
    return { kind: 'dropped' };
  }
  const counts = await finalCounts(deps, row.batchId, summary.total);
  if (counts === undefined) {
    const next = nextRow(deps, row, summary.since ?? clock.now());
    // Named first, moved after: a row that the summary does not name is dropped while the named one is there.
    if (await batches.writeSummary({ ...summary, entryKey: next.key }, found.etag))
      await schedule.move(row, next);
    return { kind: 'pending' };
  }
  const at = clock.now();
  await events.publish([batchFinishedEvent(row.batchId, summary.total, counts, at)]);
  const { completed, partial, failed, rejected } = counts;
  const ended = { batchId: row.batchId, total: summary.total, completed, partial, failed, rejected };
  // After it counts as finished nobody would come back to it.
  // guard: Notice: an ended batch is noted before it counts as finished
  await deps.notifier?.notices.batchEnded({ ...ended, since: summary.since ?? at, at });
  const { entryKey: _, ...rest } = summary;
  const finished = { total: summary.total, at };
  // Refused: it has grown meanwhile, or was stopped. The next tick counts again.
  if (!(await batches.writeSummary({ ...rest, finished }, found.etag))) return { kind: 'pending' };
  await schedule.drop(row);
  deps.telemetry.event('BatchFinished', ended);
  return { kind: 'finished' };
}

/**
 * Undefined: some line is not final, or was not seen yet. One that is not final ends the scan: most cost one page and one record. The
 * records of lines that did not succeed are read last: one may be tried again, and its row does not tell yet.
 */
async function finalCounts(
  deps: PollBatchDeps,
  batchId: string,
  total: number,
): Promise<BatchCounts | undefined> {
  const counter = batchCounter();
  const unsuccessful: JobKey[] = [];
  for await (const entry of deps.batches.entries(batchId)) {
    const line = isOver(entry) ? entry : await finalizedLate(deps, entry);
    // guard: Batch: finished only when every line is final
    if (!isOver(line)) return undefined;
    counter.add(line);
    if (line.kind === 'job' && isRetryable(line.state)) unsuccessful.push(line.jobKey);
  }
  // guard: Batch: finished only when every line was seen
  if (counter.known() < total) return undefined;
  // guard: Batch: a line that is tried again is not final
  for (const jobKey of unsuccessful) if (await isTriedAgain(deps, jobKey)) return undefined;
  return counter.counts(total);
}

/**
 * The line as its record has it. Its finalizing may have failed, and somebody removed the entry that would have repeated it: then it is
 * finalized here, or the batch would never end.
 */
async function finalizedLate(deps: PollBatchDeps, entry: BatchEntry): Promise<BatchEntry> {
  if (entry.kind === 'rejected') return entry;
  const record = await readOrPass(deps.ledger, entry.jobKey);
  if (record === undefined || !isFinal(record.state)) return entry;
  await finalize(deps, record);
  return { ...entry, state: record.state };
}

/** A retry, or a message that brought other lines, began the job anew. Its row follows with its next result or wait. */
async function isTriedAgain({ ledger }: PollBatchDeps, jobKey: JobKey): Promise<boolean> {
  const record = await readOrPass(ledger, jobKey);
  return record !== undefined && !isFinal(record.state);
}

async function moved(deps: PollBatchDeps, row: BatchCountEntry, since: number): Promise<Polled> {
  await deps.schedule.move(row, nextRow(deps, row, since));
  return { kind: 'pending' };
}

const nextRow = (
  { clock, times }: Pick<PollDeps, 'clock' | 'times'>,
  row: BatchCountEntry,
  since: number,
): BatchCountEntry => batchCountEntry(row.batchId, clock.now() + countAgainAfter(clock.now() - since, times));

/**
 * So the event comes late by a twentieth of what the batch took, and one that never ends, because a line of it was never
 * sent, costs a scan a day.
 */
export const countAgainAfter = (age: number, times: Pick<Times, 'pollSteps' | 'pendingAlarm'>): number =>
  Math.min(Math.max(times.pollSteps[0] ?? 0, age / 20), times.pendingAlarm);

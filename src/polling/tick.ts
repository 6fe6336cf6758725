/**
 * One tick of the timer: jobs, batches, orders, cancellation dates, repair, in that order. The other modules of this folder are its parts.
 */

import pMap from 'p-map';
import type { Memory } from '../domain/fleet-state.ts';
import type { PollEntry } from '../domain/schedule-entry.ts';
import { messageOf } from '../domain/text.ts';
import { nothingDone, type TickReport, type TickStop } from '../domain/tick-report.ts';
import type { BegunTick } from '../ports/heartbeat.ts';
import type { RecordPosition } from '../ports/ledger-scan.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { notify } from './notify.ts';
import { pollBatch } from './poll-batch.ts';
import { pollCancellation } from './poll-cancellation.ts';
import { type Polled, pollOrder } from './poll-order.ts';
import { repairRecord } from './repair.ts';
import { reportState } from './report-state.ts';
import type { TickDeps, TickWorkDeps } from './tick-deps.ts';
import { wakeJobs } from './wake-jobs.ts';

/**
 * One tick of the timer, alone in the whole fleet: jobs, batches, orders, cancellation dates, then repair. A second tick beside it would ask
 * Partner Center the same again. That saves calls and no more: the writes of two ticks do not harm each other. A tick that dies is
 * waited for no longer than it could have run.
 */
export async function runTick(deps: TickDeps): Promise<TickReport> {
  const report = await aloneOrNot(deps);
  deps.telemetry.event('PollTick', { ...report, stopped: report.stopped });
  return report;
}

/**
 * For an instance that has just worked on something else: starts a tick if the heartbeat is stale, as timers on the consumption plan
 * have been seen to stop. `startedAt`: when the caller's own time began. Its errors are logged and never thrown.
 */
export function tickStarter(deps: TickDeps): (startedAt: number) => Promise<boolean> {
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async (startedAt) => {
    const { clock, heartbeats, times, telemetry } = deps;
    const now = clock.now();
    if (now < lookedAt + times.heartbeatStale) return false;
    // With less than three minutes of the lock left it would be cut.
    if (startedAt + times.lockRenewed - now < times.heartbeatStale) return false;
    lookedAt = now;
    try {
      const heartbeat = await heartbeats.read();
      if (heartbeat?.last !== undefined && heartbeat.age <= times.heartbeatStale) return false;
      await runTick(deps);
      return true;
    } catch (error) {
      telemetry.warn(`A tick that this instance started failed: ${messageOf(error)}`);
      return false;
    }
  };
}

/** The gate has opened: waiting jobs are woken at once, not at the next minute. Errors are logged; the timer comes anyway. */
export async function tickNow(deps: TickDeps): Promise<void> {
  try {
    await runTick(deps);
  } catch (error) {
    deps.telemetry.warn(`The tick after the gate opened failed: ${messageOf(error)}`);
  }
}

async function aloneOrNot(deps: TickDeps): Promise<TickReport> {
  const { times, telemetry, heartbeats } = deps;
  let tick: BegunTick | undefined;
  try {
    // The last read may begin when the tick's time ends.
    tick = await heartbeats.begin(times.tickLimit + times.readTimeout);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`The tick could not begin: ${error.message}`);
    return { ...nothingDone, stopped: 'storage' };
  }
  if (tick === undefined) return { ...nothingDone, stopped: 'overlap' };
  const { report, repairedTo } = await workTick(deps, tick.repairedTo);
  const reported = await reportOrPass(deps, tick, report);
  const memory = await notifyOrPass(deps, reported, tick.startedAt + report.ms);
  try {
    await heartbeats.end(tick, report, repairedTo, memory);
  } catch (error) {
    // The next tick begins when this one's time is over, and reports that.
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`The heartbeat could not be written: ${error.message}`);
  }
  return report;
}

/** Alerts keep the last state that was reported: better an old one than none. */
async function reportOrPass(deps: TickDeps, tick: BegunTick, report: TickReport): Promise<Memory> {
  const { startedAt, credentialEndsAt, memory } = tick;
  try {
    const now = startedAt + report.ms;
    return await reportState(deps, {
      now,
      credentialEndsAt,
      memory,
      stoppedByGate: report.stopped === 'gate',
    });
  } catch (error) {
    deps.telemetry.warn(`How the fleet stands could not be read: ${messageOf(error)}`);
    return memory;
  }
}

/** What could not be told stands in the tables, and the next tick tells it. */
async function notifyOrPass(deps: TickDeps, memory: Memory, now: number): Promise<Memory> {
  const { notifier } = deps;
  if (notifier === undefined) return memory;
  try {
    return { ...memory, notices: await notify({ ...deps, ...notifier }, memory.notices, now) };
  } catch (error) {
    deps.telemetry.warn(`What people are to be told could not be read: ${messageOf(error)}`);
    return memory;
  }
}

type Counts = { -readonly [field in Exclude<keyof TickReport, 'stopped' | 'ms'>]: number };

/** Each part has its own share of the time, and a failure of one does not stop the others. */
export async function workTick(
  deps: TickWorkDeps,
  repairedFrom: RecordPosition | undefined,
): Promise<{ readonly report: TickReport; readonly repairedTo: RecordPosition | undefined }> {
  const { clock, times, telemetry } = deps;
  const started = clock.now();
  const { ms: _, ...zero } = nothingDone;
  const counts: Counts = { ...zero };
  let stopped: TickStop | undefined;
  let repairedTo = repairedFrom;
  const part = async (
    name: string,
    work: (deadline: number) => Promise<TickStop | undefined>,
    until: number,
  ) => {
    try {
      stopped = (await work(started + until * times.tickLimit)) ?? stopped;
    } catch (error) {
      if (error instanceof Unavailable) stopped = error.what === 'queue' ? 'queue' : 'storage';
      else counts.failed += 1;
      telemetry.warn(`The tick's ${name} failed: ${messageOf(error)}`);
    }
  };
  await part(
    'wake-ups',
    async (deadline) => {
      const { woken, moved, failure } = await wakeJobs(deps, deadline);
      counts.woken += woken;
      counts.moved += moved;
      if (failure !== undefined) throw failure;
      return undefined;
    },
    0.3,
  );
  await part(
    'batches',
    (deadline) =>
      poll(deps, deps.schedule.due('batches', started), (row) => pollBatch(deps, row), counts, deadline),
    0.45,
  );
  await part(
    'orders',
    (deadline) =>
      poll(
        deps,
        deps.schedule.due('orders', started),
        (row) => pollOrder(deps, row, deadline),
        counts,
        deadline,
      ),
    0.85,
  );
  await part(
    'cancellation dates',
    (deadline) =>
      poll(
        deps,
        firstOf(deps.schedule.due('cancellations', started), cancellationReads),
        (row) => pollCancellation(deps, row, deadline),
        counts,
        deadline,
      ),
    0.9,
  );
  await part(
    'repair',
    async (deadline) => {
      const page = await deps.ledgerScan.page(repairedFrom, repairRows);
      for (const { record, at } of page.records) {
        // guard: Repair: missing entries are written again
        counts.repaired += await repairAndReport(deps, record);
        repairedTo = at;
        // The next tick goes on here.
        if (clock.now() >= deadline) return 'time';
      }
      repairedTo = page.next;
      return undefined;
    },
    1,
  );
  return {
    report: { ...counts, ...(stopped === undefined ? {} : { stopped }), ms: clock.now() - started },
    repairedTo,
  };
}

/**
 * Reads of cancellation dates in one tick. They take permits that orders and jobs could use, so they are few: at most a tenth of the
 * default budget of 300 calls a minute. The dates of a night of 5,000 orders are there after three hours.
 */
const cancellationReads = 30;

async function* firstOf<Entry>(entries: AsyncIterable<Entry>, most: number): AsyncGenerator<Entry> {
  let count = 0;
  for await (const entry of entries) {
    yield entry;
    count += 1;
    if (count === most) return;
  }
}

/** Ledger rows in one tick: a million rows are read in a day and a half. */
const repairRows = 500;

async function repairAndReport(
  deps: TickWorkDeps,
  found: Parameters<typeof repairRecord>[1],
): Promise<number> {
  const { job, orders } = await repairRecord(deps, found);
  const written = orders.length + (job === undefined ? 0 : 1);
  const { jobKey } = found;
  if (written > 0)
    deps.telemetry.warn(`${written} schedule entries of job ${jobKey} were missing, and were written again`, {
      jobKey,
    });
  return written;
}

/** Orders in work at once: enough to use the poller's lane when each read takes a second, few enough to stop quickly. */
const atOnce = 8;

/** Looks at every entry that is due, oldest first. It ends when nothing is due, when its time is over, or when the gate closes. */
async function poll<Entry extends PollEntry>(
  deps: TickWorkDeps,
  entries: AsyncIterable<Entry>,
  work: (entry: Entry) => Promise<Polled>,
  counts: Counts,
  deadline: number,
): Promise<TickStop | undefined> {
  const { clock } = deps;
  let stopped: TickStop | undefined;
  let unread: { readonly error: unknown } | undefined;
  async function* untilStopped(): AsyncGenerator<Entry> {
    try {
      for await (const entry of entries) {
        if (clock.now() >= deadline) stopped ??= 'time';
        if (stopped !== undefined) return;
        counts.seen += 1;
        yield entry;
      }
    } catch (error) {
      // Thrown once those under way have ended.
      unread = { error };
    }
  }
  const pollRow = async (entry: Entry): Promise<void> => {
    const polled = await pollOrStumble(deps, entry, work);
    counts[polled.kind === 'stop' ? 'pending' : polled.kind] += 1;
    if (polled.kind === 'stop') stopped ??= clock.now() >= deadline ? 'time' : 'gate';
  };
  await pMap(untilStopped(), pollRow, { concurrency: atOnce });
  if (unread !== undefined) throw unread.error;
  return stopped;
}

/** A failure of one entry is not the others': it is logged, and the entry stays for the next tick. */
async function pollOrStumble<Entry extends PollEntry>(
  { telemetry }: Pick<TickWorkDeps, 'telemetry'>,
  entry: Entry,
  work: (entry: Entry) => Promise<Polled>,
): Promise<Polled> {
  try {
    return await work(entry);
  } catch (error) {
    const ids =
      'batchId' in entry ? { batchId: entry.batchId } : { jobKey: entry.jobKey, orderId: entry.orderId };
    const message = messageOf(error);
    telemetry.warn(`The poll of entry ${entry.key} failed: ${message}`, ids);
    return { kind: 'failed' };
  }
}

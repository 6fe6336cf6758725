/**
 * The schedule entries of a delivery: how it comes back, and which entries it may remove. Used by every step that ends a delivery.
 */

import type { CheckoutRecord, State } from '../domain/checkout/record.ts';
import { type JobEntry, jobEntry, wholeMs } from '../domain/schedule-entry.ts';
import { messageOf } from '../domain/text.ts';
import type { Completed, RunWith } from './run.ts';

/** The ports that removing takes. */
type Removing = 'clock' | 'schedule' | 'telemetry' | 'times';

/**
 * The promises of a delivery: rules R2 and R3 of docs/protocol.md. A producer's message makes sure of an entry. A wake-up
 * moves the entry that woke it, and writes another only as part of a reschedule, or entries would multiply.
 */
export async function comeBack(
  run: RunWith<'schedule'>,
  record: CheckoutRecord | undefined,
  at: number,
): Promise<Completed> {
  const { from } = run.delivery;
  // guard: Entry: a wake-up moves its own entry [replace: false]
  if (from.kind === 'wake-up')
    await run.deps.schedule.moveJobs([
      {
        key: from.entryKey,
        dueAt: wholeMs(at),
        wokenAt: 0,
        ...(record === undefined ? {} : { state: record.state }),
      },
    ]);
  else await run.deps.schedule.ensure(entryFor(run, record, at));
  return 'entry';
}

/** The entry that wakes this job at `at`. `state`: where its record will stand then. */
export function entryFor(
  run: RunWith<never>,
  record: CheckoutRecord | undefined,
  at: number,
  state?: State,
): JobEntry {
  const { urgent, firstEnqueued, from } = run.delivery;
  // A message for a cart that the worker made belongs to the job that made it.
  const jobKey = record?.jobKey ?? run.delivery.jobKey;
  const notAfter = record?.job.notAfter ?? (from.kind === 'producer' ? from.job.notAfter : undefined);
  const notBefore = record?.job.notBefore ?? (from.kind === 'producer' ? from.job.notBefore : undefined);
  const fields = {
    jobKey,
    urgent: record?.urgent ?? urgent,
    since: Math.max(record?.firstEnqueued ?? firstEnqueued, notBefore ?? 0),
    state: state ?? record?.state ?? 'waiting',
    ...(notAfter === undefined ? {} : { notAfter }),
  };
  return jobEntry(fields, at);
}

/** The record of another run, or one that is not due: somebody has to look again at `at`. */
export async function leaveUntil(
  run: RunWith<'schedule'>,
  record: CheckoutRecord,
  at: number,
): Promise<Completed> {
  const { from } = run.delivery;
  // R2 b: the record's own entry comes later, so this one is not needed. A leased record has no next try.
  // guard: Entry: removed only when the record's next try is later [replace: from.kind === 'wake-up']
  if (from.kind === 'wake-up' && record.nextTry !== undefined && record.nextTry > from.origin) {
    await run.deps.schedule.remove(from.entryKey);
    return 'entry';
  }
  return comeBack(run, record, at);
}

/**
 * Whether the lease of this run may have ended. Then another run may have promised to come back by the same entry: it stays, and causes one
 * harmless wake-up.
 */
const outlastsLease = ({ deps, startedAt }: RunWith<'clock' | 'times'>): boolean =>
  deps.clock.now() >= startedAt + deps.times.lease;

/** After a reschedule to `nextTry`: what woke this run is replaced by the entry of then (R2 b). What cannot be removed is left. */
export async function removeReplaced(run: RunWith<Removing>, nextTry: number): Promise<void> {
  const { from } = run.delivery;
  // guard: Reschedule: a run that outlasts a lease removes no entry
  if (outlastsLease(run)) return;
  const own = from.kind === 'wake-up' ? [{ key: from.entryKey, origin: from.origin }] : [];
  for (const entry of [...own, ...(run.leaseEntry === undefined ? [] : [run.leaseEntry])]) {
    // guard: Reschedule: an entry that is due later stays [replace: true]
    if (entry.origin < nextTry) await tryToRemove(run, entry.key);
  }
}

/** After a result is finalized (R2 a). */
export async function removeAll(run: RunWith<Removing>): Promise<void> {
  const { from } = run.delivery;
  // guard: Finalize: a run that outlasts a lease removes no entry
  if (outlastsLease(run)) return;
  const own = from.kind === 'wake-up' ? [from.entryKey] : [];
  for (const key of [...own, ...(run.leaseEntry === undefined ? [] : [run.leaseEntry.key])])
    await tryToRemove(run, key);
}

/** An entry that stays causes one harmless wake-up. */
async function tryToRemove(
  { deps, delivery }: RunWith<'schedule' | 'telemetry'>,
  key: string,
): Promise<void> {
  try {
    await deps.schedule.remove(key);
  } catch (error) {
    const message = messageOf(error);
    deps.telemetry.warn(`The schedule entry ${key} was left: ${message}`, { jobKey: delivery.jobKey });
  }
}

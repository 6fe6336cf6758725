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

/** After a reschedule to `nextTry`: what woke this run is replaced by the entry of then (R2 b). What cannot be removed is left. */
export async function removeReplaced(run: RunWith<Removing>, nextTry: number): Promise<void> {
  for (const entry of removable(run)) {
    // guard: Reschedule: an entry that is due later stays [replace: true]
    if (entry.origin < nextTry) await tryToRemove(run, entry.key);
  }
}

/** After a result is finalized (R2 a). */
export async function removeAll(run: RunWith<Removing>): Promise<void> {
  for (const { key } of removable(run)) await tryToRemove(run, key);
}

/**
 * What woke this run, and the entry for the end of its lease. None if the lease may have ended: then another run may have promised to come
 * back by the same entry. It stays, and causes one harmless wake-up.
 */
function removable({
  deps,
  delivery,
  startedAt,
  leaseEntry,
}: RunWith<'clock' | 'times'>): readonly { readonly key: string; readonly origin: number }[] {
  // guard: Entry: a run that outlasts a lease removes none
  if (deps.clock.now() >= startedAt + deps.times.lease) return [];
  const { from } = delivery;
  const own = from.kind === 'wake-up' ? [{ key: from.entryKey, origin: from.origin }] : [];
  return [...own, ...(leaseEntry === undefined ? [] : [leaseEntry])];
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

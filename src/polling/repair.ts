/**
 * Last part of a tick: writes schedule entries that are missing. The operator's `repair` command uses it too.
 */

import { isOpen, leaseEnd } from '../domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isSettled } from '../domain/checkout/record.ts';
import { isTerminal } from '../domain/order/order.ts';
import { type JobEntry, jobEntry, type OrderEntry, pollEntryKey, wholeMs } from '../domain/schedule-entry.ts';
import type { Clock } from '../ports/clock.ts';
import { type Ledger, UnreadableRecord } from '../ports/ledger.ts';
import type { Schedule } from '../ports/schedule.ts';
import { readOrPass } from './read-or-pass.ts';

export interface RepairDeps {
  readonly schedule: Pick<Schedule, 'exists' | 'insert' | 'ensure' | 'moveJobs'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** What the schedule lacks for one record. */
export interface Missing {
  readonly job?: JobEntry;
  readonly orders: readonly OrderEntry[];
}

/**
 * Looks for the entries that a record needs: its own if it is open and no run holds its lease, and one for each pending order.
 * Reads one row for each entry that should be there. A missing entry gets the key that the record names, so that the next repair
 * finds it: with a key of its own each repair would write another. Throws `Unavailable`.
 */
async function missingEntries(
  schedule: Pick<Schedule, 'exists'>,
  record: CheckoutRecord,
  now: number,
): Promise<Missing> {
  const { jobKey } = record;
  const orders: OrderEntry[] = [];
  for (const orderSummary of record.orders) {
    if (isTerminal(orderSummary.status)) continue;
    const key = orderSummary.entryKey ?? pollEntryKey(orderSummary.since, orderSummary.id);
    if (await schedule.exists(key)) continue;
    orders.push({
      key,
      dueAt: wholeMs(now),
      orderId: orderSummary.id,
      jobKey,
      since: orderSummary.since,
      polls: 0,
    });
  }
  if (!isOpen(record) || leaseEnd(record, now) !== undefined) return { orders };
  const entry = entryOf(record, now);
  return (await schedule.exists(entry.key)) ? { orders } : { orders, job: entry };
}

/** The entry that an open record names. One that names none gets an origin that no later repair changes. */
function entryOf(record: CheckoutRecord, now: number): JobEntry {
  const { jobKey, urgent, job, state, firstEnqueued, nextTry, lease, createdAt } = record;
  const origin = record.entryOrigin ?? nextTry ?? lease?.until ?? createdAt;
  const { notBefore, notAfter } = job;
  const since = Math.max(firstEnqueued, notBefore ?? 0);
  const fields = { jobKey, urgent, since, state, ...(notAfter === undefined ? {} : { notAfter }) };
  const entry = jobEntry(fields, origin);
  return { ...entry, dueAt: wholeMs(Math.max(now, nextTry ?? 0, lease?.until ?? 0, entry.origin)) };
}

/** Nothing of this record can be missing: most of a ledger is like that, and costs no request. */
const isComplete = (record: CheckoutRecord): boolean =>
  isSettled(record.state) && !isOpen(record) && record.orders.every(({ status }) => isTerminal(status));

async function writeMissing(schedule: RepairDeps['schedule'], { job, orders }: Missing): Promise<void> {
  if (orders.length > 0) await schedule.insert(orders);
  if (job === undefined) return;
  await schedule.ensure(job);
  // One that is there, and that no tick can read: its times are written anew.
  await schedule.moveJobs([{ key: job.key, dueAt: job.dueAt, wokenAt: 0 }]);
}

/**
 * Looks at one record and writes what is missing. Before it writes, it reads the record again: a delivery or a poll may have moved
 * on meanwhile, and then nothing is missing. Throws `Unavailable`.
 */
export async function repairRecord(
  { schedule, ledger, clock }: RepairDeps,
  record: CheckoutRecord | UnreadableRecord,
  write = true,
): Promise<Missing> {
  if (record instanceof UnreadableRecord || isComplete(record)) return nothing;
  if (isNothing(await missingEntries(schedule, record, clock.now()))) return nothing;
  const again = await readOrPass(ledger, record.jobKey);
  if (again === undefined) return nothing;
  const missing = await missingEntries(schedule, again, clock.now());
  if (write) await writeMissing(schedule, missing);
  return missing;
}

const nothing: Missing = { orders: [] };
const isNothing = ({ job, orders }: Missing): boolean => job === undefined && orders.length === 0;

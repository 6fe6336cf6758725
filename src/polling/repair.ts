import { isOpen, leaseEnd } from '../domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isSettled } from '../domain/checkout/record.ts';
import { isTerminal } from '../domain/order/order.ts';
import {
  type JobEntry,
  jobEntry,
  jobEntryKeyOf,
  type OrderEntry,
  pollEntryKey,
  wholeMs,
} from '../domain/schedule-entry.ts';
import type { Schedule } from '../ports/schedule.ts';

/** What the schedule lacks for one record. */
export interface Missing {
  readonly job?: JobEntry;
  readonly orders: readonly OrderEntry[];
}

/**
 * Looks for the entries that a record needs: its own if it is open and no run holds its lease, and one for each pending order.
 * Reads one row for each entry that should be there. Throws `Unavailable`.
 */
export async function missingEntries(
  schedule: Pick<Schedule, 'exists'>,
  record: CheckoutRecord,
  now: number,
): Promise<Missing> {
  const { jobKey, urgent, entryOrigin, job, state, firstEnqueued: since } = record;
  const orders: OrderEntry[] = [];
  for (const mark of record.orders) {
    if (isTerminal(mark.status)) continue;
    if (mark.entryKey !== undefined && (await schedule.exists(mark.entryKey))) continue;
    orders.push({
      key: mark.entryKey ?? pollEntryKey(now, mark.id),
      dueAt: wholeMs(now),
      orderId: mark.id,
      jobKey,
      polls: 0,
    });
  }
  if (!isOpen(record) || leaseEnd(record, now) !== undefined) return { orders };
  if (entryOrigin !== undefined && (await schedule.exists(jobEntryKeyOf(urgent, entryOrigin, jobKey))))
    return { orders };
  const at = Math.max(now, record.nextTry ?? 0, record.lease?.until ?? 0);
  const { notAfter } = job;
  const fields = { jobKey, urgent, since, state, ...(notAfter === undefined ? {} : { notAfter }) };
  return { orders, job: jobEntry(fields, at) };
}

/** Nothing of this record can be missing: most of a ledger is like that, and costs no request. */
export const isComplete = (record: CheckoutRecord): boolean =>
  isSettled(record.state) && !isOpen(record) && record.orders.every(({ status }) => isTerminal(status));

/** Writes what is missing. Returns how many entries that were. Throws `Unavailable`. */
export async function writeMissing(schedule: Schedule, { job, orders }: Missing): Promise<number> {
  if (orders.length > 0) await schedule.insert(orders);
  if (job !== undefined) await schedule.ensure(job);
  return orders.length + (job === undefined ? 0 : 1);
}

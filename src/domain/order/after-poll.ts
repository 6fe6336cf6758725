/** Applies what a poll of an order learned to the record. Used by the third part of a tick. */

import { mergeMarks, reachedBy, resultStep, stillFailed } from '../checkout/apply-result.ts';
import { type CheckoutRecord, isSettled, type OrderSummary, transition } from '../checkout/record.ts';
import type { Order } from './order.ts';

/**
 * The record after one of its orders was read. Only an `ordered` record is finalised, when none of its orders is pending;
 * in an earlier state the order's status alone is written: the run in charge decides about the rest.
 */
export function afterPoll(
  record: CheckoutRecord,
  order: Order,
  at: { readonly now: number; readonly nextPoll: number },
): CheckoutRecord {
  const merged = (revision: number): readonly OrderSummary[] =>
    mergeMarks(record, [order], { now: at.now, revision, firstPoll: at.nextPoll });
  // guard: Poll: only an ordered record is finalised
  if (!isSettled(record.state)) return { ...record, orders: merged(record.revision), updatedAt: at.now };
  const failedGroups = stillFailed(record, merged(record.revision));
  const state = transition(record.state, resultStep(merged(record.revision), failedGroups));
  // A poll that leaves the state as it is, is no result.
  if (state === record.state) return { ...record, orders: merged(record.revision), updatedAt: at.now };
  const revision = record.revision + 1;
  const { asked: _, ...rest } = record;
  return {
    ...rest,
    state,
    revision,
    orders: merged(revision),
    failedGroups,
    reached: reachedBy(record, state, revision),
    updatedAt: at.now,
  };
}

/** The record naming the entry that is to count from now on: it is named first, and moved after. */
export const withEntry = (record: CheckoutRecord, orderId: string, entryKey: string): CheckoutRecord => ({
  ...record,
  orders: record.orders.map((orderSummary) =>
    orderSummary.id === orderId ? { ...orderSummary, entryKey } : orderSummary,
  ),
});

import type { Delivery } from '../message/delivery.ts';
import { isOrderJob } from '../message/job.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { emptyHistory, none } from './call-history.ts';
import type { CheckoutRecord } from './record.ts';

/** The record of a job whose first message has just come, before anything was sent. Pure. Throws for a wake-up: that is a bug. */
export function newRecord(delivery: Delivery, requestId: string, now: number): CheckoutRecord {
  const { from } = delivery;
  if (from.kind !== 'producer') throw new Error(`A wake-up cannot begin job ${delivery.jobKey}`);
  const { job, body } = from;
  return omitUndefined({
    jobKey: delivery.jobKey,
    version: 1 as const,
    customerId: job.customerId,
    cartId: isOrderJob(job) ? undefined : job.cartId,
    state: 'waiting' as const,
    job,
    body,
    batches: job.batchId === undefined ? [] : [job.batchId],
    urgent: delivery.urgent,
    revision: 0,
    attempts: 0,
    reschedules: 0,
    unfinishedClaims: 0,
    unansweredSends: 0,
    ordersInHand: delivery.ordersInHand.length === 0 ? undefined : delivery.ordersInHand,
    requestId,
    attentionMayBeOpen: false,
    orders: [],
    failedGroups: [],
    looks: 0,
    reached: {},
    history: emptyHistory,
    deliveries: none,
    polls: none,
    decisions: [],
    firstEnqueued: delivery.firstEnqueued,
    traceparent: delivery.traceparent,
    createdAt: now,
    updatedAt: now,
  });
}

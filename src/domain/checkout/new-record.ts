import type { Run } from '../../checkout/run.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { emptyHistory, none, withDelivery } from './call-history.ts';
import type { CheckoutRecord } from './record.ts';

/** The record of a cart that the ledger does not know yet, claimed by this run. */
export function newRecord(run: Run, leaseId: string): CheckoutRecord {
  const { deps, delivery } = run;
  const now = deps.clock.now();
  const { job } = delivery;
  const record: CheckoutRecord = omitUndefined({
    version: 1 as const,
    customerId: job.customerId,
    cartId: job.cartId,
    state: 'submitting' as const,
    job,
    body: delivery.body,
    batches: job.batchId === undefined ? [] : [job.batchId],
    ticket: delivery.ticket,
    revision: 0,
    attempts: 0,
    lease: { id: leaseId, until: now + deps.times.lease },
    requestId: deps.chance.guid(),
    firstSend: now,
    firstSendSkew: deps.clockSkew(),
    lastSend: now,
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
  return withDelivery(record, run);
}

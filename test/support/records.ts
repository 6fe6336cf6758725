import { emptyHistory, none } from '../../src/domain/checkout/call-history.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Order, OrderStatus } from '../../src/domain/order/order.ts';

export const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
export const cartId = '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';
export const otherCartId = '9d3b5a70-3c1e-4f7c-8a55-0b8f4d1c6e22';

/** Of the job that the samples below are about. */
export const jobKey = jobKeyOf({ customerId, cartId });

/** A record as its first claim left it at time 0, for a test to change. */
export function aRecord(change: Partial<CheckoutRecord> = {}): CheckoutRecord {
  const cart = {
    customerId: change.customerId ?? customerId,
    cartId: change.cartId ?? cartId,
  };
  return {
    jobKey: jobKeyOf(cart),
    version: 1,
    ...cart,
    state: 'submitting',
    job: cart,
    body: JSON.stringify(cart),
    batches: [],
    urgent: false,
    revision: 0,
    attempts: 0,
    reschedules: 0,
    unfinishedClaims: 0,
    unansweredSends: 0,
    requestId: '11111111-1111-4111-8111-111111111111',
    firstSend: 0,
    lastSend: 0,
    attentionMayBeOpen: false,
    orders: [],
    failedGroups: [],
    reconciliations: 0,
    reached: {},
    history: emptyHistory,
    deliveries: none,
    polls: none,
    decisions: [],
    firstEnqueued: 0,
    createdAt: 0,
    updatedAt: 0,
    ...change,
  };
}

export const anOrder = (id: string, status: OrderStatus = 'completed', offerId = 'offer-a'): Order => ({
  id,
  status,
  billingCycle: 'monthly',
  lines: [{ offerId, quantity: 1, term: 'P1Y' }],
});

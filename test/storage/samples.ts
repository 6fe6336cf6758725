import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Order } from '../../src/domain/order/order.ts';

export const customerId = '11111111-1111-4111-8111-111111111111';
export const cartId = '22222222-2222-4222-8222-222222222222';
export const at = 1_795_000_000_123;

export const jobKey = jobKeyOf({ customerId, cartId });

export const record = (change: Partial<CheckoutRecord> = {}): CheckoutRecord => ({
  jobKey: jobKeyOf({ customerId: change.customerId ?? customerId, cartId: change.cartId ?? cartId }),
  customerId,
  cartId,
  version: 1,
  state: 'submitting',
  job: { customerId, cartId, batchId: 'night 1', reference: 'PO "7" \u{1f600}', notAfter: at + 5 },
  body: `{"customerId":"${customerId}","cartId":"${cartId}"}`,
  batches: ['night 1'],
  urgent: false,
  revision: 0,
  attempts: 0,
  reschedules: 0,
  unfinishedClaims: 0,
  unansweredSends: 0,
  lease: { id: 'lease', until: at + 240_000 },
  requestId: 'request',
  firstSend: at,
  lastSend: at,
  attentionMayBeOpen: false,
  orders: [],
  failedGroups: [],
  reconciliations: 0,
  reached: {},
  history: {
    total: 1,
    first: [{ what: 'checkout', at, correlationId: 'c', end: { ms: 12.5, status: 201 } }],
    last: [],
  },
  deliveries: {
    total: 21,
    last: [{ at, messageId: 'm', count: 2, from: 'producer', end: 'rescheduled: \u{1f600}' }],
  },
  polls: {
    total: 1,
    last: [
      { what: 'order', orderId: 'o', at, correlationId: 'p', end: { ms: 3, status: 200 }, found: 'pending' },
    ],
  },
  decisions: [],
  firstEnqueued: at,
  createdAt: at,
  updatedAt: at,
  ...change,
});

export const order = (id: string, change: Partial<Order> = {}): Order => ({
  id,
  status: 'pending',
  billingCycle: 'monthly',
  totalPrice: 12.3,
  lines: [{ offerId: 'CFQ7TTC0LH18:0001', quantity: 5, term: 'P1M', subscriptionId: 'sub' }],
  ...change,
});

export const orderSummary = (id: string): CheckoutRecord['orders'][number] => ({
  id,
  status: 'pending',
  content: 'monthly|CFQ7TTC0LH18:0001|5|P1M',
  wasPending: true,
  since: at,
});

import type { Availability } from '../../src/domain/cart/availability.ts';
import type { Making } from '../../src/domain/cart/next-cart-step.ts';
import type { OrderJob } from '../../src/domain/message/job.ts';
import type { WantedLine } from '../../src/domain/message/order-lines.ts';

export const customerId = '5e2f0c44-9c1b-4a53-b1de-6f0d1c7a2b90';
export const cartId = '7d0f3a52-6a0c-4b1e-9d57-0c2f9be41a10';

/** A line as a message carries it. */
export const writtenLine = {
  product: 'CFQ7TTC0LH18',
  sku: '0001',
  quantity: 25,
  term: 'P1Y',
  billing: 'monthly',
} as const;

export const aLine = (change: Partial<WantedLine> = {}): WantedLine => ({
  ...writtenLine,
  line: 1,
  segment: 'commercial',
  ...change,
});

export const anOrderJob = (change: Partial<OrderJob> = {}): OrderJob => ({
  customerId,
  externalOrderId: 'PO-7741',
  lines: [aLine()],
  ...change,
});

export const anAvailability = (change: Partial<Availability> = {}): Availability => ({
  id: 'CFQ7TTC0K971',
  catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971',
  segment: 'commercial',
  isPurchasable: true,
  terms: ['P1Y'],
  billingCycles: ['monthly', 'annual'],
  minimumQuantity: 1,
  maximumQuantity: 300,
  needsAttestation: false,
  ...change,
});

export const aMaking = (job: OrderJob, change: Partial<Making> = {}): Making => ({
  job,
  offers: new Map([['CFQ7TTC0LH18:0001', { kind: 'sold', availabilities: [anAvailability()] }]]),
  refused: new Set(),
  mayWait: false,
  bad: [],
  ...change,
});

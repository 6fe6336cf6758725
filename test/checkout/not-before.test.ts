import { expect, test } from 'vitest';
import type { Deps } from '../../src/checkout/deps.ts';
import { runJob } from '../../src/checkout/handle-delivery.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { Copy } from '../../src/ports/checkout-queue.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { leapingClock, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId } from '../support/records.ts';

const start = Date.UTC(2026, 10, 24, 2);
const minute = 60_000;

function api() {
  const calls: number[] = [];
  const ok = (body: unknown): Exchange => ({
    kind: 'answer',
    status: 200,
    body: JSON.stringify(body),
    ms: 1,
  });
  const order = { id: 'O1', status: 'completed', billingCycle: 'monthly', lineItems: [] };
  const partnerCenter = (clock: { now(): number }): PartnerCenter => ({
    checkout: async () => {
      calls.push(clock.now());
      return ok({ orders: [order] });
    },
    cart: async () => ok({ id: cartId, status: 'Active', lineItems: [] }),
    orders: async () => ok({ totalCount: 0, items: [] }),
    order: async () => ok(order),
  });
  return { calls, partnerCenter };
}

test.each([
  ['8 seconds', 8_000],
  ['80 seconds', 80_000],
  ['5 minutes', 5 * minute],
  ['an hour', 60 * minute],
])(
  'a worker whose clock is %s behind that of the queue waits for the time of a job, and sends few copies',
  async (_, behind) => {
    const clock = leapingClock(start);
    const { calls, partnerCenter } = api();
    // Times of the queue are by its own clock, which is ahead of the worker's.
    const queued: { copy: Copy; at: number }[] = [];
    let copies = 0;
    const send: Deps['queue']['send'] = async (copy, at) => {
      copies += 1;
      queued.push({ copy, at: Math.max(at, clock.now() + behind) });
    };
    const worker = oneWorker(partnerCenter(clock), clock, { queue: { send } });
    const notBefore = start + 10 * minute;
    const job = { customerId, cartId, notBefore: new Date(notBefore).toISOString() };
    await send({ messageId: 'p', body: Buffer.from(JSON.stringify(job)), properties: {} }, start);
    for (let next = queued.shift(); next !== undefined && copies < 20; next = queued.shift()) {
      clock.leapTo(next.at - behind);
      await runJob(worker.deps, { ...next.copy, sequenceNumber: '1', deliveryCount: 1, enqueuedAt: next.at });
    }
    expect(copies).toBeLessThanOrEqual(3);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toBeGreaterThanOrEqual(notBefore);
    expect(calls[0]).toBeLessThan(notBefore + behind + minute);
  },
);

test.each(['999999998', '999999999'])(
  'a producer may set the ticket %s: no copy of it is refused',
  async (ticket) => {
    const clock = leapingClock(start);
    const { calls, partnerCenter } = api();
    let throttled = 3;
    const real = partnerCenter(clock);
    const worker = oneWorker(
      {
        ...real,
        checkout: async (...args) => {
          throttled -= 1;
          return throttled < 0
            ? real.checkout(...args)
            : { kind: 'answer', status: 429, body: '', retryAfterMs: 1_000, ms: 1 };
        },
      },
      clock,
    );
    const body = Buffer.from(JSON.stringify({ customerId, cartId }));
    await worker.deps.queue.send({ messageId: 'p', body, properties: { 'checkout-ticket': ticket } }, start);
    await worker.settle(40);
    expect((await worker.stores.ledger.read({ customerId, cartId }))?.value.state).toBe('completed');
    expect(calls).toHaveLength(1);
    expect(worker.queue).toEqual([]);
  },
);

/** Promise: each event is sent at least once, under a stable id. */

import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { eventShape } from '../../src/domain/events/event-schema.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const order = (id: string, status: string) => ({
  id,
  status,
  billingCycle: 'monthly',
  lineItems: [{ offerId: id, quantity: 1, termDuration: 'P1M' }],
});

/** One cart of two orders, which are pending first and end in these ways; the topic is away until then (ms). */
function aWorker(ends: Readonly<Record<string, string>>, topicBack = 0) {
  const clock = leapingClock(Date.UTC(2026, 10, 24, 2));
  const back = clock.now() + topicBack;
  const sends: CheckoutEvent[][] = [];
  let checkouts = 0;
  const answer = async (body: unknown): Promise<Exchange> => ({
    kind: 'answer',
    status: 200,
    body: JSON.stringify(body),
    ms: 5,
  });
  const api: PartnerCenter = {
    checkout: (_, __, { mayLeave }) => {
      if (mayLeave?.() === true) checkouts += 1;
      return answer({ orders: Object.keys(ends).map((id) => order(id, 'pending')) });
    },
    order: (_, id) => answer(order(id, ends[id] ?? '')),
    cart: () => Promise.reject(new Error('nobody asks for the cart')),
    orders: () => Promise.reject(new Error('nobody asks for the list')),
  };
  const worker = oneWorker(api, clock, {
    events: {
      publish: async (events) => {
        if (clock.now() < back) throw new Unavailable('events', 'MessagingEntityNotFound');
        sends.push([...events]);
      },
    },
  });
  return { ...worker, sends, back, checkouts: () => checkouts };
}
const job = { customerId, cartId, batchId: 'night', reference: 'PO 7' };
const typesOf = (events: readonly CheckoutEvent[]) => events.map(({ type }) => type);

test('from ordered to completed: each event once more with each end, under the same id, in one send', async () => {
  const worker = aWorker({ a: 'completed', b: 'completed' });
  await worker.enqueue(job);
  await worker.settle();
  const [first = [], ...more] = worker.sends;
  expect(typesOf(first)).toEqual(['checkout.ordered']);
  const last = more.at(-1) ?? [];
  expect(typesOf(last)).toEqual([
    'checkout.ordered',
    'order.completed',
    'order.completed',
    'checkout.completed',
  ]);
  expect(last[0]?.id).toBe(first[0]?.id);
  for (const event of worker.sends.flat()) {
    expect(z.safeParse(eventShape, event).error?.issues).toBeUndefined();
    expect(event.data).toMatchObject({ customerId, cartId, batchId: 'night', reference: 'PO 7' });
  }
  // Subscribers drop repeats by the id: what is left is one of each.
  expect(new Set(worker.sends.flat().map(({ id }) => id)).size).toBe(4);
});

test('an order that ends cancelled', async () => {
  const worker = aWorker({ a: 'completed', b: 'cancelled' });
  await worker.enqueue(job);
  await worker.settle();
  expect(typesOf(worker.sends.at(-1) ?? [])).toEqual([
    'checkout.ordered',
    'order.completed',
    'order.cancelled',
    'checkout.partial',
  ]);
});

test('a topic that is full or missing delays events, and nothing else', async () => {
  const worker = aWorker({ a: 'completed' }, 3 * 3_600_000);
  await worker.enqueue(job);
  await worker.deliver();
  // Bought and in the books, while nobody could be told.
  expect(worker.checkouts()).toBe(1);
  expect(worker.tables.checkouts.all()[0]?.properties['state']).toBe('ordered');
  expect(worker.sends).toEqual([]);
  await worker.settle(1_000);
  expect(worker.clock.now()).toBeGreaterThanOrEqual(worker.back);
  expect(worker.checkouts()).toBe(1);
  expect(new Set(typesOf(worker.sends.flat()))).toEqual(
    new Set(['checkout.ordered', 'order.completed', 'checkout.completed']),
  );
  expect(new Set(worker.sends.flat().map(({ id }) => id)).size).toBe(3);
  expect(worker.queue).toEqual([]);
  expect(worker.tables.schedule.all()).toEqual([]);
});

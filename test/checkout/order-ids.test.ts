/** Promise: nothing that the API sends as an id or a status is refused after a purchase. */

import { expect, test } from 'vitest';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const start = Date.UTC(2026, 10, 24, 2);

/** A cart of one order, which is pending, and then says `end`. */
function api(id: string, end: string) {
  const asked: string[] = [];
  let purchases = 0;
  const ok = (body: unknown): Exchange => ({
    kind: 'answer',
    status: 200,
    body: JSON.stringify(body),
    ms: 1,
  });
  const line = { offerId: 'o', quantity: 1, termDuration: 'P1M' };
  const inCart = { id: 0, catalogItemId: 'o', quantity: 1, termDuration: 'P1M', billingCycle: 'monthly' };
  const order = (status: string) => ({ id, status, billingCycle: 'monthly', lineItems: [line] });
  const partnerCenter: PartnerCenter = {
    checkout: async () => {
      purchases += 1;
      return ok({ orders: [order('pending')] });
    },
    cart: async () => ok({ id: cartId, status: 'Ordered', lineItems: [inCart] }),
    orders: async () => ok({ totalCount: 1, items: [order('pending')] }),
    order: async (_customer, asking) => {
      asked.push(asking);
      return ok(order(end));
    },
  };
  return { asked, partnerCenter, purchases: () => purchases };
}

test.each(['2f%9a', 'a/b', 'a,b', '..', 'a\u0007b', '\ud800-order', 'x'.repeat(1_000)])(
  'a cart whose order has the id %j is bought, followed and completed',
  async (id) => {
    const { asked, partnerCenter, purchases } = api(id, 'completed');
    const worker = oneWorker(partnerCenter, leapingClock(start));
    await worker.enqueue({ customerId, cartId });
    await worker.settle();
    const record = (await worker.stores.ledger.read(jobKey))?.value;
    expect(record).toMatchObject({ state: 'completed', orders: [{ id: id.toWellFormed() }] });
    expect(new Set(asked)).toEqual(new Set([id.toWellFormed()]));
    expect(purchases()).toBe(1);
    expect(worker.events.map(({ type }) => type)).toContain('order.completed');
    for (const event of worker.events) expect(JSON.stringify(event)).not.toMatch(/\\ud[89a-f]/);
  },
);

test('orders in hand that could not be recorded go with the message that is sent again, whatever their ids are', async () => {
  const { asked, partnerCenter, purchases } = api('a,b%!/1', 'completed');
  const clock = leapingClock(start);
  const worker = oneWorker(partnerCenter, clock);
  const { commit } = worker.deps.ledger;
  let away = true;
  Object.assign(worker.deps.ledger, {
    commit: async (...args: Parameters<typeof commit>) => {
      if (away) throw new Unavailable('storage', 'away');
      return commit(...args);
    },
  });
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  away = false;
  expect(worker.queue.map(({ message }) => message.properties['checkout-orders'])).toEqual(['a%2Cb%25!%2F1']);
  await worker.settle();
  expect((await worker.stores.ledger.read(jobKey))?.value.state).toBe('completed');
  expect(new Set(asked)).toEqual(new Set(['a,b%!/1']));
  expect(purchases()).toBe(1);
});

test.each(['Failed', 'Rejected'])(
  'an order that says %s is followed, and the alarm names the word',
  async (word) => {
    const { partnerCenter } = api('O1', word);
    const worker = oneWorker(partnerCenter, leapingClock(start));
    await worker.enqueue({ customerId, cartId });
    await worker.settle(30);
    const record = (await worker.stores.ledger.read(jobKey))?.value;
    expect(record).toMatchObject({ state: 'ordered', orders: [{ status: 'unknown', word }] });
    const [row] = worker.tables.attention.all();
    expect(row?.properties['kind']).toBe('pending-too-long');
    expect(JSON.stringify(row?.properties)).toContain(`O1 (status \\"${word}\\", which is not documented)`);
  },
);

test('an order that says canceled ends its cart as partial, as one that says cancelled does', async () => {
  const { partnerCenter } = api('O1', 'Canceled');
  const worker = oneWorker(partnerCenter, leapingClock(start));
  await worker.enqueue({ customerId, cartId });
  await worker.settle(30);
  expect((await worker.stores.ledger.read(jobKey))?.value.state).toBe('partial');
  expect(worker.events.map(({ type }) => type)).toContain('order.cancelled');
});

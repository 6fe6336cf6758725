/** Promise: an answer that was received is recorded, though the tables are unavailable meanwhile. */

import { expect, test } from 'vitest';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { memoryTable } from '../support/memory-table.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const minute = 60_000;
const order = {
  id: 'O1',
  status: 'pending',
  billingCycle: 'monthly',
  lineItems: [{ offerId: 'o', quantity: 1, termDuration: 'P1M' }],
};

/** One delivery whose checkout is answered with an order, while our tables take no entry for so long. */
async function withoutTables(ms: number) {
  const clock = leapingClock(Date.UTC(2026, 10, 24, 2));
  const back = clock.now() + ms;
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      expect(mayLeave?.()).toBe(true);
      return answered(201, { orders: [order] });
    },
    cart: nobodyAsks,
    orders: nobodyAsks,
    order: nobodyAsks,
  };
  const schedule = scheduleStore(memoryTable(), () => {});
  const insert: Deps['schedule']['insert'] = async (rows) => {
    if (clock.now() < back) throw new Unavailable('storage', 'the tables are away');
    return schedule.insert(rows);
  };
  const worker = oneWorker(api, clock, { schedule: { ...schedule, insert } });
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  const found = await worker.stores.ledger.read(jobKey);
  return { ...worker, record: found?.value };
}

test('the tables come back while the lock is held: the answer is recorded by the same delivery', async () => {
  const worker = await withoutTables(5 * minute);
  expect(worker.record).toMatchObject({ state: 'ordered', orders: [{ id: 'O1' }] });
  expect(worker.queue).toEqual([]);
});

test('they stay away: the message is sent again with what the answer said', async () => {
  const worker = await withoutTables(20 * minute);
  expect(worker.record).toMatchObject({ state: 'submitting', orders: [] });
  expect(worker.queue.map(({ message }) => message.properties['checkout-orders'])).toEqual(['O1']);
});

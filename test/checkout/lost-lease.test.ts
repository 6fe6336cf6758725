/** Promise: orders are recorded whatever the lease says, and nothing else is. */

import { expect, test } from 'vitest';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const job = { customerId, cartId };
const theirs = 'the lease of another worker';
const order = (id: string, status: string) => ({
  id,
  status,
  billingCycle: 'monthly',
  lineItems: [{ offerId: id, quantity: 1, termDuration: 'P1M' }],
});

/** While the checkout of this worker is under way, another one takes the job over: it found that this one was gone. */
async function takenOverDuring(told: Exchange) {
  const api: PartnerCenter = {
    async checkout(_, __, { mayLeave }) {
      expect(mayLeave?.()).toBe(true);
      const found = await worker.stores.ledger.read(jobKey);
      if (found === undefined) throw new Error('a call is made under a claim');
      const lease = { id: theirs, until: worker.clock.now() + worker.deps.times.lease };
      const taken = { ...found.value, state: 'unresolved' as const, lease };
      await worker.stores.ledger.replace(taken, found.etag, theirs);
      return told;
    },
    cart: nobodyAsks,
    orders: nobodyAsks,
    order: nobodyAsks,
  };
  const worker = oneWorker(api, leapingClock(Date.UTC(2026, 10, 24, 2)));
  await worker.enqueue(job);
  await worker.deliver();
  const found = await worker.stores.ledger.read(jobKey);
  return { record: found?.value, worker };
}

test('orders are facts: they are recorded though the job is in the hands of another', async () => {
  const { record, worker } = await takenOverDuring(
    answered(201, { orders: [order('O1', 'pending'), order('O2', 'completed')] }),
  );
  expect(record?.orders).toMatchObject([
    { id: 'O1', status: 'pending' },
    { id: 'O2', status: 'completed' },
  ]);
  expect(worker.tables.schedule.all().map(({ properties }) => properties['orderId'])).toEqual(['O1']);
});

test('a refusal is no fact: what becomes of the job is for whoever has it', async () => {
  const { record, worker } = await takenOverDuring(answered(400, { code: 800002, description: 'No' }));
  expect(record).toMatchObject({ state: 'unresolved', lease: { id: theirs } });
  expect(worker.tables.attention.all()).toEqual([]);
  expect(worker.events).toEqual([]);
});

test('of a result in part the orders are recorded, and nothing is said of the rest', async () => {
  const refusedGroup = { code: 800010, description: 'No', orderGroupId: '1' };
  const { record } = await takenOverDuring(
    answered(201, { orders: [order('O1', 'completed')], orderErrors: [refusedGroup] }),
  );
  expect(record).toMatchObject({
    state: 'unresolved',
    lease: { id: theirs },
    orders: [{ id: 'O1' }],
    failedGroups: [],
  });
});

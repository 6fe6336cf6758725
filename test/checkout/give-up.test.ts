import { expect, test } from 'vitest';
import { decisionCopy } from '../../src/checkout/copies.ts';
import type { Seen } from '../../src/checkout/delivery.ts';
import type { CheckoutRecord } from '../../src/checkout/record.ts';
import type { Exchange, PartnerCenter } from '../../src/partner-center/api.ts';
import { answered } from '../support/exchanges.ts';
import { leapingClock, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId } from '../support/records.ts';
import { seededChance } from '../support/seeded-chance.ts';

const start = Date.UTC(2026, 10, 24, 2);
const job = { customerId, cartId, batchId: 'night', batchSize: 1 };

/** A Partner Center that answers every checkout so, and knows no order. */
function aWorker(checkout: () => Promise<Exchange>) {
  let checkouts = 0;
  const api: PartnerCenter = {
    checkout: (_, __, { mayLeave }) => {
      if (mayLeave?.() === true) checkouts += 1;
      return checkout();
    },
    cart: async () => answered(200, { id: cartId, status: 'Active', lineItems: [] }),
    orders: async () => answered(200, { items: [] }),
    order: async () => answered(404, {}),
  };
  const worker = oneWorker(api, leapingClock(start));
  const record = async () => (await worker.stores.ledger.read({ customerId, cartId }))?.value;
  const giveUp = async (seen: Seen, of?: CheckoutRecord) => {
    const begun = of ?? { body: JSON.stringify(job), ticket: 0, firstEnqueued: start };
    const copy = decisionCopy(
      begun,
      { decision: 'give-up', seen, who: 'ann', orderIds: [] },
      seededChance(9),
    );
    worker.queue.unshift({ copy, at: worker.clock.now(), deliveries: 0, sequence: -1 });
    await worker.deliver();
  };
  return { ...worker, record, giveUp, checkouts: () => checkouts };
}

const known = async (worker: ReturnType<typeof aWorker>): Promise<CheckoutRecord> => {
  const record = await worker.record();
  if (record === undefined) throw new Error('no record');
  return record;
};

test('a job that waits: given up in one write, and its own copy buys nothing', async () => {
  const worker = aWorker(async () => answered(429, {}));
  await worker.enqueue(job);
  await worker.deliver();
  const waiting = await known(worker);
  expect(waiting.state).toBe('waiting');
  await worker.giveUp('waiting', waiting);
  const ended = await known(worker);
  expect(ended).toMatchObject({
    state: 'failed',
    reason: { code: 'given-up', description: 'ann gave up on this cart before it was bought.' },
    decisions: [{ decision: 'give-up', who: 'ann' }],
  });
  expect(ended.gaveUp).toBeUndefined();
  await worker.settle();
  expect(worker.checkouts()).toBe(1);
  expect(worker.events.map(({ type }) => type)).toContain('checkout.failed');
  expect(worker.events.map(({ type }) => type)).toContain('batch.finished');
  expect(worker.tables.attention.all().map(({ properties }) => properties['code'])).toEqual(['given-up']);
});

test('a job that was never begun: it is in the ledger as given up, and a late duplicate buys nothing', async () => {
  const worker = aWorker(async () => answered(429, {}));
  await worker.giveUp('nothing');
  const record = await known(worker);
  expect(record).toMatchObject({ state: 'failed', reason: { code: 'given-up' }, ticket: 1 });
  expect(record?.reason?.description).toMatch(/before it was bought/);
  expect(record).not.toHaveProperty('gaveUp');
  await worker.enqueue(job);
  await worker.settle();
  expect(worker.checkouts()).toBe(0);
  expect(worker.queue).toHaveLength(0);
});

test('never begun when the person looked, begun meanwhile: the job goes on', async () => {
  const order = { id: 'Order-1', status: 'completed', billingCycle: 'monthly', lineItems: [] };
  const answers = [answered(429, {}), answered(201, { orders: [order] })].values();
  const worker = aWorker(async () => answers.next().value ?? answered(500, {}));
  await worker.enqueue(job);
  await worker.deliver();
  await worker.giveUp('nothing');
  await worker.settle();
  expect(await known(worker)).toMatchObject({ state: 'completed', decisions: [] });
});

test('a job whose worker died in a call: given up, and the record keeps that it may have been bought', async () => {
  const worker = aWorker(() => Promise.reject(new Error('the worker dies')));
  await worker.enqueue(job);
  await worker.deliver().catch(() => {});
  worker.queue.length = 0;
  const left = await known(worker);
  expect(left.state).toBe('submitting');
  worker.clock.leapTo((left.lease?.until ?? 0) + 1);
  await worker.giveUp('submitting', left);
  expect(await known(worker)).toMatchObject({
    state: 'failed',
    gaveUp: true,
    reason: { code: 'given-up', description: expect.stringContaining('is not known') },
  });
  expect(worker.checkouts()).toBe(1);
});

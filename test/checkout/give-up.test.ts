/** Promise: a job that was given up is never bought later, and its record keeps whether it may have been. */

import { expect, test, vi } from 'vitest';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { decideJob, giveUpUnbegun } from '../../src/operator/jobs/decide-job.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { answered } from '../support/exchanges.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

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
  const record = async () => (await worker.stores.ledger.read(jobKey))?.value;
  const decideDeps = { ...worker.deps, now: worker.clock.now };
  const giveUp = () => decideJob(decideDeps, jobKey, { decision: 'give-up', who: 'ann', orderIds: [] });
  /** Of a message that nobody has begun to work on. */
  const giveUpMessage = () =>
    giveUpUnbegun(
      decideDeps,
      {
        job: { customerId, cartId, batchId: 'night', batchSize: 1 },
        body: JSON.stringify(job),
        firstEnqueued: start,
        urgent: false,
      },
      'ann',
    );
  return { ...worker, record, giveUp, giveUpMessage, checkouts: () => checkouts };
}

const known = async (worker: ReturnType<typeof aWorker>): Promise<CheckoutRecord> => {
  const record = await worker.record();
  if (record === undefined) throw new Error('no record');
  return record;
};

test('a job that waits: given up in one write, and its own entry buys nothing', async () => {
  const worker = aWorker(async () => answered(429, {}));
  await worker.enqueue(job);
  await worker.deliver();
  const waiting = await known(worker);
  expect(waiting.state).toBe('waiting');
  expect((await worker.giveUp()).kind).toBe('decided');
  await worker.deliver();
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
  const rows = worker.tables.attention.all().filter(({ partition }) => partition === 'job');
  expect(rows.map(({ properties }) => properties['code'])).toEqual(['given-up']);
});

test('a job that was never begun: it is in the ledger as given up, and a late duplicate buys nothing', async () => {
  const worker = aWorker(async () => answered(429, {}));
  expect((await worker.giveUpMessage()).kind).toBe('decided');
  expect(await known(worker)).toMatchObject({ state: 'failed', reason: { code: 'given-up' } });
  await worker.enqueue(job);
  await worker.settle();
  expect(worker.checkouts()).toBe(0);
  expect(worker.queue).toHaveLength(0);
});

test('never begun when the person looked, begun meanwhile: the job that waits is given up', async () => {
  const worker = aWorker(async () => answered(429, {}));
  await worker.enqueue(job);
  await worker.deliver();
  expect((await worker.giveUpMessage()).kind).toBe('decided');
  await worker.settle();
  expect(await known(worker)).toMatchObject({ state: 'failed', decisions: [{ decision: 'give-up' }] });
  expect(worker.checkouts()).toBe(1);
});

test('a job whose worker died in a call: given up, and the record keeps that it may have been bought', async () => {
  // The call never comes back.
  const worker = aWorker(() => new Promise<Exchange>(() => {}));
  await worker.enqueue(job);
  void worker.deliver();
  await vi.waitFor(() => expect(worker.checkouts()).toBe(1));
  worker.queue.length = 0;
  const left = await known(worker);
  expect(left.state).toBe('submitting');
  worker.clock.leapTo((left.lease?.until ?? 0) + 1);
  expect((await worker.giveUp()).kind).toBe('decided');
  await worker.deliver();
  expect(await known(worker)).toMatchObject({
    state: 'failed',
    gaveUp: true,
    reason: { code: 'given-up', description: expect.stringContaining('is not known') },
  });
  expect(worker.checkouts()).toBe(1);
});

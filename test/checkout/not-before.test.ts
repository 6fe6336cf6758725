/** Promise: no call is made before its time, by whichever clock. */

import { expect, test } from 'vitest';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { wakeUp } from '../../src/domain/message/delivery.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { collect } from '../support/collect.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

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

test('a message that comes less than 90 s early waits in place, without a permit, and makes one call in time', async () => {
  const clock = leapingClock(start);
  const { calls, partnerCenter } = api();
  const takenAt: number[] = [];
  const base = oneWorker(partnerCenter(clock), clock);
  const worker = oneWorker(partnerCenter(clock), clock, {
    gate: {
      ...base.deps.gate,
      take: (...args) => {
        takenAt.push(clock.now());
        return base.deps.gate.take(...args);
      },
    },
  });
  await worker.enqueue({ customerId, cartId, notBefore: new Date(start + 80_000).toISOString() });
  await worker.deliver();
  expect(calls).toEqual([start + 80_000]);
  expect(takenAt).toEqual([start + 80_000]);
  expect(worker.tables.schedule.all()).toEqual([]);
});

test.each([
  ['91 seconds', 91_000],
  ['an hour', 60 * minute],
  ['a week', 7 * 24 * 60 * minute],
])('a message that comes %s early begins its job as waiting, with its entry', async (_, early) => {
  const clock = leapingClock(start);
  const { calls, partnerCenter } = api();
  const worker = oneWorker(partnerCenter(clock), clock);
  const notBefore = start + early;
  await worker.enqueue({ customerId, cartId, notBefore: new Date(notBefore).toISOString() });
  await worker.deliver();
  expect(calls).toEqual([]);
  const found = await worker.stores.ledger.read(jobKey);
  expect(found?.value).toMatchObject({ state: 'waiting', nextTry: notBefore, entryOrigin: notBefore });
  expect(found?.value.firstSend).toBeUndefined();
  expect(worker.tables.schedule.all().map(({ properties }) => properties['dueAt'])).toEqual([notBefore]);
  await worker.settle();
  expect(calls).toHaveLength(1);
  expect(calls[0]).toBeGreaterThanOrEqual(notBefore);
  expect(calls[0]).toBeLessThan(notBefore + minute);
  expect(worker.tables.schedule.all()).toEqual([]);
});

test.each([
  ['8 seconds', 8_000],
  ['80 seconds', 80_000],
  ['5 minutes', 5 * minute],
])(
  'a wake-up that comes %s early, by a clock that is ahead, makes no call before the time',
  async (_, ahead) => {
    const clock = leapingClock(start);
    const { calls, partnerCenter } = api();
    const worker = oneWorker(partnerCenter(clock), clock);
    const notBefore = start + 10 * minute;
    await worker.enqueue({ customerId, cartId, notBefore: new Date(notBefore).toISOString() });
    await worker.deliver();
    const [entry] = await collect(worker.stores.schedule.jobs('standard', 'due', notBefore));
    if (entry === undefined) throw new Error('the job has no entry');
    clock.leapTo(notBefore - ahead);
    await worker.deps.queue.send([wakeUp(entry, 'guid')], clock.now());
    await worker.settle();
    expect(calls).toHaveLength(1);
    expect(calls[0]).toBeGreaterThanOrEqual(notBefore);
    expect(calls[0]).toBeLessThan(notBefore + minute);
    expect(worker.tables.schedule.all()).toEqual([]);
  },
);

test('a message whose record changes each time it is merged comes again, and its times hold then', async () => {
  const clock = leapingClock(start);
  const worker = oneWorker(api().partnerCenter(clock), clock);
  await worker.enqueue({ customerId, cartId, notBefore: new Date(start + 60 * minute).toISOString() });
  await worker.deliver();
  await worker.enqueue({ customerId, cartId, notAfter: new Date(start + 90 * minute).toISOString() });
  const [queued] = worker.queue.splice(0);
  if (queued === undefined) throw new Error('The message was enqueued');
  const { body, messageId, properties } = queued.message;
  const ledger = { ...worker.deps.ledger, replace: async () => ({ kind: 'conflict' as const }) };
  await handleDelivery(
    { ...worker.deps, ledger },
    {
      body,
      messageId,
      properties,
      queue: queued.name,
      sequenceNumber: '2',
      deliveryCount: 1,
      enqueuedAt: queued.at,
    },
  );
  expect(worker.queue).toHaveLength(1);
  await worker.deliver();
  const record = await worker.stores.ledger.read(jobKey);
  expect(record?.value.job.notAfter).toBe(start + 90 * minute);
});

/** Promise: a person's decision counts once, for the record that the person saw. */

import { expect, test } from 'vitest';
import { jobView } from '../../src/api/job-view.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { Decision } from '../../src/domain/checkout/decisions.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { decideJob } from '../../src/operator/jobs/decide-job.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { type OneWorker, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey, otherCartId } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const job = { customerId, cartId };
const refusal = answered(400, { code: 800002, description: 'The offer cannot be bought' });
const ordered = answered(201, {
  orders: [
    {
      id: 'O1',
      status: 'completed',
      billingCycle: 'monthly',
      lineItems: [{ offerId: 'o', quantity: 1, termDuration: 'P1M' }],
    },
  ],
});

const decideDeps = ({ deps, clock }: OneWorker) => ({ ...deps, now: clock.now });

async function recordOf({ stores }: OneWorker): Promise<CheckoutRecord> {
  const found = await stores.ledger.read(jobKey);
  if (found === undefined) throw new Error('the job has no record');
  return found.value;
}

/** A worker whose only job has failed; what is asked of Partner Center next is answered so. */
async function failedJob(next: Exchange) {
  let calls = 0;
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      if (mayLeave?.() === false) throw new Error('a permit of this gate is always good');
      calls += 1;
      return calls === 1 ? refusal : next;
    },
    cart: nobodyAsks,
    orders: nobodyAsks,
    order: nobodyAsks,
  };
  const worker = oneWorker(api, leapingClock(Date.UTC(2026, 10, 24, 2)));
  await worker.enqueue(job);
  await worker.settle();
  const record = () => recordOf(worker);
  const seen = await record();
  expect(seen.state).toBe('failed');
  return {
    ...worker,
    record,
    calls: () => calls,
    decide: (who: string, decision: Decision['decision'] = 'retry') =>
      decideJob(decideDeps(worker), jobKey, { decision, who, orderIds: [] }, seen),
  };
}

test('of two decisions that are written at once the first one counts, and the second person hears of it', async () => {
  const worker = await failedJob(ordered);
  const { replace } = worker.stores.ledger;
  Object.assign(worker.stores.ledger, {
    replace: async (...args: Parameters<typeof replace>) => {
      Object.assign(worker.stores.ledger, { replace });
      expect((await worker.decide('ann')).kind).toBe('decided');
      return replace(...args);
    },
  });
  expect((await worker.decide('bob')).kind).toBe('changed');
  await worker.settle();
  expect(worker.calls()).toBe(2);
  expect((await worker.record()).decisions).toMatchObject([{ decision: 'retry', who: 'ann' }]);
});

test('a decision that is made twice counts once', async () => {
  const worker = await failedJob(ordered);
  expect((await worker.decide('ann')).kind).toBe('decided');
  expect((await worker.decide('ann')).kind).toBe('changed');
  await worker.settle();
  expect(worker.calls()).toBe(2);
  expect(await worker.record()).toMatchObject({
    state: 'completed',
    decisions: [{ decision: 'retry', who: 'ann' }],
  });
});

test('of two people who decide at once the first one counts, and the other one is told at once', async () => {
  const worker = await failedJob(refusal);
  expect((await worker.decide('ann')).kind).toBe('decided');
  expect(await worker.decide('ben')).toMatchObject({
    kind: 'changed',
    record: { decision: { who: 'ann', decision: 'retry' } },
  });
  await worker.settle();
  expect(worker.calls()).toBe(2);
  expect((await worker.record()).decisions).toMatchObject([{ who: 'ann' }]);
});

test('a decision that does not fit what the job is changes nothing, and whoever makes it is told why', async () => {
  const worker = await failedJob(ordered);
  expect(await worker.decide('ann', 'give-up')).toEqual({
    kind: 'refused',
    why: expect.stringContaining('is failed, and "give-up" is not for that state'),
  });
  await worker.settle();
  expect(worker.calls()).toBe(1);
  expect(await worker.record()).toMatchObject({ state: 'failed', decisions: [] });
});

test('a decision whose wake-up is lost is carried out by its entry', async () => {
  const worker = await failedJob(ordered);
  await worker.decide('ann');
  worker.queue.length = 0;
  await worker.settle();
  expect(await worker.record()).toMatchObject({ state: 'completed' });
  expect(worker.tables.schedule.all()).toEqual([]);
});

/** A job about whose two candidate orders a person is asked: which one is its own, nothing tells. */
async function askedJob(orderAt: (id: string) => Record<string, unknown> | undefined = () => ({})) {
  const anOrder = (id: string) => ({
    id,
    status: 'completed',
    creationDate: '2026-11-24T02:00:01Z',
    billingCycle: 'monthly',
    lineItems: [{ offerId: 'o', quantity: 1, termDuration: 'P1M' }],
    referenceCustomerId: customerId,
  });
  const line = { id: 0, catalogItemId: 'o', quantity: 1, termDuration: 'P1M', billingCycle: 'monthly' };
  let calls = 0;
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      if (mayLeave?.() === false) throw new Error('a permit of this gate is always good');
      calls += 1;
      return calls === 1
        ? { kind: 'no-answer', executed: 'unknown', failure: 'ECONNRESET', ms: 5 }
        : answered(400, { code: 800065, description: 'submitted earlier' });
    },
    cart: async () =>
      answered(200, { id: cartId, status: 'Ordered', lineItems: [{ ...line, orderGroup: '0' }] }),
    orders: async () => answered(200, { items: ['O1', 'O2'].map(anOrder) }),
    order: async (_, id) => {
      const change = orderAt(id);
      return change === undefined ? answered(503, {}) : answered(200, { ...anOrder(id), ...change });
    },
  };
  const worker = oneWorker(api, leapingClock(Date.UTC(2026, 10, 24, 2)));
  const questions = () => worker.events.filter(({ type }) => type === 'checkout.needs-decision').length;
  const record = () => recordOf(worker);
  /** Deliveries until a person is asked once more. */
  const asked = async (): Promise<void> => {
    const before = questions();
    for (let steps = 0; questions() === before; steps += 1) {
      if (steps === 50) throw new Error('nobody is asked');
      await worker.step();
    }
  };
  await worker.enqueue(job);
  await asked();
  expect(calls).toBe(2);
  return {
    ...worker,
    record,
    asked,
    calls: () => calls,
    decide: (decision: Decision['decision'], orderIds: readonly string[] = []) =>
      decideJob(decideDeps(worker), jobKey, { decision, who: 'ann', orderIds }),
  };
}

test('"not bought" allows one repeat: what it did not settle is asked again, and nothing is sent meanwhile', async () => {
  const worker = await askedJob();
  await worker.decide('not-bought');
  await worker.asked();
  expect(worker.calls()).toBe(3);
  for (let steps = 0; steps < 10; steps += 1) await worker.step();
  expect(worker.calls()).toBe(3);
  expect(await worker.record()).toMatchObject({
    state: 'unresolved',
    asked: { kind: 'needs-decision' },
    orders: [],
  });
});

test('the orders that a person names are read, and end the job', async () => {
  const worker = await askedJob();
  await worker.decide('orders', ['O2']);
  await worker.settle();
  expect(await worker.record()).toMatchObject({
    state: 'completed',
    orders: [{ id: 'O2', status: 'completed' }],
  });
  expect(worker.calls()).toBe(2);
});

test('a named order that cannot be read now stays named: nobody has to name it again, though the worker dies', async () => {
  let reads = 0;
  const worker = await askedJob(() => (++reads > 1 ? {} : undefined));
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  expect(await worker.record()).toMatchObject({
    decision: { decision: 'orders', orderIds: ['O2'] },
    orders: [],
  });
  worker.queue.length = 0;
  await worker.settle();
  expect(await worker.record()).toMatchObject({ state: 'completed', orders: [{ id: 'O2' }] });
});

const others = [
  ['another customer', { referenceCustomerId: 'c0ffee00-0000-4000-8000-000000000000' }],
  ['another id', { id: 'O7' }],
] as const;
test.each(others)('an order of %s is refused, and the question stays', async (_, other) => {
  const worker = await askedJob(() => other);
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  expect(await worker.record()).toMatchObject({
    state: 'unresolved',
    asked: { kind: 'needs-decision' },
    reason: {
      code: 'wrong-order',
      description: expect.stringContaining('O2, named by ann, is not an order of'),
    },
    orders: [],
  });
});

test('why a decision was not carried out outlasts the next reconciliation, which writes a reason of its own', async () => {
  const worker = await askedJob(() => ({ id: 'O7' }));
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  await worker.asked();
  const record = await worker.record();
  expect(record.reason?.code).not.toBe('wrong-order');
  expect(record).toMatchObject({
    decisions: [
      {
        decision: 'orders',
        orderIds: ['O2'],
        refused: expect.stringContaining('O2, named by ann, is not an order of'),
      },
    ],
  });
  expect(record.decision).toBeUndefined();
  expect(jobView(record, []).decisions).toMatchObject([{ decision: 'orders', orderIds: ['O2'] }]);
});

test('the question says what is unknown: of a cart that is ordered, only which orders are its own', async () => {
  const worker = await askedJob();
  expect((await worker.record()).reason?.description).toBe(
    'The outcome is unknown: Partner Center says that this cart was bought, but not which of the orders are its own.',
  );
});

test('an order that stands in the books of another cart is refused, and the question stays', async () => {
  const worker = await askedJob(() => {
    throw new Error('its owner is known: nobody reads it');
  });
  const row = { jobKey: jobKeyOf({ customerId, cartId: otherCartId }), status: 'completed' };
  await worker.tables.checkouts.change({
    kind: 'insert',
    row: { partition: customerId, key: 'order:O2', properties: row },
  });
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  expect(await worker.record()).toMatchObject({
    state: 'unresolved',
    reason: {
      code: 'wrong-order',
      description: expect.stringContaining(`belongs to job ${jobKeyOf({ customerId, cartId: otherCartId })}`),
    },
    orders: [],
  });
});

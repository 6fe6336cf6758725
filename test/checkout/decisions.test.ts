import { expect, test } from 'vitest';
import { decisionCopy } from '../../src/checkout/copies.ts';
import type { Decision } from '../../src/checkout/delivery.ts';
import type { CheckoutRecord } from '../../src/checkout/record.ts';
import type { Exchange, PartnerCenter } from '../../src/partner-center/api.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { leapingClock, type OneWorker, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, otherCartId } from '../support/records.ts';

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

async function recordOf({ stores }: OneWorker): Promise<CheckoutRecord> {
  const found = await stores.ledger.read(job);
  if (found === undefined) throw new Error('the job has no record');
  return found.value;
}

/** A worker whose only job has failed; what is asked of Partner Center next is answered so. */
async function failedJob(next: Exchange) {
  let calls = 0;
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      if (mayLeave?.() === false) throw new Error('a slot of this gate is always good');
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
      worker.deps.queue.send(
        decisionCopy(seen, { decision, seen: 'failed', who, orderIds: [] }, worker.deps.chance),
        worker.clock.now(),
      ),
    toldPeople: () => worker.tables.attention.all().map(({ properties }) => properties['overtaken']),
  };
}

test('a decision that is sent twice counts once, and nobody is told that it came too late', async () => {
  const worker = await failedJob(ordered);
  await worker.decide('ann');
  await worker.decide('ann');
  await worker.settle();
  expect(worker.calls()).toBe(2);
  expect(await worker.record()).toMatchObject({
    state: 'completed',
    decisions: [{ decision: 'retry', who: 'ann' }],
  });
  expect(worker.toldPeople()).toEqual([undefined]);
});

test('of two people who decide at once the first one counts, and the other one is told', async () => {
  const worker = await failedJob(refusal);
  await worker.decide('ann');
  await worker.decide('ben');
  await worker.settle();
  expect(worker.calls()).toBe(2);
  expect((await worker.record()).decisions).toMatchObject([{ who: 'ann' }]);
  expect(worker.toldPeople()).toEqual([
    expect.stringContaining('"retry" by ben came too late: ann had decided "retry" before'),
  ]);
});

test('a decision that does not fit what the job is changes nothing, and whoever sent it is told', async () => {
  const worker = await failedJob(ordered);
  await worker.decide('ann', 'give-up');
  await worker.settle();
  expect(worker.calls()).toBe(1);
  expect(await worker.record()).toMatchObject({ state: 'failed', decisions: [] });
  expect(worker.toldPeople()).toEqual([expect.stringContaining('"give-up" by ann came too late')]);
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
      if (mayLeave?.() === false) throw new Error('a slot of this gate is always good');
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
    for (let deliveries = 0; questions() === before; deliveries += 1) {
      if (deliveries === 50) throw new Error('nobody is asked');
      await worker.deliver();
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
    decide: async (decision: Decision['decision'], orderIds: readonly string[] = []) =>
      worker.deps.queue.send(
        decisionCopy(
          await record(),
          { decision, seen: 'unresolved', who: 'ann', orderIds },
          worker.deps.chance,
        ),
        worker.clock.now(),
      ),
  };
}

test('"not bought" allows one repeat: what it did not settle is asked again, and nothing is sent meanwhile', async () => {
  const worker = await askedJob();
  await worker.decide('not-bought');
  await worker.asked();
  expect(worker.calls()).toBe(3);
  for (let looks = 0; looks < 5; looks += 1) await worker.deliver();
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

test('a named order that cannot be read now is carried along: nobody has to name it again', async () => {
  let reads = 0;
  const worker = await askedJob(() => (++reads > 1 ? {} : undefined));
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  expect(worker.queue.map(({ copy }) => copy.properties['checkout-found'])).toContain('O2');
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
    reason: { code: 'wrong-order', description: expect.stringContaining('O2, named by ann, is not one of') },
    orders: [],
  });
});

test('an order that stands in the books of another cart is refused, and the question stays', async () => {
  const worker = await askedJob(() => {
    throw new Error('its owner is known: nobody reads it');
  });
  const row = { customerId, cartId: otherCartId, status: 'completed' };
  await worker.tables.checkouts.change({
    kind: 'insert',
    row: { partition: customerId, key: 'order:O2', properties: row },
  });
  await worker.decide('orders', ['O2']);
  await worker.deliver();
  expect(await worker.record()).toMatchObject({
    state: 'unresolved',
    reason: { code: 'wrong-order', description: expect.stringContaining(`belongs to cart ${otherCartId}`) },
    orders: [],
  });
});

test('a retry comes while the events of the failure wait for a topic that was away: they are told before', async () => {
  const answers = [refusal, ordered].values();
  const told: string[] = [];
  let isAway = true;
  const checkout = async () => answers.next().value ?? refusal;
  const worker = oneWorker(
    { checkout, cart: nobodyAsks, orders: nobodyAsks, order: nobodyAsks },
    leapingClock(Date.UTC(2026, 10, 24, 2)),
    {
      events: {
        publish: async (events) => {
          if (isAway) throw new Unavailable('events', 'the topic is away');
          told.push(...events.map(({ type }) => type));
        },
      },
    },
  );
  await worker.enqueue(job);
  await worker.deliver();
  const failed = await recordOf(worker);
  expect(failed.state).toBe('failed');
  isAway = false;
  const retry = { decision: 'retry', seen: 'failed', who: 'ann', orderIds: [] } as const;
  await worker.deps.queue.send(decisionCopy(failed, retry, worker.deps.chance), worker.clock.now());
  await worker.settle();
  expect((await recordOf(worker)).state).toBe('completed');
  expect([...new Set(told)]).toEqual(['checkout.failed', 'checkout.completed']);
});

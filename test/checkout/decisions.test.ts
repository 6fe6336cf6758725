import { expect, test } from 'vitest';
import { decisionCopy } from '../../src/checkout/copies.ts';
import type { Decision } from '../../src/checkout/delivery.ts';
import type { Exchange, PartnerCenter } from '../../src/partner-center/api.ts';
import { leapingClock, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId } from '../support/records.ts';

const job = { customerId, cartId };
const answer = (status: number, body: unknown): Exchange => ({
  kind: 'answer',
  status,
  body: JSON.stringify(body),
  ms: 5,
});
const refusal = answer(400, { code: 800002, description: 'The offer cannot be bought' });
const ordered = answer(201, {
  orders: [
    {
      id: 'O1',
      status: 'completed',
      billingCycle: 'monthly',
      lineItems: [{ offerId: 'o', quantity: 1, termDuration: 'P1M' }],
    },
  ],
});

/** A worker whose only job has failed; what is asked of Partner Center next is answered so. */
async function failedJob(next: Exchange) {
  let calls = 0;
  const nobodyAsks = () => Promise.reject(new Error('nobody asks'));
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
  const record = async () => {
    const found = await worker.stores.ledger.read(job);
    if (found === undefined) throw new Error('the job has no record');
    return found.value;
  };
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

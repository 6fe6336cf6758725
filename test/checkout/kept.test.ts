/** Promise: the record keeps the deliveries and polls that people ask about. */

import { expect, test } from 'vitest';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { storyOf, unkeptPolls } from '../../src/operator/jobs/story.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { answered } from '../support/exchanges.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

/** What the ledger keeps of deliveries and polls, so that `npx partner-checkout job` can tell them. */
const start = Date.UTC(2026, 10, 24, 2);
const order = (status: string) => ({
  id: 'Order-1',
  status,
  billingCycle: 'monthly',
  lineItems: [{ offerId: 'offer', quantity: 1, termDuration: 'P1M' }],
});

function aWorker(checkouts: readonly Exchange[], polls: readonly Exchange[]) {
  const [checkout, poll] = [checkouts.values(), polls.values()];
  const take = async (answers: Iterator<Exchange>): Promise<Exchange> => {
    const next = answers.next();
    if (next.done === true) throw new Error('no answer is left');
    return next.value;
  };
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      mayLeave?.();
      return take(checkout);
    },
    cart: async () => answered(404, { code: 800008 }),
    orders: async () => answered(200, { items: [] }),
    order: () => take(poll),
  };
  const worker = oneWorker(api, leapingClock(start));
  const record = async () => {
    const found = await worker.stores.ledger.read(jobKey);
    if (found === undefined) throw new Error('no record');
    return found.value;
  };
  return { ...worker, record };
}

test('the record keeps each delivery that it was written for, and what came of it', async () => {
  const worker = aWorker([answered(429, {}), answered(201, { orders: [order('completed')] })], []);
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  expect((await worker.record()).deliveries).toMatchObject({
    total: 1,
    last: [
      {
        at: start,
        messageId: 'm',
        count: 1,
        from: 'producer',
        end: expect.stringContaining('rescheduled: '),
      },
    ],
  });
  await worker.settle();
  const record = await worker.record();
  expect(record.deliveries.last).toMatchObject([
    { from: 'producer' },
    { from: 'wake-up', count: 1, end: 'recorded: completed' },
  ]);
  expect(storyOf(record, undefined).find(({ what }) => what === 'delivery')?.words).toMatch(
    /^message m, delivery 1.*: rescheduled: /,
  );
  expect(storyOf(record, undefined).map(({ what }) => what)).toEqual([
    'message',
    // What came of a delivery stands after the calls that it made.
    'call',
    'delivery',
    'call',
    'order',
    'result',
    'event',
    'delivery',
  ]);
});

test('a batch that names a known cart is a delivery too', async () => {
  const worker = aWorker([answered(201, { orders: [order('completed')] })], []);
  await worker.enqueue({ customerId, cartId });
  await worker.settle();
  await worker.enqueue({ customerId, cartId, batchId: 'late' });
  await worker.settle();
  expect((await worker.record()).deliveries.last.at(-1)).toMatchObject({ end: 'its message was merged' });
});

test('each poll is kept: one that brought no order with the row that comes next, then with the record', async () => {
  const polls = [
    answered(503, {}),
    answered(404, { code: 1 }),
    answered(200, order('pending')),
    answered(200, order('completed')),
  ];
  const worker = aWorker([answered(201, { orders: [order('pending')] })], polls);
  await worker.enqueue({ customerId, cartId });
  await worker.settle(3);
  const waiting = await worker.record();
  expect(waiting.polls.total).toBe(0);
  const unkept = await unkeptPolls(worker.stores.schedule, waiting.jobKey);
  expect(unkept.map(({ end }) => end?.status)).toEqual([503, 404]);
  expect(storyOf(waiting, undefined, unkept).filter(({ what }) => what === 'poll')).toMatchObject([
    { words: expect.stringMatching(/^Order-1: 503 in 5 ms \(correlation \S+\)$/) },
    { words: expect.stringMatching(/^Order-1: 404 1 in 5 ms/) },
  ]);
  await worker.settle();
  const record = await worker.record();
  expect(record.polls.total).toBe(4);
  const kinds = storyOf(record, undefined).map(({ what, words }) =>
    what === 'event' ? words.split(' ')[0] : what,
  );
  expect(kinds.indexOf('checkout.ordered')).toBeLessThan(kinds.indexOf('poll'));
  expect(kinds.indexOf('checkout.completed')).toBeGreaterThan(kinds.lastIndexOf('poll'));
  expect(record.polls.last.map(({ found, end }) => `${end?.status} ${found ?? ''}`)).toEqual([
    '503 ',
    '404 ',
    '200 pending',
    '200 completed',
  ]);
  expect(await unkeptPolls(worker.stores.schedule, record.jobKey)).toEqual([]);
});

test('the last 20 are kept, and all are counted', async () => {
  const pending = Array.from({ length: 30 }, () => answered(200, order('pending')));
  const throttled = Array.from({ length: 25 }, () => answered(429, {}));
  const worker = aWorker(
    [...throttled, answered(201, { orders: [order('pending')] })],
    [...pending, answered(200, order('completed'))],
  );
  await worker.enqueue({ customerId, cartId });
  await worker.settle(200);
  const { deliveries, polls } = await worker.record();
  expect([deliveries.total, deliveries.last.length]).toEqual([26, 20]);
  expect(deliveries.last.at(-1)?.from).toBe('wake-up');
  expect([polls.total, polls.last.length]).toEqual([31, 20]);
});

/** Promise: nobody acts on a row that a person edited into nonsense, and the job is not lost. */

import { expect, test } from 'vitest';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

/** Rows that a person edited into nonsense, with a storage browser. */
const start = Date.UTC(2026, 10, 24, 2);
const order = (status: string) => ({
  id: 'Order-1',
  status,
  billingCycle: 'monthly',
  lineItems: [{ offerId: 'offer', quantity: 1, termDuration: 'P1M' }],
});

function aWorker() {
  const clock = leapingClock(start);
  let checkouts = 0;
  const answer = async (status: number, body: unknown): Promise<Exchange> => ({
    kind: 'answer',
    status,
    body: JSON.stringify(body),
    ms: 5,
  });
  const api: PartnerCenter = {
    checkout: (_, __, { mayLeave }) => {
      if (mayLeave?.() === true) checkouts += 1;
      return answer(201, { orders: [order('pending')] });
    },
    cart: () => answer(404, { code: 800008 }),
    orders: () => answer(200, { items: [order('pending')] }),
    order: () => answer(200, order('completed')),
  };
  const worker = oneWorker(api, clock);
  return { ...worker, checkouts: () => checkouts };
}

const record = (worker: ReturnType<typeof aWorker>) =>
  worker.tables.checkouts.all().find(({ key }) => key.startsWith('cart:'));

const jobEntries = ({ tables }: ReturnType<typeof aWorker>) =>
  tables.schedule.all().filter(({ key }) => key.startsWith('job:'));

const edits: Record<string, Record<string, string | number | boolean>> = {
  'no JSON': { record: '{"state":' },
  'another type': { record: '[]' },
  'a state that does not exist': { record: '{"version":1,"state":"sold"}' },
  'a state that differs from its record': { state: 'waiting' },
  'nothing at all': { record: '' },
};

test.each(Object.entries(edits))(
  'a record edited into %s: nobody acts on it, a person is asked, and the job stays',
  async (_, edit) => {
    const worker = aWorker();
    await worker.enqueue({ customerId, cartId });
    await worker.deliver();
    const row = record(worker);
    if (row === undefined) throw new Error('no record');
    // Its attention row is closed, and of a later revision than anything that could be known now.
    await worker.stores.attention.close(jobKey, 7, start, 'ann');
    worker.tables.checkouts.put({ ...row, properties: { ...row.properties, ...edit } });
    await worker.enqueue({ customerId, cartId });
    await worker.deliver();
    await worker.step();
    const attention = worker.tables.attention.all().find(({ partition }) => partition === 'job');
    expect(attention?.properties).toMatchObject({ code: 'unreadable-record', open: true, revision: 6 });
    expect(worker.checkouts()).toBe(1);
    expect(jobEntries(worker)).toHaveLength(1);

    // Mended, it goes on where it was: the job is known, and its order is polled to its end.
    worker.tables.checkouts.put(row);
    await worker.settle();
    expect(record(worker)?.properties['state']).toBe('completed');
    expect(worker.checkouts()).toBe(1);
  },
);

test('a lease and a next try in the year 9999: the job is looked at again within the day', async () => {
  const worker = aWorker();
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  const found = await worker.stores.ledger.read(jobKey);
  if (found === undefined) throw new Error('no record');
  const far = Date.UTC(9999, 0);
  const edited = { ...found.value, state: 'waiting' as const, lease: { id: 'x', until: far }, nextTry: far };
  await worker.stores.ledger.replace(edited, found.etag, 'w');
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  const [entry] = jobEntries(worker);
  expect(entry?.properties['dueAt']).toBeLessThan(start + 86_400_000);
  expect(worker.checkouts()).toBe(1);
});

test('an entry of nonsense is passed over, with a warning; the others are polled', async () => {
  const worker = aWorker();
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  worker.tables.schedule.put({ partition: 'due', key: '000000000000001:x', properties: { dueAt: 'soon' } });
  await worker.settle();
  expect(record(worker)?.properties['state']).toBe('completed');
  expect(worker.warnings.join()).toContain('000000000000001:x');
});

test('attention and batch rows of nonsense are written over', async () => {
  const worker = aWorker();
  const key = jobKey;
  worker.tables.attention.put({ partition: 'job', key, properties: { revision: 'abc', open: 'yes' } });
  worker.tables.batches.put({ partition: 'night', key, properties: { revision: 'abc', state: 5 } });
  worker.tables.batches.put({ partition: 'night', key: 'summary', properties: { total: 'many' } });
  await worker.enqueue({ customerId, cartId, batchId: 'night', batchSize: 1 });
  await worker.deliver();
  const row = worker.tables.batches.all().find((one) => one.key === key);
  expect(row?.properties).toMatchObject({ state: 'ordered', revision: 1 });
});

test('an order row whose cart was taken away belongs to nobody: no cart takes it for its own', async () => {
  const worker = aWorker();
  worker.tables.checkouts.put({ partition: customerId, key: 'order:Order-1', properties: { status: 'x' } });
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  expect(record(worker)?.properties['state']).toBe('unresolved');
  expect(worker.checkouts()).toBe(1);
});

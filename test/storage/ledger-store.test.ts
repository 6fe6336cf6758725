/** Promise: the ledger writes with If-Match, orders and record together, and reads back what it wrote. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { type CheckoutRecord, cartIdOf } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { memoryTable } from '../support/memory-table.ts';
import { counted, onEachBackend } from './backends.ts';
import { at, order, orderSummary, record } from './samples.ts';

const freshRecord = (change: Partial<CheckoutRecord> = {}): CheckoutRecord => {
  const key = { customerId: change.customerId ?? randomUUID(), cartId: randomUUID() };
  return record({ ...key, job: { ...record().job, ...key }, ...change });
};
const etagOf = (written: { kind: string; etag?: string }): string => {
  if (written.etag === undefined) throw new Error(`not written: ${written.kind}`);
  return written.etag;
};

onEachBackend('the ledger', (tables) => {
  const open = () => ledgerStore(tables().checkouts);

  test('a record comes back as it was written', async () => {
    const ledger = open();
    const full = freshRecord({
      state: 'unresolved',
      nextTry: at + 1,
      orders: [{ ...orderSummary('aB1'), endedAt: 2, entryKey: '000:aB1' }],
      failedGroups: [{ group: '1', code: '800002', description: 'no', retryable: true }],
      groups: [{ group: '1', content: 'monthly|x' }],
      repeated: { as: 'refused', reason: { code: 'x', description: 'y', remedy: 'z', at } },
      repeatAllowed: true,
      asked: { kind: 'needs-decision', since: at },
      gaveUp: true,
      refusedSince: at,

      reached: { ordered: 1, final: 2 },
      reason: {
        code: '800002',
        description: 'no',
        remedy: 'yes',
        at,
        status: 400,
        requestId: 'r',
        correlationId: 'c',
        cv: 'v',
      },
      decisions: [{ decision: 'retry', who: 'Ann', at }],
      traceparent: '00-1-2-01',
    });
    const etag = etagOf(await ledger.insert(full, 'w1'));
    expect(await ledger.read(full.jobKey)).toStrictEqual({ value: full, etag });
  });

  test('nothing is there before the first insert', async () => {
    expect(await open().read(freshRecord().jobKey)).toBeUndefined();
  });

  test('a second insert is a conflict, and changes nothing', async () => {
    const ledger = open();
    const mine = freshRecord();
    await ledger.insert(mine, 'w1');
    expect(await ledger.insert({ ...mine, attempts: 7 }, 'w2')).toEqual({ kind: 'conflict' });
    expect((await ledger.read(mine.jobKey))?.value.attempts).toBe(0);
  });

  test('a cart that Partner Center answers with once more is stored once more, by the ETag', async () => {
    const ledger = open();
    const mine = freshRecord();
    const cart = { customerId: mine.customerId, cartId: randomUUID() };
    const store = (attempts: number, etag: string, writeId: string) =>
      ledger.storeCart({ record: { ...mine, attempts }, cartId: cart.cartId, etag, writeId });
    const first = etagOf(await store(1, etagOf(await ledger.insert(mine, 'w1')), 'w2'));
    expect((await store(2, first, 'w3')).kind).toBe('written');
    expect(await store(3, first, 'w4')).toEqual({ kind: 'conflict' });
    expect((await ledger.read(jobKeyOf(cart)))?.value).toMatchObject({ jobKey: mine.jobKey, attempts: 2 });
  });

  test('a replace goes by the ETag', async () => {
    const ledger = open();
    const mine = freshRecord();
    const first = etagOf(await ledger.insert(mine, 'w1'));
    const second = etagOf(await ledger.replace({ ...mine, attempts: 1 }, first, 'w2'));
    expect(second).not.toBe(first);
    expect(await ledger.replace({ ...mine, attempts: 2 }, first, 'w3')).toEqual({ kind: 'conflict' });
    expect((await ledger.read(mine.jobKey))?.value.attempts).toBe(1);
  });

  test('a replace of a record that is gone is a conflict', async () => {
    const ledger = open();
    const there = freshRecord();
    const etag = etagOf(await ledger.insert(there, 'w1'));
    expect(await ledger.replace(freshRecord(), etag, 'w2')).toEqual({ kind: 'conflict' });
  });

  test('a result is recorded with its orders, and each order has its owner', async () => {
    const ledger = open();
    const mine = freshRecord();
    const etag = etagOf(await ledger.insert(mine, 'w1'));
    const ordered = {
      ...mine,
      state: 'ordered' as const,
      revision: 1,
      orders: [orderSummary('A1'), orderSummary('a1')],
    };
    const committed = await ledger.commit({
      record: ordered,
      etag,
      orders: [order('A1'), order('a1')],
      writeId: 'w2',
    });
    expect(committed.kind).toBe('written');
    expect((await ledger.read(mine.jobKey))?.value).toStrictEqual(ordered);
    const books = await ledger.customer(mine.customerId);
    expect(books.records).toStrictEqual([ordered]);
    expect([...books.owners]).toEqual([
      ['A1', mine.jobKey],
      ['a1', mine.jobKey],
    ]);
  });

  test('a stale ETag records nothing', async () => {
    const ledger = open();
    const mine = freshRecord();
    const stale = etagOf(await ledger.insert(mine, 'w1'));
    await ledger.replace({ ...mine, attempts: 1 }, stale, 'w2');
    const ordered = { ...mine, state: 'ordered' as const, orders: [orderSummary('O1')] };
    const committed = await ledger.commit({
      record: ordered,
      etag: stale,
      orders: [order('O1')],
      writeId: 'w3',
    });
    expect(committed).toEqual({ kind: 'conflict' });
    expect((await ledger.customer(mine.customerId)).owners.size).toBe(0);
  });

  test('an order in the books of another cart is not taken over', async () => {
    const ledger = open();
    const other = freshRecord();
    const otherEtag = etagOf(await ledger.insert(other, 'w1'));
    await ledger.commit({
      record: { ...other, state: 'ordered', orders: [orderSummary('O1')] },
      etag: otherEtag,
      orders: [order('O1')],
      writeId: 'w2',
    });
    const mine = freshRecord({ customerId: other.customerId });
    const etag = etagOf(await ledger.insert(mine, 'w3'));
    const ordered = { ...mine, state: 'ordered' as const, orders: [orderSummary('O2'), orderSummary('O1')] };
    expect(
      await ledger.commit({ record: ordered, etag, orders: [order('O2'), order('O1')], writeId: 'w4' }),
    ).toEqual({
      kind: 'owned',
      orderId: 'O1',
      jobKey: other.jobKey,
    });
    expect((await ledger.read(mine.jobKey))?.value.state).toBe('submitting');
    expect([...(await ledger.customer(mine.customerId)).owners]).toEqual([['O1', other.jobKey]]);
  });

  test('an order that is in our books already is replaced, by a store that knows it or does not', async () => {
    for (const knows of [true, false]) {
      const first = open();
      const mine = freshRecord();
      const etag = etagOf(await first.insert(mine, 'w1'));
      const ordered = {
        ...mine,
        state: 'ordered' as const,
        orders: [orderSummary('O1'), orderSummary('O2')],
      };
      const next = etagOf(
        await first.commit({ record: ordered, etag, orders: [order('O1'), order('O2')], writeId: 'w2' }),
      );
      const second = knows ? first : open();
      const orderSummaries = [
        { ...orderSummary('O1'), status: 'completed' as const },
        orderSummary('O2'),
        orderSummary('O3'),
      ];
      const done = { ...ordered, state: 'completed' as const, orders: orderSummaries };
      const orders = [order('O1', { status: 'completed' }), order('O2'), order('O3')];
      expect((await second.commit({ record: done, etag: next, orders, writeId: 'w3' })).kind).toBe('written');
      const row = await tables().checkouts.get(mine.customerId, 'order:O1');
      expect(row?.properties['status']).toBe('completed');
      // An older answer that is recorded late does not take the row back.
      const etagNow = (await second.read(mine.jobKey))?.etag ?? '';
      await second.commit({
        record: done,
        etag: etagNow,
        orders: [order('O1', { status: 'pending' })],
        writeId: 'w4',
      });
      const still = await tables().checkouts.get(mine.customerId, 'order:O1');
      expect(still?.properties['status']).toBe('completed');
      expect((await second.customer(mine.customerId)).owners.size).toBe(3);
    }
  });

  test('more orders than a transaction holds', async () => {
    const ledger = open();
    const mine = freshRecord();
    const etag = etagOf(await ledger.insert(mine, 'w1'));
    const orders = Array.from({ length: 230 }, (_, n) => order(`O${n}`));
    const ordered = { ...mine, state: 'ordered' as const, orders: orders.map(({ id }) => orderSummary(id)) };
    expect((await ledger.commit({ record: ordered, etag, orders, writeId: 'w2' })).kind).toBe('written');
    const books = await ledger.customer(mine.customerId);
    expect(books.owners.size).toBe(230);
    expect(books.records[0]?.orders).toHaveLength(230);
  });

  test('a record larger than a property', async () => {
    const ledger = open();
    const mine = freshRecord({ body: 'x'.repeat(80_000) });
    await ledger.insert(mine, 'w1');
    expect((await ledger.read(mine.jobKey))?.value).toStrictEqual(mine);
  });

  test('a record larger than a row keeps what the rules need, and says what is cut', async () => {
    const ledger = open();
    const groups = Array.from({ length: 900 }, (_, n) => ({
      group: `${n}`,
      code: '800002',
      description: `${n} ${'long '.repeat(200)}`,
      retryable: n >= 890,
    }));
    const mine = freshRecord({ failedGroups: groups, orders: [orderSummary('O1')] });
    await ledger.insert(mine, 'w1');
    const read = (await ledger.read(mine.jobKey))?.value;
    expect(read).toMatchObject({ body: mine.body, orders: mine.orders, lastSend: mine.lastSend });
    expect(read?.failedGroups.filter(({ retryable }) => retryable)).toHaveLength(10);
    expect(read?.failedGroups).toHaveLength(501);
    expect(read?.failedGroups.at(-1)?.group).toBe('and 400 more');
    expect(read?.failedGroups[0]?.description).toMatch(/… \(1004 characters\)$/);
    const row = await tables().checkouts.get(mine.customerId, `cart:${mine.cartId}`);
    expect(row?.properties).toMatchObject({ truncated: true, wholeSize: JSON.stringify(mine).length });
  });

  test('an order larger than a row keeps the number of its lines and their hash', async () => {
    const ledger = open();
    const mine = freshRecord();
    const etag = etagOf(await ledger.insert(mine, 'w1'));
    const line = { offerId: 'x'.repeat(500), quantity: 1, term: 'P1M' };
    const large = order('O1', { lines: Array.from({ length: 2_000 }, () => line) });
    const ordered = { ...mine, state: 'ordered' as const, orders: [orderSummary('O1')] };
    await ledger.commit({ record: ordered, etag, orders: [large], writeId: 'w2' });
    const row = await tables().checkouts.get(mine.customerId, 'order:O1');
    expect(row?.properties).toMatchObject({ truncated: true, lineCount: 2_000, cartId: mine.cartId });
    expect(row?.properties['wholeSha256']).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the columns beside the record can be searched', async () => {
    const ledger = open();
    const mine = freshRecord({
      nextTry: at + 9,
      orders: [orderSummary('O1'), orderSummary('O2')],
      batches: ['a', 'b'],
    });
    await ledger.insert(mine, 'w1');
    const row = await tables().checkouts.get(mine.customerId, `cart:${mine.cartId}`);
    expect(row?.properties).toMatchObject({
      writeId: 'w1',
      state: 'submitting',
      revision: 0,
      attempts: 0,
      lastSend: at,
      nextTry: at + 9,
      leaseUntil: at + 240_000,
      batchIds: 'a,b',
      reference: 'PO "7" \u{1f600}',
      orderIds: 'O1,O2',
      updatedAt: at,
    });
  });

  test('an order id may hold any character: it is recorded, owned and found again', async () => {
    const ledger = open();
    const mine = freshRecord();
    const etag = etagOf(await ledger.insert(mine, 'w1'));
    const ids = [
      'a/b',
      'a\\b',
      'a#b',
      'a?b',
      'a%b',
      '2f%9a',
      'a\u0007b',
      'a,b',
      "a'b",
      'a!002fb',
      '..',
      ' ',
      'é\u{1f600}',
    ];
    const all = [...ids, 'x'.repeat(600), 'x'.repeat(1_000)];
    const written = await ledger.commit({
      record: { ...mine, orders: all.map(orderSummary) },
      etag,
      orders: all.map((id) => order(id)),
      writeId: 'w2',
    });
    expect(written.kind).toBe('written');
    const { owners } = await ledger.customer(mine.customerId);
    expect([...owners.keys()].sort()).toEqual(all.toSorted());
    expect(new Set(owners.values())).toEqual(new Set([mine.jobKey]));
    expect((await ledger.read(mine.jobKey))?.value.orders.map(({ id }) => id)).toEqual(all);
  });

  test('a job key that cannot be a row key is refused', async () => {
    await expect(open().read('a:cart:a/b')).rejects.toThrow(/job/);
    await expect(open().read('a/b:cart:c')).rejects.toThrow(/customerId/);
  });
});

test.each<[string, Record<string, string | number | undefined>, boolean]>([
  ['no JSON at all', { record: undefined }, false],
  ['cut JSON', { record: '{"version":1' }, false],
  ['JSON that is no record', { record: '[]' }, false],
  ['a field of another type', { record: JSON.stringify({ ...record(), attempts: 'seven' }) }, false],
  ['a time that is none', { record: JSON.stringify({ ...record(), lastSend: null }) }, false],
  ['a state that nobody knows', { record: JSON.stringify({ ...record(), state: 'bought' }) }, false],
  ['a row copied from another cart', { record: JSON.stringify({ ...record(), cartId: 'other' }) }, false],
  ['a state edited in its column alone', { state: 'failed' }, false],
  ['a newer version', { record: JSON.stringify({ version: 2 }), version: 2 }, true],
  ['a newer version in the record alone', { record: JSON.stringify({ ...record(), version: 2 }) }, true],
  ['a newer version that keeps its record elsewhere', { record: undefined, version: 3 }, true],
])('unreadable: %s', async (_, edit, newer) => {
  const table = memoryTable();
  const ledger = ledgerStore(table);
  await ledger.insert(record(), 'w1');
  const row = table.all()[0];
  if (row === undefined) throw new Error('no row');
  const edited = Object.entries({ ...row.properties, ...edit }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  table.put({ ...row, properties: Object.fromEntries(edited) });
  const expected = { name: 'UnreadableRecord', newer, message: expect.stringContaining(cartIdOf(record())) };
  await expect(ledger.read(record().jobKey)).rejects.toMatchObject(expected);
  // It hides none of the other records of its customer.
  const other = record({ cartId: '0e6b1a52-6d0e-4b7e-9a43-5e2f8b6f1d10' });
  await ledger.insert(other, 'w2');
  const books = await ledger.customer(record().customerId);
  expect(books.unreadable).toMatchObject([{ ...expected, jobKey: record().jobKey }]);
  expect(books.records.map(({ jobKey }) => jobKey)).toEqual([other.jobKey]);
  expect([...books.etags.keys()]).toEqual([other.jobKey]);
});

test.each<[string, object]>([
  ['as an older version wrote it', {}],
  ['edited into nonsense', { deliveries: 'many', polls: { total: -1, last: [{ at: 'soon' }] } }],
])('deliveries and polls %s: there are none, and the record stands', async (_, edit) => {
  const table = memoryTable();
  const ledger = ledgerStore(table);
  const mine = freshRecord();
  await ledger.insert(mine, 'w');
  const [row] = table.all();
  if (row === undefined) throw new Error('no row');
  const { deliveries: _d, polls: _p, ...older } = mine;
  const text = JSON.stringify({ ...older, ...edit });
  table.put({ ...row, properties: { ...row.properties, record: text } });
  const none = { total: 0, last: [] };
  expect((await ledger.read(mine.jobKey))?.value).toStrictEqual({ ...mine, deliveries: none, polls: none });
});

test('requests: one for a claim, one for a result, one for a poll of a record that was read', async () => {
  const table = counted(memoryTable());
  const ledger = ledgerStore(table);
  const etag = etagOf(await ledger.insert(record(), 'w1'));
  const ordered = {
    ...record(),
    state: 'ordered' as const,
    orders: [orderSummary('O1'), orderSummary('O2')],
  };
  await ledger.commit({ record: ordered, etag, orders: [order('O1'), order('O2')], writeId: 'w2' });
  const stored = await ledger.read(record().jobKey);
  if (stored === undefined) throw new Error('no record');
  await ledger.commit({
    record: stored.value,
    etag: stored.etag,
    orders: [order('O1', { status: 'completed' })],
    writeId: 'w3',
  });
  expect(table.requests).toEqual(['insert', 'transact 3', 'get', 'transact 2']);
});

test('an outage passes through, and nothing is read back', async () => {
  const table = memoryTable({ before: ({ kind }) => (kind === 'change' ? 'unanswered' : undefined) });
  await expect(ledgerStore(table).insert(record(), 'w1')).rejects.toMatchObject({
    name: 'Unavailable',
    what: 'storage',
  });
});

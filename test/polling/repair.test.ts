/** Promise: an open job or a pending order without an entry gets one, and no second one. */

import { expect, test } from 'vitest';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { omitUndefined } from '../../src/domain/omit-undefined.ts';
import { jobEntryKeyOf, pollEntryKey } from '../../src/domain/schedule-entry.ts';
import { type RepairFinding, repairSchedule } from '../../src/operator/repair-schedule.ts';
import { repairRecord } from '../../src/polling/repair.ts';
import { UnreadableRecord } from '../../src/ports/ledger.ts';
import { collect } from '../support/collect.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, customerId } from '../support/records.ts';

const now = 1_795_000_000_000;
const cart = (n: number) => `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function bed() {
  const tables = {
    checkouts: memoryTable(),
    schedule: memoryTable(),
    attention: memoryTable(),
    batches: memoryTable(),
  };
  const stores = openStores(tables, (key, why) => {
    throw new Error(`${key}: ${why}`);
  });
  const clock = { now: () => now };
  const deps = { ...stores, clock, ledgerScan: ledgerScan(tables.checkouts, () => {}) };
  let records = 0;
  /** A record of its own cart, last changed an hour ago. */
  async function put(change: Partial<CheckoutRecord>): Promise<CheckoutRecord> {
    const cartId = change.cartId ?? cart(++records);
    const record = aRecord({ firstEnqueued: now - 9, createdAt: now - 5, cartId, ...change });
    await stores.ledger.insert(record, `w${records}`);
    return record;
  }
  const keys = () => tables.schedule.all().map(({ key }) => key);
  return { tables, stores, deps, put, keys };
}

const orderSummary = (id: string, change: Partial<CheckoutRecord['orders'][number]> = {}) => ({
  id,
  status: 'pending' as const,
  content: 'x',
  wasPending: true,
  since: now - 100,
  ...change,
});

test.each<[string, Partial<CheckoutRecord>, { origin: number; dueAt: number }]>([
  [
    'waiting for its next try',
    { state: 'waiting', nextTry: now + 70, entryOrigin: now + 70 },
    { origin: now + 70, dueAt: now + 70 },
  ],
  [
    'waiting since long ago',
    { state: 'waiting', nextTry: now - 70, entryOrigin: now - 70 },
    { origin: now - 70, dueAt: now },
  ],
  [
    'whose worker died',
    { state: 'submitting', lease: { id: 'l', until: now - 1 }, entryOrigin: now - 900 },
    { origin: now - 900, dueAt: now },
  ],
  [
    'whose first worker died with its message',
    { state: 'submitting', lease: { id: 'l', until: now - 1 } },
    { origin: now - 1, dueAt: now },
  ],
  ['that never had an entry or a lease', { state: 'unresolved' }, { origin: now - 5, dueAt: now }],
  [
    'with a decision that nobody has carried out',
    {
      state: 'failed',
      decision: { decision: 'retry', who: 'ana', at: now - 1, orderIds: [] },
      entryOrigin: now + 300,
    },
    { origin: now + 300, dueAt: now + 300 },
  ],
  [
    'with orders in hand that it does not name',
    { state: 'completed', ordersInHand: ['O9'], entryOrigin: now - 3 },
    { origin: now - 3, dueAt: now },
  ],
])('an open record %s gets its entry, once however often repair looks', async (_, change, expected) => {
  const { deps, put, keys, stores } = bed();
  const record = await put({ ...change, job: { ...aRecord().job, notAfter: now + 999 } });
  const { jobKey } = record;
  const missing = await repairRecord(deps, record);
  expect(missing.job).toMatchObject({ ...expected, jobKey, since: now - 9, state: record.state, wakes: 0 });
  expect(keys()).toEqual([jobEntryKeyOf(false, expected.origin, jobKey)]);
  const [found] = await collect(stores.schedule.jobs('standard', 'due', now + 1_000));
  expect(found).toStrictEqual(missing.job);
  expect(found?.notAfter).toBe(now + 999);
  expect(await repairRecord({ ...deps, clock: { now: () => now + 60_000 } }, record)).toEqual({ orders: [] });
  expect(keys()).toHaveLength(1);
});

test('an urgent job gets its entry among the urgent ones', async () => {
  const { deps, put, keys } = bed();
  const record = await put({ state: 'waiting', urgent: true, nextTry: now, entryOrigin: now });
  await repairRecord(deps, record);
  expect(keys()).toEqual([jobEntryKeyOf(true, now, record.jobKey)]);
});

test.each([
  ['a text', 'soon'],
  ['gone', undefined],
])(
  'an entry whose time is %s is written anew, and what a newer version wrote is left alone',
  async (_, dueAt) => {
    const { tables, deps, put, keys, stores } = bed();
    const orders = [orderSummary('O1', { entryKey: pollEntryKey(now - 7, 'O1') })];
    const record = await put({ state: 'unresolved', nextTry: now - 70, entryOrigin: now - 70, orders });
    await repairRecord(deps, record);
    const spoil = (version: number) => {
      for (const row of tables.schedule.all()) {
        const { dueAt: _dueAt, ...rest } = row.properties;
        tables.schedule.put({ ...row, properties: { ...rest, version, ...omitUndefined({ dueAt }) } });
      }
    };
    spoil(2);
    expect(await repairRecord(deps, record)).toEqual({ orders: [] });
    spoil(1);
    const missing = await repairRecord(deps, record);
    expect([missing.job?.dueAt, missing.orders.map((entry) => entry.dueAt)]).toEqual([now, [now]]);
    expect(await repairRecord(deps, record)).toEqual({ orders: [] });
    expect(keys()).toHaveLength(2);
    expect(await collect(stores.schedule.jobs('standard', 'due', now + 1))).toHaveLength(1);
    expect(await collect(stores.schedule.due('orders', now + 1))).toHaveLength(1);
  },
);

test('an entry that was only moved is not missing', async () => {
  const { deps, put, keys, stores } = bed();
  const record = await put({ state: 'waiting', nextTry: now - 70, entryOrigin: now - 70 });
  const { job } = await repairRecord(deps, record);
  await stores.schedule.moveJobs([{ key: job?.key ?? '', dueAt: now + 9_000, wakes: 9, wokenAt: now }]);
  expect(await repairRecord(deps, record)).toEqual({ orders: [] });
  expect(keys()).toHaveLength(1);
});

test('a record with a live lease is left alone; one with a result, and no order pending, costs no request', async () => {
  const { deps, put, keys } = bed();
  const leased = await put({ state: 'submitting', lease: { id: 'l', until: now + 1 } });
  expect(await repairRecord(deps, leased)).toEqual({ orders: [] });
  const asked: string[] = [];
  const schedule = {
    ...deps.schedule,
    exists: async (key: string) => {
      asked.push(key);
      return false;
    },
  };
  for (const state of ['completed', 'partial', 'failed'] as const) {
    const settled = await put({ state, orders: [orderSummary('a', { status: 'completed' })] });
    expect(await repairRecord({ ...deps, schedule }, settled)).toEqual({ orders: [] });
  }
  expect(asked).toEqual([]);
  expect(keys()).toEqual([]);
});

test('each pending order gets its entry, in any state of its record, once however often repair looks', async () => {
  const { deps, put, keys } = bed();
  const orders = [
    orderSummary('named', { entryKey: pollEntryKey(now - 7, 'named') }),
    orderSummary('unnamed'),
    orderSummary('ended', { status: 'completed', entryKey: pollEntryKey(now - 7, 'ended') }),
    orderSummary('cancelled', { status: 'cancelled' }),
    orderSummary('there', { entryKey: pollEntryKey(now + 7, 'there') }),
  ];
  const ordered = await put({ state: 'ordered', orders });
  const there = {
    key: pollEntryKey(now + 7, 'there'),
    dueAt: now + 7,
    orderId: 'there',
    since: now,
    polls: 1,
  };
  await deps.schedule.insert([{ ...there, jobKey: ordered.jobKey }]);
  const leased = await put({
    state: 'unresolved',
    lease: { id: 'l', until: now + 1 },
    orders: [orderSummary('early', { entryKey: pollEntryKey(now - 8, 'early') })],
  });
  expect((await repairRecord(deps, ordered)).orders.map(({ orderId, dueAt }) => [orderId, dueAt])).toEqual([
    ['named', now],
    ['unnamed', now],
  ]);
  expect((await repairRecord(deps, leased)).orders).toMatchObject([{ orderId: 'early', polls: 0 }]);
  const expected = [
    pollEntryKey(now - 100, 'unnamed'),
    pollEntryKey(now - 8, 'early'),
    pollEntryKey(now - 7, 'named'),
    there.key,
  ];
  expect(keys()).toEqual(expected);
  const later = { ...deps, clock: { now: () => now + 60_000 } };
  expect(await repairRecord(later, ordered)).toEqual({ orders: [] });
  expect(keys()).toEqual(expected);
});

test('a record that moved on since it was listed misses nothing; one that is gone, or became unreadable, neither', async () => {
  const { deps, put, keys, tables } = bed();
  const listed = await put({ state: 'waiting', nextTry: now, entryOrigin: now });
  const found = await deps.ledger.read(listed.jobKey);
  await deps.ledger.replace({ ...listed, state: 'failed' }, found?.etag ?? '', 'w');
  expect(await repairRecord(deps, listed)).toEqual({ orders: [] });
  const gone = aRecord({ cartId: cart(77), state: 'waiting' });
  expect(await repairRecord(deps, gone)).toEqual({ orders: [] });
  const broken = await put({ state: 'waiting', nextTry: now, entryOrigin: now });
  const row = tables.checkouts.all().find(({ key }) => key === `cart:${broken.cartId}`);
  tables.checkouts.put({ partition: customerId, key: row?.key ?? '', properties: { record: '{' } });
  expect(await repairRecord(deps, broken)).toEqual({ orders: [] });
  expect(await repairRecord(deps, new UnreadableRecord(broken.jobKey, 'x', false))).toEqual({ orders: [] });
  expect(keys()).toEqual([]);
});

test('repair of the whole ledger: the dry run says what the other writes; a second one finds nothing', async () => {
  const { deps, put, keys, tables } = bed();
  const customers = [
    customerId,
    '0a1b2c3d-0000-4000-8000-000000000001',
    'f0000000-0000-4000-8000-000000000001',
  ];
  for (let n = 0; n < 1_200; n += 1) {
    const cartId = cart(10_000 + n);
    const id = customers[n % 3] ?? customerId;
    const place = { customerId: id, cartId };
    if (n % 100 === 7) await put({ ...place, state: 'waiting', nextTry: now, entryOrigin: now });
    else if (n % 100 === 9)
      await put({ ...place, state: 'ordered', orders: [orderSummary(`a${n}`), orderSummary(`b${n}`)] });
    else await put({ ...place, state: 'completed' });
  }
  tables.checkouts.put({
    partition: customers[1] ?? '',
    key: `cart:${cart(5)}`,
    properties: { record: '{' },
  });
  const run = async (write: boolean) => {
    const evidence: RepairFinding[] = [];
    const report = await repairSchedule(deps, { write, onFinding: (finding) => evidence.push(finding) });
    return { report, evidence };
  };
  const dry = await run(false);
  expect(dry.report).toEqual({ records: 1_201, unreadable: 1, jobs: 12, orders: 24 });
  expect(dry.evidence.map(({ kind }) => kind).toSorted()).toEqual([
    ...Array.from({ length: 24 }, () => 'missing'),
    'unreadable',
  ]);
  expect(keys()).toEqual([]);
  expect(await run(true)).toEqual(dry);
  expect(keys()).toHaveLength(36);
  const again = await run(true);
  expect(again.report).toEqual({ records: 1_201, unreadable: 1, jobs: 0, orders: 0 });
  expect(keys()).toHaveLength(36);
});

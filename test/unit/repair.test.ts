/** Promise: repair finds each record without its entry. */

import { expect, test } from 'vitest';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { newRecord } from '../../src/domain/checkout/claim-rules.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { type RepairDeps, repairRecord } from '../../src/polling/repair.ts';
import { memoryTable } from '../support/memory-table.ts';

const cart = {
  customerId: 'c0000000-0000-4000-8000-000000000001',
  cartId: 'ca000000-0000-4000-8000-000000000001',
};
const start = Date.UTC(2026, 10, 24);
const record = newRecord(
  {
    jobKey: jobKeyOf(cart),
    messageId: 'm',
    count: 1,
    source: 'standard:1',
    redelivered: false,
    ordersInHand: [],
    firstEnqueued: start,
    enqueuedAt: start,
    urgent: false,
    from: { kind: 'producer', job: cart, body: '{}' },
  },
  'request',
  start,
);

/** The ledger holds the same record when it is read again. */
const repair = (schedule: RepairDeps['schedule'], value: CheckoutRecord, now: number) =>
  repairRecord(
    { schedule, ledger: { read: async () => ({ value, etag: '1' }) }, clock: { now: () => now } },
    value,
  );

test.each([
  ['a record that names no entry', {}],
  ['an entry that is gone', { entryOrigin: start + 1_000 }],
  ['a next try that has passed', { entryOrigin: start + 1_000, nextTry: start + 1_000 }],
])('%s: one entry is written, however often the repair looks', async (_, change) => {
  const table = memoryTable();
  const schedule = scheduleStore(table, () => {});
  for (let minute = 1; minute < 6; minute += 1)
    await repair(schedule, { ...record, ...change }, start + minute * 60_000);
  expect(table.all()).toHaveLength(1);
  expect(table.all()[0]?.properties['dueAt']).toBe(start + 60_000);
});

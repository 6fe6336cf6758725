/** Promise: adopt does what its page says, with bad input too. */

import { expect, test } from 'vitest';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { adopt } from '../../src/operator/jobs/adopt.ts';
import { memoryTable } from '../support/memory-table.ts';
import { anOrder, aRecord, cartId, customerId, otherCartId } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';

const now = Date.UTC(2026, 10, 30);
const jobKey = jobKeyOf({ customerId, cartId });
const job = { jobKey, job: { customerId, cartId }, body: '{}' };

async function books(...records: readonly CheckoutRecord[]) {
  const entries = memoryTable();
  const ledger = ledgerStore(memoryTable());
  for (const record of records) await ledger.insert(record, 'w');
  const schedule = scheduleStore(entries, () => {});
  const random = seededRandom(1);
  const deps = { ledger, schedule, times: defaultTimes, now: () => now, random };
  return { entries, ledger, adopt: (...ids: string[]) => adopt(deps, job, ids, 'ann') };
}

test('an order without a record gets one in doubt, that names the order and has an entry', async () => {
  const { ledger, entries, adopt: adopted } = await books();
  expect(await adopted('O1', 'O2')).toMatchObject({ kind: 'adopted' });
  const found = await ledger.read(jobKey);
  expect(found?.value).toMatchObject({
    state: 'unresolved',
    decision: { decision: 'orders', who: 'ann', orderIds: ['O1', 'O2'] },
  });
  expect(found?.value.nextTry).toBeUndefined();
  expect(entries.all().map(({ key }) => key)).toEqual([expect.stringContaining(jobKey)]);
});

test('a record of a message that came again, and was never sent, is adopted too', async () => {
  const waiting = aRecord({ cartId, state: 'waiting', nextTry: now + 1 });
  const { firstSend, lastSend, lease, ...neverSent } = waiting;
  const { ledger, adopt: adopted } = await books(neverSent);
  expect(await adopted('O1')).toMatchObject({ kind: 'adopted' });
  expect((await ledger.read(jobKey))?.value).toMatchObject({
    state: 'unresolved',
    decision: { orderIds: ['O1'] },
  });
});

test.each(['submitting', 'unresolved', 'failed'] as const)(
  'a record that is %s is left alone: it is for resolve',
  async (state) => {
    const { ledger, adopt: adopted } = await books(aRecord({ cartId, state, lastSend: now - 1 }));
    const before = await ledger.read(jobKey);
    expect(await adopted('O1')).toMatchObject({ kind: 'refused', why: expect.stringContaining('resolve') });
    expect(await ledger.read(jobKey)).toEqual(before);
  },
);

test('an order of another job is refused, and nothing is written', async () => {
  const other = aRecord({ cartId: otherCartId });
  const { ledger, entries, adopt: adopted } = await books(other);
  const found = await ledger.read(other.jobKey);
  await ledger.commit({ record: other, etag: found?.etag ?? '', orders: [anOrder('O1')], writeId: 'w2' });
  expect(await adopted('O1')).toMatchObject({ kind: 'refused', why: expect.stringContaining(other.jobKey) });
  expect(await ledger.read(jobKey)).toBeUndefined();
  expect(entries.isEmpty()).toBe(true);
});

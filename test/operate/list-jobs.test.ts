/** Promise: people list the jobs that they ask for, in whatever state. */

/** `jobs` finds what it is asked for, and never reads the whole ledger for a job that has its result. */
import { expect, test } from 'vitest';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { type JobFilter, listJobs, whyNotList } from '../../src/operator/jobs/list-jobs.ts';
import { collect } from '../support/collect.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, customerId } from '../support/records.ts';

const other = '00000000-0000-4000-8000-000000000009';
const cart = (n: number) => `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

async function bed() {
  const tables = { batches: memoryTable(), checkouts: memoryTable() };
  const batches = batchStore(tables.batches);
  const ledger = ledgerStore(tables.checkouts);
  const deps = { batches, ledger, ledgerScan: ledgerScan(tables.checkouts, expect.fail) };
  const add = async (n: number, change: Partial<CheckoutRecord>, reference?: string) => {
    const ids = { customerId: change.customerId ?? customerId, cartId: cart(n) };
    const record = aRecord({
      ...ids,
      job: { ...ids, ...(reference === undefined ? {} : { reference }) },
      batches: ['night'],
      ...change,
    });
    await ledger.insert(record, `w${n}`);
    const { jobKey, state, revision } = record;
    await batches.write({ batchId: 'night', jobKey, state, revision, at: 5 }, 'older');
  };
  await add(1, { state: 'waiting', nextTry: 9 }, 'PO 1');
  await add(2, { state: 'completed' }, 'PO 2');
  await add(3, { state: 'waiting', customerId: other }, 'PO 3');
  await batches.reject('night', 'sha:1-1', 5);
  // Its record is not there yet.
  await batches.write(
    {
      batchId: 'night',
      jobKey: jobKeyOf({ customerId, cartId: cart(4) }),
      state: 'failed',
      revision: 1,
      at: 5,
    },
    'older',
  );
  const found = async (filter: JobFilter) =>
    (await collect(listJobs(deps, filter))).map(({ jobKey }) => Number(jobKey.slice(-12)));
  return { deps, found };
}

test.each<[JobFilter, number[]]>([
  [{ batchId: 'night' }, [3, 1, 2, 4]],
  [{ batchId: 'night', state: 'waiting' }, [3, 1]],
  [{ batchId: 'night', state: 'failed' }, [4]],
  [{ batchId: 'night', customerId: other }, [3]],
  [{ batchId: 'night', reference: 'po 2' }, [2]],
  [{ batchId: 'other' }, []],
  [{ customerId, state: 'waiting' }, [1]],
  [{ customerId, reference: 'PO 1' }, [1]],
  [{ state: 'waiting' }, [3, 1]],
  [{ state: 'waiting', reference: 'PO 3' }, [3]],
])('%j', async (filter, expected) => {
  const { found } = await bed();
  expect(whyNotList(filter)).toBeUndefined();
  expect(await found(filter)).toEqual(expected);
});

test('a line says what a person looks for', async () => {
  const { deps } = await bed();
  expect(await collect(listJobs(deps, { batchId: 'night', reference: 'PO 1' }))).toMatchObject([
    { state: 'waiting', reference: 'PO 1', nextTry: 9, orderIds: [] },
  ]);
});

test.each<JobFilter>([
  {},
  { reference: 'PO 1' },
  { state: 'completed' },
  { state: 'failed', reference: 'PO 1' },
])('%j would read the whole ledger: refused', (filter) => {
  expect(whyNotList(filter)).toMatch(/Name a batch or a customer/);
});

/** Promise: batch rows come back as they were written, and nobody writes over a newer one. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import type { BatchJob } from '../../src/domain/batch/batch.ts';
import { collect } from '../support/collect.ts';
import { memoryTable } from '../support/memory-table.ts';
import { counted, onEachBackend } from './backends.ts';
import { at, cartId, customerId, jobKey } from './samples.ts';

const job = (change: Partial<BatchJob> = {}): BatchJob => ({
  batchId: `night ${randomUUID()}`,
  jobKey,
  state: 'waiting',
  revision: 1,
  at,
  ...change,
});

onEachBackend('batches', (tables) => {
  const open = () => batchStore(tables().batches);
  const read = async (batchId: string, key: string) => (await tables().batches.get(batchId, key))?.properties;

  test('the row of a job', async () => {
    const row = job({ code: '800002', state: 'failed' });
    await open().write(row, 'older');
    expect(await read(row.batchId, jobKey)).toEqual({
      version: 1,
      customerId,
      cartId,
      state: 'failed',
      revision: 1,
      code: '800002',
      at,
    });
  });

  test.each([
    ['older', 1, 'waiting'],
    ['older', 2, 'completed'],
    ['not-newer', 0, 'waiting'],
    ['not-newer', 1, 'completed'],
  ] as const)('%s: revision %d over revision 1: %s', async (when, revision, state) => {
    const row = job();
    await open().write(row, 'older');
    await open().write({ ...row, state: 'completed', revision, at: at + 1 }, when);
    expect((await read(row.batchId, jobKey))?.['state']).toBe(state);
  });

  test('a summary comes back as it went in; nobody writes over what somebody else wrote', async () => {
    const { batchId } = job();
    const store = open();
    expect(await store.summary(batchId)).toBeUndefined();
    const first = { batchId, total: 10, since: at, entryKey: 'row' };
    await store.writeSummary(first, undefined);
    const found = await store.summary(batchId);
    expect(found?.value).toEqual(first);
    expect(await store.writeSummary({ batchId, total: 9 }, undefined)).toBe(false);
    const second = { batchId, total: 10, finished: { total: 10, at }, stopped: { who: 'ana', at } };
    await store.writeSummary(second, found?.etag);
    expect((await store.summary(batchId))?.value).toEqual(second);
    expect(await store.writeSummary(first, found?.etag)).toBe(false);
  });

  test('a flag that a person set by hand counts', async () => {
    const { batchId } = job();
    await tables().batches.change({
      kind: 'insert',
      row: { partition: batchId, key: 'summary', properties: { version: 1, stopped: true } },
    });
    expect((await open().summary(batchId))?.value).toEqual({ batchId, stopped: { who: 'somebody', at: 0 } });
  });

  test('entries are the jobs and the rejected lines, without the summary', async () => {
    const row = job({ nextTry: at + 5, calledAt: at + 3, asked: 'needs-decision', code: '800002' });
    const store = open();
    await store.writeSummary({ batchId: row.batchId, total: 2 }, undefined);
    await store.write(row, 'older');
    await store.reject(row.batchId, 'sha:1-2', at);
    expect(await collect(store.entries(row.batchId))).toEqual([
      { kind: 'job', ...row },
      { kind: 'rejected', rejectedKey: 'sha:1-2', at },
    ]);
  });

  test('a row that somebody edited into nonsense counts as in doubt', async () => {
    const { batchId } = job();
    const row = { partition: batchId, key: jobKey, properties: { state: 'done' } };
    await tables().batches.change({ kind: 'insert', row });
    expect(await collect(open().entries(batchId))).toMatchObject([{ jobKey, state: 'unresolved' }]);
  });

  test('a rejected line counts once', async () => {
    const { batchId } = job();
    await open().reject(batchId, 'sha:1,2', at);
    await open().reject(batchId, 'sha:1,2', at + 1);
    expect(await read(batchId, 'rejected:sha:1,2')).toEqual({ version: 1, at });
  });
});

test('the first write of a job is one request', async () => {
  const table = counted(memoryTable());
  await batchStore(table).write(job(), 'older');
  expect(table.requests).toEqual(['insert']);
});

test('a batch id that cannot be a key is refused', async () => {
  await expect(batchStore(memoryTable()).summary('a/b')).rejects.toMatchObject({ name: 'InvalidKey' });
});

test('the last batches, the newest first, each once', async () => {
  const store = batchStore(memoryTable());
  for (const [index, batchId] of ['monday', 'tuesday', 'wednesday'].entries())
    await store.writeSummary({ batchId, total: 10, since: at + index }, undefined);
  await store.writeSummary({ batchId: 'unseen', stopped: { who: 'ada', at: at + 5 } }, undefined);
  const again = await store.summary('unseen');
  await store.writeSummary({ batchId: 'unseen', total: 4, since: at + 6 }, again?.etag);
  // An insert that came too late leaves the summary as it is.
  expect(await store.writeSummary({ batchId: 'monday', total: 1, since: at + 9 }, undefined)).toBe(false);
  expect(await store.recent(3)).toMatchObject([
    { batchId: 'monday', total: 10 },
    { batchId: 'unseen', total: 4 },
    { batchId: 'wednesday', total: 10 },
  ]);
  expect(await collect(store.entries('monday'))).toEqual([]);
});

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { BatchJob } from '../../src/checkout/batches.ts';
import { batchStore } from '../../src/storage/batch-store.ts';
import { memoryTable } from '../support/memory-table.ts';
import { counted, onEachBackend } from './backends.ts';
import { at, cartId, customerId } from './samples.ts';

const job = (change: Partial<BatchJob> = {}): BatchJob => ({
  batchId: `night ${randomUUID()}`,
  customerId,
  cartId,
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
    expect(await read(row.batchId, `${customerId}:${cartId}`)).toEqual({
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
    expect((await read(row.batchId, `${customerId}:${cartId}`))?.['state']).toBe(state);
  });

  test('the largest size stands, and what people wrote beside it', async () => {
    const { batchId } = job();
    await open().declare(batchId, 10);
    const summary = await tables().batches.get(batchId, 'summary');
    await tables().batches.change({
      kind: 'replace',
      row: { partition: batchId, key: 'summary', properties: { ...summary?.properties, stopped: true } },
    });
    await open().declare(batchId, 7);
    expect(await read(batchId, 'summary')).toEqual({ version: 1, total: 10, stopped: true });
    await open().declare(batchId, 12);
    expect(await read(batchId, 'summary')).toEqual({ version: 1, total: 12, stopped: true });
  });

  test('a summary that people made first gets its size', async () => {
    const { batchId } = job();
    await tables().batches.change({
      kind: 'insert',
      row: { partition: batchId, key: 'summary', properties: { version: 1, stopped: true } },
    });
    await open().declare(batchId, 3);
    expect(await read(batchId, 'summary')).toEqual({ version: 1, stopped: true, total: 3 });
  });

  test('a rejected line counts once', async () => {
    const { batchId } = job();
    await open().reject(batchId, 'sha:1,2', at);
    await open().reject(batchId, 'sha:1,2', at + 1);
    expect(await read(batchId, 'rejected:sha:1,2')).toEqual({ version: 1, at });
  });
});

test('a thousand jobs that declare one size cost one request', async () => {
  const table = counted(memoryTable());
  const store = batchStore(table);
  await Promise.all(Array.from({ length: 1_000 }, () => store.declare('night', 1_000)));
  await store.declare('night', 999);
  expect(table.requests).toEqual(['insert']);
  await store.declare('night', 1_001);
  expect(table.requests).toEqual(['insert', 'insert', 'get', 'replace']);
});

test('a declaration that failed is not remembered', async () => {
  let down = true;
  const table = memoryTable({ before: () => (down ? 'unreached' : undefined) });
  const store = batchStore(table);
  const failed = await Promise.allSettled([store.declare('night', 5), store.declare('night', 5)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  down = false;
  await store.declare('night', 5);
  expect(table.all()[0]?.properties['total']).toBe(5);
});

test('the first write of a job is one request', async () => {
  const table = counted(memoryTable());
  await batchStore(table).write(job(), 'older');
  expect(table.requests).toEqual(['insert']);
});

test('a batch id that cannot be a key is refused', async () => {
  await expect(batchStore(memoryTable()).declare('a/b', 1)).rejects.toMatchObject({ name: 'InvalidKey' });
});

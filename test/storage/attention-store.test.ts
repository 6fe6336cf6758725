/** Promise: a row of the to-do list says what happened, and an older result never writes over a newer one. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { joinBytes, joinText } from '../../src/adapters/azure-tables/chunks.ts';
import { countOpen } from '../../src/adapters/azure-tables/open-attention.ts';
import type { JobAttention, RejectedMessage } from '../../src/domain/checkout/attention-row.ts';
import { identityOf, jobKeyOf } from '../../src/domain/message/job-key.ts';
import { memoryTable } from '../support/memory-table.ts';
import { counted, onEachBackend } from './backends.ts';
import { at, cartId } from './samples.ts';

const attention = (change: Partial<JobAttention> = {}): JobAttention => ({
  jobKey: jobKeyOf({ customerId: randomUUID(), cartId }),
  kind: 'failed',
  open: true,
  revision: 1,
  reason: {
    code: '800002',
    description: 'The cart has expired.',
    remedy: 'Make a new cart.',
    at,
    status: 400,
    requestId: 'r',
  },
  batchIds: ['night 1', 'night 2'],
  reference: 'PO 7',
  at,
  ...change,
});

onEachBackend('attention', (tables) => {
  const open = () => attentionStore(tables().attention);
  const read = async (row: { jobKey: string }) =>
    (await tables().attention.get('job', row.jobKey))?.properties;

  test('a row says what happened, and what a person can do', async () => {
    const row = attention({ evidence: '{"orders":[]}' });
    expect(await open().write(row, 'older')).toBe(true);
    expect(await read(row)).toEqual({
      version: 1,
      jobKey: row.jobKey,
      ...identityOf(row.jobKey),
      kind: 'failed',
      open: true,
      revision: 1,
      code: '800002',
      description: 'The cart has expired.',
      remedy: 'Make a new cart.',
      status: 400,
      requestId: 'r',
      batchIds: 'night 1,night 2',
      reference: 'PO 7',
      evidence: '{"orders":[]}',
      openedAt: at,
      at,
    });
  });

  test.each([
    ['older', 0, false],
    ['older', 1, false],
    ['older', 2, true],
    ['not-newer', 0, false],
    ['not-newer', 1, true],
    ['not-newer', 2, true],
  ] as const)('%s: revision %d over revision 1: %s', async (when, revision, wrote) => {
    const row = attention();
    await open().write(row, 'older');
    expect(await open().write({ ...row, kind: 'needs-decision', revision, at: at + 1 }, when)).toBe(wrote);
    expect((await read(row))?.['kind']).toBe(wrote ? 'needs-decision' : 'failed');
  });

  test('a question that is asked again keeps the time when it was asked first', async () => {
    const row = attention({ kind: 'needs-decision' });
    await open().write(row, 'not-newer');
    await open().write({ ...row, at: at + 5 }, 'not-newer');
    expect(await read(row)).toMatchObject({ openedAt: at, at: at + 5 });
    await open().write({ ...row, kind: 'failed', at: at + 6 }, 'not-newer');
    expect(await read(row)).toMatchObject({ openedAt: at + 6 });
  });

  test('closed: an open row of an older revision, once, and it keeps what it said', async () => {
    const row = attention();
    await open().write(row, 'older');
    expect(await open().close(row.jobKey, 1, at + 1, 'worker')).toBe(false);
    expect(await open().close(row.jobKey, 2, at + 1, 'worker')).toBe(true);
    expect(await open().close(row.jobKey, 3, at + 2, 'worker')).toBe(false);
    expect(await read(row)).toMatchObject({
      open: false,
      closedBy: 'worker',
      kind: 'failed',
      code: '800002',
      revision: 3,
    });
  });

  test('a slower delivery does not open what was closed for a newer revision', async () => {
    const row = attention({ revision: 1 });
    expect(await open().close(row.jobKey, 2, at, 'worker')).toBe(false);
    expect(await open().write(row, 'older')).toBe(false);
    expect((await read(row))?.['open']).toBe(false);
  });

  test('a rejected message keeps its bytes, and comes again without a second row', async () => {
    const message: RejectedMessage = {
      key: `${'a'.repeat(64)}:${at},${randomUUID()}`,
      body: Buffer.from([0xff, 0, ...Array.from({ length: 100_000 }, (_, n) => n % 256)]),
      messageId: '/#?',
      properties: '{"checkout-version":"x"}',
      reason: 'the body is not UTF-8 text',
      path: '',
      remedy: 'Send it again.',
      batchId: 'night 1',
      enqueuedAt: at,
      at,
    };
    await open().reject(message);
    await open().reject({ ...message, at: at + 1 });
    const properties = (await tables().attention.get('rejected', message.key))?.properties ?? {};
    expect(properties).toMatchObject({
      kind: 'rejected',
      open: true,
      messageId: '/#?',
      batchId: 'night 1',
      at,
    });
    expect(Buffer.from(message.body).equals(joinBytes('body', properties) ?? Buffer.alloc(0))).toBe(true);
    expect(joinText('properties', properties)).toBe(message.properties);
  });

  test('a rejected message larger than a row is cut, and says so', async () => {
    const key = `${randomUUID()}:1,2`;
    const body = Buffer.alloc(2_000_000, 7);
    const properties = 'p'.repeat(300_000);
    await open().reject({
      key,
      body,
      properties,
      messageId: 'm',
      reason: 'too large',
      path: '',
      remedy: 'x',
      enqueuedAt: at,
      at,
    });
    const stored = (await tables().attention.get('rejected', key))?.properties ?? {};
    expect(stored).toMatchObject({ truncated: true, wholeSize: 2_000_000 });
    expect(joinBytes('body', stored)?.byteLength).toBe(700 * 1024);
  });

  test('evidence larger than a row is cut, and says so', async () => {
    const row = attention({ evidence: 'e'.repeat(1_000_000) });
    await open().write(row, 'older');
    expect(await read(row)).toMatchObject({ truncated: true, wholeSize: 1_000_000 });
  });
});

test('the requests of a first write', async () => {
  const table = counted(memoryTable());
  await attentionStore(table).write(attention(), 'older');
  // The row, and then its place in the index of open rows: read, put there, and taken out of the other kinds.
  expect(table.requests).toEqual(['insert', 'get', 'insert', 'remove', 'remove', 'remove']);
});

test('a row that keeps changing is an outage, not an endless loop', async () => {
  const table = memoryTable();
  const row = attention();
  await attentionStore(table).write(row, 'older');
  const restless = { ...table, change: async () => ({ kind: 'refused', refusal: 'changed' }) as const };
  await expect(attentionStore(restless).write({ ...row, revision: 2 }, 'older')).rejects.toMatchObject({
    name: 'Unavailable',
  });
});

test('two deliveries at once: the newer revision stands', async () => {
  const table = memoryTable();
  const store = attentionStore(table);
  const row = attention();
  await Promise.all([4, 2, 5, 1, 3].map((revision) => store.write({ ...row, revision }, 'older')));
  expect(table.all().find(({ partition }) => partition === 'job')?.properties['revision']).toBe(5);
});

test('open rows are counted by kind, whoever closes them, without reading a closed one', async () => {
  const pages: string[] = [];
  const table = memoryTable({
    before: (operation) => {
      if (operation.kind === 'page') pages.push(operation.partition);
      return undefined;
    },
  });
  const store = attentionStore(table);
  const rows = Array.from({ length: 20 }, () => attention());
  for (const row of rows) await store.write(row, 'older');
  for (const row of rows.slice(2)) await store.close(row.jobKey, 2, at, 'worker');
  // One becomes a question.
  const [question] = rows;
  if (question === undefined) throw new Error('no row');
  await store.write({ ...question, kind: 'needs-decision', revision: 2 }, 'older');
  pages.length = 0;
  expect(await countOpen(table)).toEqual({
    failed: 1,
    partial: 0,
    'needs-decision': 1,
    'pending-too-long': 0,
    rejected: 0,
  });
  expect(pages).toEqual(['open']);
  expect(table.all().filter(({ partition }) => partition === 'open')).toHaveLength(2);
});

test('who takes a row has it until the question changes, or it is given back', async () => {
  const table = memoryTable();
  const store = attentionStore(table);
  const rows = attentionRows(table);
  const row = attention();
  const read = () => rows.ofJob(row.jobKey);
  const found = async () => (await read()) ?? expect.fail('the row is gone');
  await store.write(row, 'older');
  expect(await rows.take(await found(), 'ada', at + 1)).toBe('taken');
  expect(await found()).toMatchObject({ takenBy: 'ada', takenAt: at + 1, open: true });
  const old = await found();
  await store.write({ ...row, revision: 2, at: at + 2 }, 'older');
  expect(await found()).toMatchObject({ revision: 2, takenBy: 'ada', takenAt: at + 1 });
  // The worker wrote the row since it was read.
  expect(await rows.take(old, 'ben', at + 3)).toBe('changed');
  expect(await rows.take(await found(), undefined, at + 4)).toBe('taken');
  expect((await found()).takenBy).toBeUndefined();
  await rows.take(await found(), 'ada', at + 5);
  await store.write({ ...row, kind: 'needs-decision', revision: 3 }, 'older');
  expect((await found()).takenBy).toBeUndefined();
  await rows.close(await found(), 'ada', at + 6);
  expect(await rows.take(await found(), 'ben', at + 7)).toBe('changed');
});

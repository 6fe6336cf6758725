/** Promise: people see each open row of the to-do list, and closing one loses nothing. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { countOpen, indexRows, openAttention } from '../../src/adapters/azure-tables/open-attention.ts';
import type { JobAttention } from '../../src/domain/checkout/attention-row.ts';
import { identityOf, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { AttentionFilter, AttentionRow } from '../../src/ports/attention-rows.ts';
import { asOperator } from '../support/as-operator.ts';
import { onEachBackend } from './backends.ts';

const at = 1_764_000_000_000;
const newJobKey = (customerId: string = randomUUID()) => jobKeyOf({ customerId, cartId: randomUUID() });

onEachBackend('attention rows', (tables) => {
  const worker = () => attentionStore(tables().attention);
  const people = () => attentionRows(asOperator(tables().attention));
  const failed = (change: Partial<JobAttention> = {}): JobAttention => ({
    jobKey: newJobKey(),
    kind: 'failed',
    open: true,
    revision: 1,
    reason: { code: '800009', description: 'Items have errors.', remedy: 'Mend the lines.', at },
    batchIds: ['night 1'],
    at,
    ...change,
  });
  const listed = async (filter: AttentionFilter): Promise<AttentionRow[]> => {
    const rows: AttentionRow[] = [];
    for await (const row of people().list(filter)) rows.push(row);
    return rows;
  };
  const reject = async (change: { closedBy?: string } = {}, by = worker()) => {
    const key = `${randomUUID()}:${at}-7`;
    await by.reject({
      key,
      body: Buffer.from('hello'),
      messageId: 'm1',
      properties: '{}',
      reason: 'not-json: the body is not JSON',
      path: '',
      remedy: 'Mend the message.',
      batchId: 'night 1',
      enqueuedAt: at,
      at,
      ...change,
    });
    return key;
  };

  test('what the worker closed without ever opening it is no row for people', async () => {
    const { jobKey } = failed();
    const { customerId } = identityOf(jobKey);
    await worker().close(jobKey, 3, at, 'the worker');
    expect(await listed({ customerId, all: true })).toEqual([]);
    expect(await people().ofJob(jobKey)).toBeUndefined();
    // It still keeps a slower delivery from opening it.
    await worker().write(failed({ jobKey, revision: 2 }), 'older');
    expect(await listed({ customerId, all: true })).toEqual([]);
  });

  test('a list holds what is open and asked for, without its evidence', async () => {
    const row = failed({ evidence: '{}' });
    const { jobKey } = row;
    const { customerId } = identityOf(jobKey);
    await worker().write(row, 'older');
    await worker().write(failed({ jobKey: newJobKey(customerId), open: false }), 'older');
    expect(await listed({ customerId })).toEqual([
      {
        kind: 'failed',
        open: true,
        jobKey,
        key: jobKey,
        code: '800009',
        description: 'Items have errors.',
        remedy: 'Mend the lines.',
        revision: 1,
        at,
        openedAt: at,
        batchIds: ['night 1'],
        moreBatches: false,
      },
    ]);
    expect(await listed({ customerId, all: true })).toHaveLength(2);
    expect(await listed({ customerId, code: '1' })).toEqual([]);
    expect(await listed({ customerId, since: at + 1 })).toEqual([]);
    expect(await listed({ customerId, batchId: 'night 1' })).toHaveLength(1);
    expect(await listed({ customerId, batchId: 'night' })).toEqual([]);
    expect(await listed({ customerId, kind: 'partial' })).toEqual([]);
    expect(await people().ofJob(jobKey)).toMatchObject({ evidence: '{}' });
  });

  test('a rejected message has its own kind, its field and its key; it is closed by hand', async () => {
    const key = await reject();
    const found = (await listed({ kind: 'rejected', batchId: 'night 1' })).find((row) => row.key === key);
    expect(found).toMatchObject({ code: 'not-json', description: 'the body is not JSON', messageId: 'm1' });
    expect(found?.jobKey).toBeUndefined();
    if (found === undefined) return;
    expect(await people().close(found, 'ann', at + 1)).toBe('closed');
    expect(await people().close(found, 'ben', at + 2)).toBe('closed');
    expect(await people().rejected(key)).toMatchObject({ open: false, closedBy: 'ann', closedAt: at + 1 });
    const discarded = await reject({ closedBy: 'ann' });
    expect(await people().rejected(discarded)).toMatchObject({ open: false, closedBy: 'ann' });
  });

  test('a row that the worker has written since is not closed; one that was closed opens with the next revision', async () => {
    const row = failed();
    await worker().write(row, 'older');
    const seen = await people().ofJob(row.jobKey);
    if (seen === undefined) throw new Error('no row');
    await worker().write({ ...row, revision: 2 }, 'older');
    expect(await people().close(seen, 'ann', at)).toBe('changed');
    const again = await people().ofJob(row.jobKey);
    expect(again?.open).toBe(true);
    if (again === undefined) return;
    expect(await people().close(again, 'ann', at)).toBe('closed');
    await worker().write({ ...row, revision: 2 }, 'older');
    expect(await people().ofJob(row.jobKey)).toMatchObject({ open: false, closedBy: 'ann' });
    await worker().write({ ...row, revision: 3 }, 'older');
    const reopened = await people().ofJob(row.jobKey);
    expect(reopened?.open).toBe(true);
    expect(reopened?.closedBy).toBeUndefined();
  });

  const indexKeyOf = ({ kind, jobKey }: JobAttention) => `${kind}:${jobKey}`;
  const indexRow = async (row: JobAttention) =>
    (await tables().attention.get('open', indexKeyOf(row)))?.properties;
  const readBack = async ({ jobKey }: JobAttention) =>
    (await people().ofJob(jobKey)) ?? expect.fail('the row is gone');
  const indexed = async (row: JobAttention) => {
    for await (const { key } of indexRows(tables().attention)) if (key === indexKeyOf(row)) return true;
    return false;
  };
  /** What a tick reads; it removes what people closed. */
  const openAt = async (openedAt: number) => {
    let count = 0;
    for await (const row of openAttention(tables().attention)) if (row.openedAt === openedAt) count += 1;
    return count;
  };
  const opened = async () => {
    const row = failed({ at: Math.floor(Math.random() * at) });
    await worker().write(row, 'older');
    return row;
  };

  test('who may delete no row closes one: every count passes over it, and the next tick removes it from the index', async () => {
    const row = await opened();
    const before = await countOpen(tables().attention);
    expect(await people().close(await readBack(row), 'ann', at + 1)).toBe('closed');
    expect(await indexed(row)).toBe(false);
    expect((await countOpen(tables().attention)).failed).toBe(before.failed - 1);
    expect(await indexRow(row)).toMatchObject({ closed: true });
    expect(await openAt(row.at)).toBe(0);
    expect(await indexRow(row)).toBeUndefined();
  });

  test('a second close mends what a close that died left in the index', async () => {
    const row = await opened();
    const table = tables().attention;
    const stored = (await table.get('job', row.jobKey)) ?? expect.fail('no row');
    await table.change({
      kind: 'replace',
      row: { ...stored, properties: { ...stored.properties, open: false } },
    });
    expect(await indexed(row)).toBe(true);
    expect(await people().close(await readBack(row), 'ann', at + 1)).toBe('closed');
    expect(await indexed(row)).toBe(false);
  });

  test('a row that the worker opens again is counted again, before a tick and after it', async () => {
    const row = await opened();
    await people().close(await readBack(row), 'ann', at + 1);
    const next = { ...row, revision: 2, at: row.at + 1 };
    await worker().write(next, 'older');
    expect(await indexed(row)).toBe(true);
    expect(await openAt(next.at)).toBe(1);
    expect(await indexRow(row)).toMatchObject({ openedAt: next.at, closed: false });
  });

  test('a mark that comes after the worker opened the row again is taken off by the next tick', async () => {
    const row = await opened();
    const change = { partition: 'open', key: indexKeyOf(row), properties: { closed: true } };
    await tables().attention.change({ kind: 'merge', row: change });
    expect(await openAt(row.at)).toBe(0);
    expect(await openAt(row.at)).toBe(1);
  });

  test('who may delete no row keeps a discarded message', async () => {
    const counts = await countOpen(tables().attention);
    const key = await reject({ closedBy: 'ann' }, attentionStore(asOperator(tables().attention)));
    expect(await people().rejected(key)).toMatchObject({ open: false, closedBy: 'ann' });
    expect(await countOpen(tables().attention)).toEqual(counts);
  });
});

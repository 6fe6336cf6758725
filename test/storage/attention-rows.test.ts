/** Promise: people see each open row of the to-do list, and closing one loses nothing. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import type { JobAttention } from '../../src/domain/checkout/attention-row.ts';
import { identityOf, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { AttentionFilter, AttentionRow } from '../../src/ports/attention-rows.ts';
import { onEachBackend } from './backends.ts';

const at = 1_764_000_000_000;
const newJobKey = (customerId: string = randomUUID()) => jobKeyOf({ customerId, cartId: randomUUID() });

onEachBackend('attention rows', (tables) => {
  const worker = () => attentionStore(tables().attention);
  const people = () => attentionRows(tables().attention);
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
  const reject = async (change: { closedBy?: string } = {}) => {
    const key = `${randomUUID()}:${at}-7`;
    await worker().reject({
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
});

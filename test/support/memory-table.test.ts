/** Promise: the table of the tests fails as a test asks it to. */

import { expect, test } from 'vitest';
import type { Change } from '../../src/ports/table.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { type Fault, memoryTable } from './memory-table.ts';

const row = (key: string, n = 0) => ({ partition: 'p', key, properties: { n } });
const insert = (key: string): Change => ({ kind: 'insert', row: row(key) });

/** A table whose next operation goes wrong in the given way. */
function faulty() {
  const next: { fault?: Fault } = {};
  const table = memoryTable({
    before: () => {
      const { fault } = next;
      delete next.fault;
      return fault;
    },
  });
  return { table, next };
}

test('inserts, replaces and removes by ETag', async () => {
  const table = memoryTable();
  const first = await table.change(insert('a'));
  expect(await table.change(insert('a'))).toEqual({ kind: 'refused', refusal: 'exists' });
  const etag = first.kind === 'done' ? first.etag : '';
  const second = await table.change({ kind: 'replace', row: row('a', 1), etag });
  expect(second.kind).toBe('done');
  expect(await table.change({ kind: 'replace', row: row('a', 2), etag })).toMatchObject({
    refusal: 'changed',
  });
  expect(await table.change({ kind: 'remove', partition: 'p', key: 'a', etag })).toMatchObject({
    refusal: 'changed',
  });
  expect((await table.get('p', 'a'))?.properties).toEqual({ n: 1 });
  expect(await table.change({ kind: 'remove', partition: 'p', key: 'a' })).toMatchObject({ kind: 'done' });
  expect(await table.change({ kind: 'replace', row: row('a'), etag })).toMatchObject({ refusal: 'missing' });
  expect(await table.change({ kind: 'remove', partition: 'p', key: 'a' })).toMatchObject({
    refusal: 'missing',
  });
  expect(await table.get('p', 'a')).toBeUndefined();
});

test('a transaction is all or nothing, and says which change was refused', async () => {
  const table = memoryTable();
  await table.change(insert('b'));
  expect(await table.transact([insert('a'), insert('b')])).toEqual({
    kind: 'refused',
    refusal: 'exists',
    index: 1,
  });
  expect(table.all().map(({ key }) => key)).toEqual(['b']);
  await expect(table.transact([insert('c'), insert('c')])).rejects.toThrow('InvalidDuplicateRow');
});

test('each fault does what it says', async () => {
  const { table, next } = faulty();
  next.fault = 'unreached';
  await expect(table.change(insert('a'))).rejects.toBeInstanceOf(Unavailable);
  expect(await table.get('p', 'a')).toBeUndefined();
  next.fault = 'unanswered';
  await expect(table.change(insert('a'))).rejects.toBeInstanceOf(Unavailable);
  const stored = await table.get('p', 'a');
  next.fault = 'echo';
  expect(await table.change({ kind: 'replace', row: row('a', 5), etag: stored?.etag ?? '' })).toMatchObject({
    refusal: 'changed',
  });
  expect((await table.get('p', 'a'))?.properties).toEqual({ n: 5 });
  next.fault = 'echo';
  expect(await table.transact([insert('b'), insert('c')])).toMatchObject({ refusal: 'exists', index: 0 });
  next.fault = 'echo';
  expect(await table.change({ kind: 'remove', partition: 'p', key: 'b' })).toMatchObject({
    refusal: 'missing',
  });
  expect(table.all().map(({ key }) => key)).toEqual(['a', 'c']);
});

test('rows come in ordinal order, page by page, from included, to excluded', async () => {
  const pages: string[] = [];
  const table = memoryTable({
    pageSize: 2,
    before: (operation) => {
      if (operation.kind === 'page') pages.push(operation.from);
      return undefined;
    },
  });
  for (const key of ['b', 'a', 'Z', 'é', 'c', 'b\u{1F600}']) await table.change(insert(key));
  const read = async (from: string, to: string) => {
    const keys: string[] = [];
    for await (const { key } of table.rows({ partition: 'p', from, to })) keys.push(key);
    return keys;
  };
  expect(await read('', '\uffff')).toEqual(['Z', 'a', 'b', 'b\u{1F600}', 'c', 'é']);
  expect(pages).toHaveLength(4);
  expect(await read('a', 'c')).toEqual(['a', 'b', 'b\u{1F600}']);
});

/** Promise: a list sends each good line once and names each bad one. */

import { describe, expect, test } from 'vitest';
import { type CheckOptions, checkList } from '../../src/operator/list/check-list.ts';
import type { ListLine } from '../../src/operator/list/list-line.ts';

const a = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const b = '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';
const c = '3f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';

async function check(values: readonly unknown[], options: Partial<CheckOptions> = {}) {
  async function* lines(): AsyncGenerator<ListLine> {
    for (const [index, value] of values.entries()) yield { number: index + 2, value };
  }
  const list = await checkList(lines(), options);
  return { ...list, bodies: list.jobs.map(({ body }) => body) };
}

test('a cart that stands there twice is kept once, the first line of it; ids in any case are one', async () => {
  const { bodies, ...list } = await check([
    { customerId: a, cartId: b, reference: 'first' },
    { customerId: a, cartId: c },
    { customerId: a.toUpperCase(), cartId: b.toUpperCase(), reference: 'second' },
  ]);
  expect(bodies).toEqual([
    { customerId: a, cartId: b, reference: 'first' },
    { customerId: a, cartId: c },
  ]);
  expect(list).toMatchObject({ lines: 3, duplicates: 1, invalid: 0, batchSize: 2 });
});

test('the same cart id of two customers is two carts', async () => {
  const list = await check([
    { customerId: a, cartId: b },
    { customerId: c, cartId: b },
  ]);
  expect(list).toMatchObject({ lines: 2, duplicates: 0 });
});

test('each invalid line is told with its number, field and reason, and the others are kept', async () => {
  const { bodies, ...list } = await check([
    { customerId: a, cartId: b },
    { customerId: 'contoso', cartId: b },
    { customerId: a, cartId: b, notafter: '2026-11-24T00:00:00Z' },
    'text',
  ]);
  expect(bodies).toHaveLength(1);
  expect(list).toMatchObject({ lines: 4, invalid: 3, duplicates: 0 });
  expect(list.problems).toMatchObject([
    { line: 3, field: 'customerId', reason: expect.stringContaining('must be a GUID') },
    { line: 4, field: 'notafter', reason: expect.stringContaining('unknown field') },
    { line: 5, field: '' },
  ]);
});

describe('the batch', () => {
  const jobs = [
    { customerId: a, cartId: b, reference: 'x' },
    { customerId: a, cartId: c },
  ];
  test('has an id made from the jobs: same jobs, same id, however they are written', async () => {
    const list = await check(jobs);
    const again = await check([{ reference: 'x', cartId: b.toUpperCase(), customerId: a }, ...jobs]);
    const other = await check([{ ...jobs[0], reference: 'y' }, jobs[1]]);
    expect(list.batchId).toMatch(/^list-[0-9a-f]{16}$/);
    expect(again.batchId).toBe(list.batchId);
    expect(other.batchId).not.toBe(list.batchId);
  });

  test('may be named by the lines, all alike, and declare more than the list holds', async () => {
    const lines = jobs.map((job) => ({ ...job, batchId: 'night', batchSize: 500 }));
    const { bodies, ...list } = await check(lines);
    expect(list).toMatchObject({ batchId: 'night', batchSize: 500 });
    expect(bodies).toEqual(jobs);
    const mixed = await check([lines[0], { ...lines[1], batchId: 'other' }]);
    expect(mixed.problems).toEqual([
      { line: 3, field: 'batchId', reason: '"other", but line 2 says "night": a list is one batch' },
    ]);
    const given = await check(lines, { batchId: 'mine' });
    expect(given).toMatchObject({ batchId: 'mine', invalid: 2 });
  });
});

test('a line whose notAfter lies before the start of the batch is not valid', async () => {
  const line = { customerId: a, cartId: b, notAfter: '2026-11-24T02:00:00Z' };
  const late = await check([line], { notBefore: Date.parse('2026-11-24T02:00:00Z') });
  expect(late.problems).toMatchObject([{ line: 2, field: 'notAfter' }]);
  const early = await check([line], { notBefore: Date.parse('2026-11-24T01:59:59Z') });
  expect(early.invalid).toBe(0);
});

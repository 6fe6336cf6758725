import { describe, expect, test } from 'vitest';
import { readList } from '../../local/night/list.ts';

const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const cartId = '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';
const bodies = (text: string) => readList(text).lines.map(({ number, body }) => [number, body]);

describe('CSV', () => {
  test.for([
    ['commas', ',', '\n', ''],
    ['semicolons', ';', '\n', ''],
    ['tabs', '\t', '\n', ''],
    ['lines of Windows and a byte order mark', ';', '\r\n', '\uFEFF'],
  ] as const)('%s', ([, mark, end, before]) => {
    const rows = [
      ['customerId', 'cartId', 'reference', 'batchSize'],
      [customerId, cartId, '"PO 1"', '3'],
    ];
    expect(readList(before + rows.map((row) => row.join(mark)).join(end) + end).lines).toEqual([
      { number: 2, body: { customerId, cartId, reference: 'PO 1', batchSize: 3 }, customerId, cartId },
    ]);
  });

  test('numbers are those of the file, empty lines included; empty cells are left out', () => {
    expect(bodies(`customerId,cartId,notAfter\n\n${customerId},${cartId},\n`)).toEqual([
      [3, { customerId, cartId }],
    ]);
  });

  test('a quote that is never closed spoils its line alone, and a cell too many is told by its column', () => {
    expect(bodies(`customerId,cartId\n"${customerId},${cartId}\n${customerId},${cartId},extra`)).toEqual([
      [2, `"${customerId},${cartId}`],
      [3, { customerId, cartId, 'column 3': 'extra' }],
    ]);
  });
});

test('one JSON object a line; what is none goes as it is, for the worker to refuse', () => {
  const upper = { customerId: customerId.toUpperCase(), cartId };
  const text = `\uFEFF${JSON.stringify(upper)}\r\n{"customerId":\n\n[1]\n`;
  expect(readList(text).lines).toEqual([
    { number: 1, body: upper, customerId, cartId },
    { number: 2, body: '{"customerId":' },
    { number: 4, body: [1] },
  ]);
});

test('a line that no message can hold is told, the others go', () => {
  const { lines, tooLong } = readList(`{"customerId":1}\n{"x":"${'y'.repeat(300_000)}"}\n{"cartId":2}`);
  expect(tooLong).toEqual([2]);
  expect(lines.map(({ number }) => number)).toEqual([1, 3]);
});

test('nothing is no line', () => {
  expect(readList('').lines).toEqual([]);
  expect(readList('customerId,cartId\n').lines).toEqual([]);
});

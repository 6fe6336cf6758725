/** Promise: a list is read in each form that people have. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListLine } from '../../src/operator/list/list-line.ts';
import { maxLines, readList } from '../../src/operator/list/read-list.ts';

const a = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const b = '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';

async function read(content: string | Uint8Array, pieceBytes = 7): Promise<readonly ListLine[]> {
  const bytes = Buffer.from(content);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  return all(pieces());
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<readonly ListLine[]> {
  const lines: ListLine[] = [];
  for await (const line of readList(bytes)) lines.push(line);
  return lines;
}

const one = [{ number: 2, value: { customerId: a, cartId: b, reference: 'PO 1' } }];
const csv = `customerId,cartId,reference\n${a},${b},PO 1\n`;

describe('one job, however it is written', () => {
  const utf16be = Buffer.from(`\uFEFF${csv}`, 'utf16le').swap16();
  const ways: readonly [string, string | Uint8Array][] = [
    ['plain', csv],
    ['no line end at the end', csv.trimEnd()],
    ['BOM', `\uFEFF${csv}`],
    ['CRLF', csv.replaceAll('\n', '\r\n')],
    ['semicolons', csv.replaceAll(',', ';')],
    ['tabs', csv.replaceAll(',', '\t')],
    ['quotes', `"customerId","cartId","reference"\n"${a}","${b}","PO 1"\n`],
    ['spaces around cells', csv.replaceAll(',', ' , ')],
    ['columns in another order', `reference,cartId,customerId\nPO 1,${b},${a}\n`],
    ['empty cells', `customerId,cartId,reference,notAfter\n${a},${b},PO 1,\n`],
    ['columns without a name', `customerId,cartId,reference,,\n${a},${b},PO 1,,\n`],
    ['UTF-16, little end first', Buffer.from(`\uFEFF${csv}`, 'utf16le')],
    ['UTF-16, big end first', utf16be],
  ];
  test.each(ways)('%s', async (_name, content) => {
    expect(await read(content)).toEqual(one);
    expect(await read(content, 1)).toEqual(one);
    expect(await read(content, 10_000)).toEqual(one);
  });

  test('JSON lines, blank ones among them', async () => {
    const job = { customerId: a, cartId: b };
    const text = `\n${JSON.stringify(job)}\r\n\n${JSON.stringify(job)}`;
    expect(await read(text)).toEqual([
      { number: 2, value: job },
      { number: 4, value: job },
    ]);
  });
});

test('blank lines and lines of empty cells are no jobs, and the numbers stay those of the file', async () => {
  expect(await read(`customerId,cartId\n\n${a},${b}\n,\n\n${b},${a}\n`)).toEqual([
    { number: 3, value: { customerId: a, cartId: b } },
    { number: 6, value: { customerId: b, cartId: a } },
  ]);
});

test.each([
  ["Excel's sep line", `sep=|\ncustomerId|cartId\n${a}|${b}\n`],
  ['a sep line with a tab', `sep=\t\r\ncustomerId\tcartId\r\n${a}\t${b}\r\n`],
  ['a sep line in quotes', `"sep=;"\ncustomerId;cartId\n${a};${b}\n`],
  [
    'Export-Csv of Windows PowerShell',
    `#TYPE System.Management.Automation.PSCustomObject\r\n"customerId","cartId"\r\n"${a}","${b}"\r\n`,
  ],
  [
    'Export-Csv -UseCulture in UTF-16',
    Buffer.from(`\uFEFF#TYPE Selected.Cart, v=1\r\n"customerId";"cartId"\r\n"${a}";"${b}"\r\n`, 'utf16le'),
  ],
])('%s before the header', async (_name, content) => {
  for (const pieceBytes of [1, 7, 10_000])
    expect(await read(content, pieceBytes)).toEqual([{ number: 3, value: { customerId: a, cartId: b } }]);
});

test('an open quote is told with the line where it opens', async () => {
  const text = `customerId,cartId\n${a},${b}\n${a},"${b}\n${`${b},${a}\n`.repeat(9)}`;
  await expect(read(text, 10_000)).rejects.toThrow(/^Line 3: a quote is opened and not closed/);
});

test('a quoted cell may hold the delimiter, quotes and line ends', async () => {
  const lines = await read(`customerId,cartId,reference\n${a},${b},"one, ""two""\nthree"\n`);
  expect(lines).toMatchObject([{ value: { reference: 'one, "two"\nthree' } }]);
});

test('any cells come back as they were written, whatever the pieces', async () => {
  const cell = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .map((text) => text.replace(/[\0\uFEFF]/g, '').trim());
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 200 }),
      async (cells, delimiter, end, pieceBytes) => {
        const rows = cells.map((text) => [a, b, quoted(text)].join(delimiter));
        const text = [['customerId', 'cartId', 'reference'].join(delimiter), ...rows].join(end);
        const lines = await read(text, pieceBytes);
        expect(lines.map((line) => ('value' in line ? line.value : line))).toEqual(
          cells.map((reference) => ({
            customerId: a,
            cartId: b,
            ...(reference === '' ? {} : { reference }),
          })),
        );
      },
    ),
    { numRuns: 200 },
  );
});

describe('a line that cannot be read is a problem of that line', () => {
  test('too few cells, cells under no column', async () => {
    expect(await read(`customerId,cartId,reference\n${a},${b}\n${a},${b},x,y\n${a},${b},z\n`)).toEqual([
      { number: 2, field: 'reference', reason: '2 cells, the header has 3' },
      { number: 3, field: '', reason: 'cell 4 stands under no column' },
      { number: 4, value: { customerId: a, cartId: b, reference: 'z' } },
    ]);
  });

  test('no JSON; a line without end', async () => {
    const lines = await read(
      `{"cartId":1}\n{"cartId":\n{"x":"${'y'.repeat(300_000)}"}\n{"cartId":2}`,
      60_000,
    );
    expect(lines).toMatchObject([
      { number: 1, value: { cartId: 1 } },
      { number: 2, field: '', reason: expect.stringMatching(/^not JSON: /) },
      { number: 3, field: '', reason: 'more than 65536 characters' },
      { number: 4, value: { cartId: 2 } },
    ]);
  });
});

describe('a list that cannot be read says what it is and what to do', () => {
  const cases: readonly [string, string | Uint8Array, RegExp][] = [
    [
      'another header',
      'id;name\n1;2\n',
      /unknown column "id".*no column customerId and cartId.*Found: "id", "name".*Expected: customerId, cartId/,
    ],
    [
      'a header spelled otherwise',
      `CustomerID,cart_id\n${a},${b}\n`,
      /"CustomerID" \(write customerId\); unknown column "cart_id" \(write cartId\)\. Found/,
    ],
    ['no header', `${a},${b}\n`, /unknown column "7c1f/],
    ['a column twice', `customerId,cartId,cartId\n${a},${b},${b}\n`, /column cartId stands there twice/],
    ['a JSON array', '[{"cartId":1}]', /JSON array/],
    ['a JSON array on one line of any length', `\n [${'{"cartId":1},'.repeat(20_000)}{}]`, /JSON array/],
    ['one endless line', 'x'.repeat(200_000), /first line has more than 65536 characters/],
    [
      'an open quote',
      `customerId,cartId\n${a},"${b}\n${a},${b}\n`,
      /Line \d+: a quote is opened and not closed/,
    ],
    [
      'an open quote in a long list',
      `customerId,cartId\n${a},"${b}\n${`${a},${b}\n`.repeat(2_000)}`,
      /a quote is opened and not closed/,
    ],
    ['a quote inside a cell', `customerId,cartId\n${a},b"c"\n`, /Line 2: .*A quote inside a cell/],
    [
      'Windows-1252',
      Buffer.from(`customerId,cartId,reference\n${a},${b},M\xfcller\n`, 'latin1'),
      /After line \d there are bytes that are no UTF-8/,
    ],
    ['UTF-16 without its mark', Buffer.from(csv, 'utf16le'), /NUL characters/],
    ['an Excel workbook', Buffer.from('PK\x03\x04rest'), /Excel workbook/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0]), /gunzip/],
  ];
  test.each(cases)('%s', async (_name, content, message) => {
    await expect(read(content, 5_000)).rejects.toThrow(message);
  });
});

test('a list of too many lines is refused at the first that is too many', async () => {
  async function* pieces(lines: number) {
    yield Buffer.from('customerId,cartId\n');
    for (let sent = 0; sent < lines; sent += 1_000)
      yield Buffer.from(`${a},${b}\n`.repeat(Math.min(1_000, lines - sent)));
  }
  expect(await all(pieces(maxLines))).toHaveLength(maxLines);
  await expect(all(pieces(maxLines + 1))).rejects.toThrow(
    /more than 200000 lines, at line 200002\. Split it into several lists/,
  );
});

test('an empty list has no lines', async () => {
  expect(await read('')).toEqual([]);
  expect(await read('\n \r\n')).toEqual([]);
  expect(await read('customerId,cartId\n')).toEqual([]);
});

test('a pipe that breaks is told, not taken for the end', async () => {
  async function* broken() {
    yield Buffer.from(csv);
    throw new Error('read ECONNRESET');
  }
  await expect(all(broken())).rejects.toThrow('ECONNRESET');
});

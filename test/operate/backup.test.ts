/** Promise: backup does what its page says, with bad input too. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BadExport,
  type ExportedRow,
  endLine,
  headerLine,
  newDigest,
  readLine,
  rowLine,
} from '../../src/operator/backup/export-lines.ts';
import { type BackupTables, exportRows } from '../../src/operator/backup/export-rows.ts';
import { checkExport, importRows, whyNotImport } from '../../src/operator/backup/import-rows.ts';
import { memoryTable } from '../support/memory-table.ts';

const tables = () =>
  ({
    checkouts: memoryTable(),
    schedule: memoryTable(),
    attention: memoryTable(),
    batches: memoryTable(),
  }) satisfies BackupTables;

async function filled(): Promise<ReturnType<typeof tables>> {
  const made = tables();
  for (let number = 0; number < 25; number += 1)
    await made.checkouts.change({
      kind: 'insert',
      row: {
        partition: `customer-${number % 3}`,
        key: `cart:${number}`,
        properties: {
          text: `ü "${number}"\n`,
          count: number,
          yes: number % 2 === 0,
          bytes: new Uint8Array([0, 255]),
        },
      },
    });
  await made.schedule.change({
    kind: 'insert',
    row: { partition: 'entries', key: 'job:1', properties: { dueAt: 1.5 } },
  });
  await made.batches.change({ kind: 'insert', row: { partition: 'b', key: 'summary', properties: {} } });
  return made;
}

async function exported(from: BackupTables, after?: ExportedRow): Promise<readonly string[]> {
  const digest = newDigest();
  const lines: string[] = [];
  for await (const row of exportRows(from, after)) {
    const line = rowLine(row);
    digest.add(line);
    lines.push(line);
  }
  return [headerLine(0), ...lines, endLine(digest.rows, digest.sha256())];
}

async function* asLines(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const all = (each: ReturnType<typeof tables>) =>
  Object.values(each).map((table) =>
    table.all().map(({ partition, key, properties }) => ({ partition, key, properties })),
  );

const options = { skip: 0, signal: new AbortController().signal, onProgress: () => {} };

test('what was exported comes back with its types, and an export of it has the same digest', async () => {
  const source = await filled();
  const lines = await exported(source);
  const target = tables();
  expect(await checkExport(asLines(lines))).toMatchObject({ rows: 27 });
  expect(await importRows(target, asLines(lines), options)).toBe(27);
  expect(all(target)).toEqual(all(source));
  expect((await exported(target)).at(-1)).toBe(lines.at(-1));
});

test('every property survives its line', () => {
  const property = fc.oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.uint8Array(),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), property), (properties) => {
      const line = readLine(rowLine({ table: 'attention', partition: 'p', key: 'k', properties }), 2);
      const read = line.kind === 'row' ? line.row.properties : {};
      // JSON has one zero.
      for (const [name, value] of Object.entries(properties))
        expect(read[name]).toEqual(value === 0 ? 0 : value);
    }),
  );
});

test('an export goes on behind the last row that it has', async () => {
  const source = await filled();
  const lines = await exported(source);
  const half = readLine(lines[13] ?? '', 14);
  if (half.kind !== 'row') throw new Error('no row');
  const rest = await exported(source, half.row);
  expect(rest.slice(1, -1)).toEqual(lines.slice(14, -1));
});

test.each([
  ['cut off', (lines: readonly string[]) => lines.slice(0, -1), /is not complete/],
  [
    'cut off within a line',
    (lines: readonly string[]) => [...lines.slice(0, 5), lines[5]?.slice(0, 9) ?? ''],
    /Line 6 is not JSON/,
  ],
  [
    'with a row changed',
    (lines: readonly string[]) => lines.map((line) => line.replace('customer-1', 'customer-9')),
    /not what was written/,
  ],
  ['with a row removed', (lines: readonly string[]) => lines.toSpliced(3, 1), /not what was written/],
  ['of something else', () => ['{"a":1}'], /not an export of the checkout worker/],
  ['that is no JSON', () => ['customerId,cartId'], /not an export of the checkout worker/],
  [
    'without its header',
    (lines: readonly string[]) => [lines.at(-1) ?? ''],
    /not an export of the checkout worker/,
  ],
  [
    'with rows behind its end',
    (lines: readonly string[]) => [...lines, lines[3] ?? ''],
    /comes after the end/,
  ],
])('an export %s is refused before a row is written', async (_, spoil, message) => {
  const lines = spoil(await exported(await filled()));
  await expect(checkExport(asLines(lines))).rejects.toThrow(message);
  await expect(checkExport(asLines(lines))).rejects.toBeInstanceOf(BadExport);
});

test('an import that was stopped goes on with the rows that are missing', async () => {
  const source = await filled();
  const lines = await exported(source);
  const target = tables();
  let writes = 0;
  const counting = {
    ...target,
    checkouts: memoryTable({
      before: () => {
        writes += 1;
        return undefined;
      },
    }),
  };
  await importRows(counting, asLines(lines), { ...options, skip: 20 });
  // Five of 25 rows of this table were left.
  expect(writes).toBe(5);
});

const now = 100 * 60_000;
const empty = { filled: false, paused: false, lastTick: undefined, now };

test.each([
  ['new tables', empty, false, undefined],
  ['filled tables', { ...empty, filled: true }, false, /hold rows already/],
  ['filled tables, when told', { ...empty, filled: true }, true, undefined],
  ['a running worker', { ...empty, lastTick: now - 60_000 }, true, /a worker runs/],
  ['a running worker that is paused', { ...empty, lastTick: now - 60_000, paused: true }, false, undefined],
  ['a worker that stopped long ago', { ...empty, lastTick: now - 3_600_000 }, false, undefined],
] as const)('import into %s', (_, view, over, expected) => {
  const why = whyNotImport(view, over);
  if (expected === undefined) expect(why).toBeUndefined();
  else expect(why).toMatch(expected);
});

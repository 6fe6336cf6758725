/** Promise: a rehearsal reads a list as `enqueue` does. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openList } from '../../local/night/list.ts';
import type { Plan } from '../../local/night/plan.ts';
import type { Progress } from '../../local/night/progress.ts';
import { wrongOf } from '../../local/night/run-night.ts';

const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const cartId = '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'night-list-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened = (content: string | Buffer) => {
  const path = join(folder, 'list');
  writeFileSync(path, content);
  return openList(path);
};

describe('a rehearsal reads a list as enqueue does', () => {
  test.for([
    ['commas', ',', '\n', 'utf8'],
    ['semicolons', ';', '\n', 'utf8'],
    ['lines of Windows', ';', '\r\n', 'utf8'],
    ['UTF-16, as Excel writes it', '\t', '\r\n', 'utf16le'],
  ] as const)('%s', async ([, mark, end, encoding]) => {
    const rows = [
      ['customerId', 'cartId', 'reference', 'batchSize'],
      [customerId, cartId, '"PO 1"', '3'],
    ];
    const text = `\uFEFF${rows.map((row) => row.join(mark)).join(end)}${end}`;
    expect(await opened(Buffer.from(text, encoding))).toEqual({
      lines: [
        { number: 2, body: { customerId, cartId, reference: 'PO 1', batchSize: 3 }, customerId, cartId },
      ],
      unread: [],
    });
  });

  test('ids in capitals name the same cart; a line that is no JSON is not sent, and told by its number', async () => {
    const upper = { customerId: customerId.toUpperCase(), cartId };
    const { lines, unread } = await opened(`${JSON.stringify(upper)}\n{"customerId":\n`);
    expect(lines).toEqual([{ number: 1, body: upper, customerId, cartId }]);
    expect(unread).toMatchObject([{ number: 2, reason: expect.stringContaining('not JSON') }]);
  });

  test.each([
    ['another header', `Customer ID,Cart ID\n${customerId},${cartId}\n`, /cannot be read\. .*customerId/s],
    ['a JSON array', '[{"customerId":1}]', /cannot be read\. It is a JSON array/],
    ['an open quote', `customerId,cartId\n"${customerId},${cartId}\n`, /a quote is opened and not closed/],
    ['no line', 'customerId,cartId\n', /holds no line to send/],
    ['nothing', '', /holds no line to send/],
  ])('%s is told in a sentence, before anything starts', async (_, text, words) => {
    await expect(opened(text)).rejects.toThrow(words);
  });

  test('so is a file that is not there, and a folder', async () => {
    await expect(openList(join(folder, 'none.csv'))).rejects.toThrow(
      /^The list .*none\.csv cannot be read: there is no such file or folder\./,
    );
    await expect(openList(folder)).rejects.toThrow(/cannot be read: it is a folder\./);
  });
});

describe('the verdict on a night', () => {
  const plan: Plan = { lines: [], unread: [], own: true, about: '', faults: [] };
  const progress: Progress = { total: 20, done: 20, asking: 0, byState: new Map(), pending: 0, failed: 0 };
  const same = { inPartnerCenter: 3, inTable: 3, boughtTwice: [], lost: [], invented: [], different: [] };
  const well = { plan, progress, rejected: 0, comparison: same, lostJobs: 0, early: 0, stalledMs: 300_000 };

  test('is good when every line did what it was sent for', () => {
    expect(wrongOf(well)).toEqual([]);
  });

  test('is not when lines of one’s own list are rejected, cannot be read, or fail', () => {
    const unread = [{ number: 3, field: '', reason: 'not JSON' }];
    expect(wrongOf({ ...well, rejected: 20 })).toEqual(['20 of 20 lines are not valid']);
    expect(wrongOf({ ...well, rejected: 1, plan: { ...plan, unread } })).toEqual([
      '2 of 21 lines are not valid',
    ]);
    expect(wrongOf({ ...well, progress: { ...progress, failed: 5 } })).toEqual([
      '5 of 20 lines failed, or were bought in part',
    ]);
  });

  test('the sample has lines that are rejected and fail on purpose', () => {
    const sample = { ...plan, own: false };
    expect(wrongOf({ ...well, plan: sample, rejected: 1, progress: { ...progress, failed: 4 } })).toEqual([]);
  });

  test('of a night that stopped before its end nothing is said but that, and what is certain', () => {
    const half = { ...progress, total: 5_000, done: 951 };
    const open = { ...well, progress: half, lostJobs: 1_834, comparison: { ...same, lost: ['1'] } };
    const [first, ...more] = wrongOf(open);
    expect(first).toMatch(/^lines without a result: 4049 \(stopped after 300 s without progress/);
    expect(more).toEqual([]);
    const twice = { ...open, comparison: { ...same, boughtTwice: ['cart a'] } };
    expect(wrongOf(twice)).toContain('bought twice: 1');
  });

  test('lost jobs and books that differ are told at its end', () => {
    expect(wrongOf({ ...well, lostJobs: 2, comparison: { ...same, lost: ['1'] } })).toEqual([
      'the tables differ from Partner Center',
      'jobs lost: 2',
    ]);
  });
});

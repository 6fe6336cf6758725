/** Promise: the page of a night tells the answer first, and shows foreign text as text. */

import { describe, expect, test } from 'vitest';
import { batchCounter } from '../../src/domain/batch/batch-counts.ts';
import { csvHeading, csvLine, csvRows } from '../../src/operator/batches/batch-csv.ts';
import { figuresOf } from '../../src/operator/report/figures.ts';
import { answerOf, reportPage } from '../../src/operator/report/page.ts';
import { figuresOfNight, nights } from '../pictures/nights.ts';
import { aRecord } from '../support/records.ts';

const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>&'`;
const batch = { batchId: 'night', total: 1, limit: 300 };
const pageOf = async (...carts: Parameters<typeof aRecord>[0][]) => {
  async function* all() {
    for (const change of carts) yield { kind: 'record' as const, record: aRecord(change) };
  }
  return figuresOf(batch, all(), 3_600_000);
};

describe('the page', () => {
  test('says the answer in its title', async () => {
    const good = nights.find(({ name }) => name === 'good');
    if (good === undefined) throw new Error('no such night');
    const page = reportPage(await figuresOfNight(good));
    expect(page).toMatch(/<title>10,000 carts: 9,\d{3} completed, \d+ pending, \d+ failed<\/title>/);
    expect(page).toMatch(/<h1>10,000 carts: 9,/);
  });

  test('of nothing says so', () => {
    expect(answerOf({ counts: batchCounter().counts(undefined) })).toBe('Nothing was sent: 0 carts');
  });

  test('shows whatever a producer or Partner Center wrote as text', async () => {
    const figures = await pageOf({
      state: 'failed',
      job: { ...aRecord().job, reference: hostile },
      reason: { code: hostile, description: hostile, remedy: hostile, at: 0 },
    });
    const page = reportPage({ ...figures, batchId: hostile });
    expect(page).not.toMatch(/<img|<script|onerror=alert\(1\)>/);
    expect(page).toContain('&#60;script&#62;alert(2)');
    expect(page.match(/&#34;&#62;&#60;img src=x/g)?.length).toBeGreaterThanOrEqual(5);
  });

  test('failures are told by code, the largest group first, with the remedy and one cart', async () => {
    const reason = (code: string) => ({ code, description: `about ${code}`, remedy: `mend ${code}`, at: 0 });
    const { failures } = await pageOf(
      { state: 'failed', reason: reason('1') },
      { state: 'failed', reason: reason('2') },
      { state: 'partial', reason: reason('2') },
      { state: 'completed', reason: reason('3') },
    );
    expect(failures.map(({ code, count, remedy }) => [code, count, remedy])).toEqual([
      ['2', 2, 'mend 2'],
      ['1', 1, 'mend 1'],
    ]);
  });

  test('the budget counts every call, the outcomes each cart once, in the stretch of its last checkout', async () => {
    const call = (what: 'checkout' | 'cart', at: number) => ({
      what,
      at,
      correlationId: `${what}${at}`,
      end: { ms: 500 },
    });
    const first = [call('checkout', 0), call('cart', 250_000), call('checkout', 300_000)];
    const { stretches, stretchMs } = await pageOf({
      state: 'completed',
      history: { total: 3, first, last: [] },
    });
    expect(stretchMs).toBe(7_000);
    expect(stretches.map(({ outcomes }) => outcomes.completed).reduce((a, b) => a + b)).toBe(1);
    expect(stretches.at(-1)?.outcomes.completed).toBe(1);
    const calls = stretches.reduce(
      (sum, { callsPerMinute }) => sum + (callsPerMinute * stretchMs) / 60_000,
      0,
    );
    expect(calls).toBeCloseTo(3);
  });
});

describe('the result file', () => {
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1'])(
    '%j is no formula',
    (reference) => {
      const record = aRecord({ job: { ...aRecord().job, reference } });
      const line = csvLine(csvRows({ kind: 'record', record }, [])[0] ?? []);
      expect(line).toContain(`,"'${reference}",`);
    },
  );

  test('quotes, commas and line breaks stay in their cell', () => {
    expect(csvLine(['a"b', 'c,d', 'e\nf', 'g'])).toBe('"a""b","c,d","e\nf",g\r\n');
  });

  test('a line that was no job has its place', () => {
    const [fields = []] = csvRows({ kind: 'rejected', rejectedKey: 'sha:1-1', at: 0 }, []);
    expect(fields).toHaveLength(csvHeading.length);
    expect(fields[3]).toBe('rejected');
  });
});

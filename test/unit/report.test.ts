/** Promise: the page of a night tells the answer first, and shows foreign text as text. */

import { describe, expect, test } from 'vitest';
import { batchCounter } from '../../src/domain/batch/batch-counts.ts';
import { csvHeading, csvLine, csvRows } from '../../src/operator/batches/batch-csv.ts';
import { figuresOf } from '../../src/operator/report/figures.ts';
import { answerOf, reportPage } from '../../src/operator/report/page.ts';
import { figuresOfNight, nights } from '../pictures/nights.ts';
import { aRecord, otherCartId } from '../support/records.ts';

const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>&'`;
const batch = { batchId: 'night', total: 1, limit: 300, closings: [] };
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
    expect(answerOf({ counts: batchCounter().counts(undefined), stoppedJobs: 0 })).toBe(
      'Nothing was sent: 0 carts',
    );
  });

  test('what waits for a person comes first, and stopped jobs are no failures', async () => {
    const reason = (code: string) => ({ code, description: '', remedy: '', at: 0 });
    const figures = await pageOf(
      { state: 'unresolved', asked: { kind: 'needs-decision', since: 0 } },
      { state: 'waiting', reason: reason('800073') },
      { state: 'failed', reason: reason('stopped') },
      { state: 'failed', reason: reason('800002') },
    );
    const page = reportPage({ ...figures, closed: 'AADSTS7000222: the client secret has expired.' });
    const first =
      '1 job waits for your decision. 1 job is held back by Microsoft. The gate is closed: AADSTS7000222: the client secret has expired';
    expect(page).toContain(`<title>${first}. 4 carts: 2 open, 1 failed, 1 stopped</title>`);
    expect(page.indexOf('waits for your decision.</p>')).toBeLessThan(page.indexOf('<h1>4 carts'));
    expect(reportPage(figures)).not.toContain('gate is closed');
    const stopped = reportPage({ ...figures, stoppedBy: { who: 'night@desk', at: 0 } });
    expect(stopped).toContain('<p class="first">Stopped by night@desk, 1970-01-01 00:00.</p>');
  });

  test('closings of the gate are marked on the chart, with their cause in words', async () => {
    const call = (at: number) => ({ what: 'checkout' as const, at, requestId: '', correlationId: '' });
    const history = { ...aRecord().history, first: [call(0), call(3_000_000)] };
    const figures = await pageOf({ state: 'completed', history });
    const closings = [
      { cause: 'throttled' as const, since: 600_000, until: 1_800_000 },
      { cause: 'paused' as const, since: 9_000_000, until: 9_900_000 },
    ];
    const page = reportPage({ ...figures, closings });
    expect(page).toContain('Gate closed 00:10:00 to 00:30:00: throttled');
    expect(page.match(/<rect class="closing"/g)).toHaveLength(1);
  });

  test('one is not told in the plural', async () => {
    const call = { what: 'checkout' as const, at: 0, requestId: '', correlationId: '', end: { ms: 100 } };
    const history = { ...aRecord().history, first: [call] };
    const page = reportPage(await pageOf({ state: 'completed', history }));
    expect(page).toContain('<span>1 cart in 1 s</span>');
    expect(page).toContain('<span>1 call</span>');
  });

  test('every failed job can be found in it, and a time without calls is named', async () => {
    const call = (at: number) => ({ what: 'checkout' as const, at, requestId: '', correlationId: '' });
    const history = (at: number) => ({ ...aRecord().history, first: [call(at)] });
    const failed = { state: 'failed', reason: { code: '1', description: '', remedy: '', at: 0 } } as const;
    const figures = await pageOf(
      { ...failed, history: history(0) },
      { ...failed, cartId: otherCartId, history: history(3_000_000) },
    );
    const page = reportPage(figures);
    expect(figures.failures[0]?.jobs).toHaveLength(2);
    for (const key of figures.failures[0]?.jobs ?? []) expect(page).toContain(`<code>${key}</code>`);
    expect(page).toMatch(/No call was made from 00:0\d to 00:50: the gate was closed, or no job was due\./);
    expect(page).toContain('50 min in all; 0 orders.');
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

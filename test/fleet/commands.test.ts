/** Promise: `npm start` survives a bad night with agreeing books, and its exit code is honest. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { booksReader } from '../../local/verdict/books.ts';
import { agrees, compare, type TrueOrder } from '../../local/verdict/compare.ts';
import { command } from './command.ts';

const clean = { survivors: [], litter: [] };
const left = (run: ReturnType<typeof command>) => ({ survivors: run.survivors(), litter: run.litter() });

describe('npm start', () => {
  test('a night with a storm of 429s and a worker killed in the middle of its calls: exit 0, the books agree', async () => {
    await using run = command('local/night.ts', '--jobs', '60');
    expect(await run.ended, run.printed()).toBe(0);
    const text = run.printed();
    expect(text).toContain('The clock runs 100 times faster');
    // Plain lines, because this is no terminal.
    expect(text).not.toContain('\r');
    expect(text).toMatch(/^62\/62 · 0 pending · \d+ failed · \d+\.\d\/s · ETA 00:00$/m);
    expect(text).toContain('Partner Center answers 429 for a moment, Retry-After 4 s');
    expect(Number(/killed with SIGKILL: (\d+) checkouts/.exec(text)?.[1])).toBeGreaterThanOrEqual(5);
    expect(text).toMatch(/ {2}rejected +2\n/);
    // `gone`: the kill met the call of the expired cart, and the look found it out.
    expect(text).toMatch(/1 × (800008: .+\n {6}The cart has expired|gone: The cart can no longer be read)/);
    expect(text).toMatch(/line \d+, field cartID: not-valid/);
    expect(text).toMatch(/: 800073 The customer account is under review.+; next try in \d+ s/);
    expect(text).toMatch(
      /completed, (the worker found its orders in the order list|a repeat of the call returned the orders)/,
    );
    expect(text).toMatch(
      /Partner Center (\d+) orders · table \1 · bought twice 0 · lost 0 · called too early 0/,
    );
    expect(left(run)).toEqual(clean);
  });

  test('an order book that lies: exit 1', async () => {
    await using run = command('local/night.ts', '--jobs', '30', '--lines', '30', '--lie', 'hide');
    expect(await run.ended, run.printed()).toBe(1);
    expect(run.printed()).toContain('FAILED');
    expect(run.printed()).toContain('the tables differ from Partner Center');
  });

  test('Ctrl-C in the middle of the night leaves no process and no file', async () => {
    await using run = command('local/night.ts', '--jobs', '300');
    await run.shows(/[1-9]\d* pending/);
    run.interrupt();
    expect(await run.ended, run.printed()).toBe(130);
    expect(run.printed().trimEnd().split('\n').at(-1)).toBe('Stopped before the end.');
    expect(left(run)).toEqual(clean);
  });

  test('a list that is not there is told in a sentence', async () => {
    await using run = command('local/night.ts', '--file', 'no-such-list.csv');
    expect(await run.ended).toBe(1);
    expect(run.printed()).toMatch(/no-such-list\.csv cannot be read: there is no such file/);
    expect(run.printed()).not.toMatch(/^ {4}at /m);
  });
});

/** More of them: `JOBS=1000 npm run check:fleet -- test/fleet/commands.test.ts`. */
const jobs = Number(process.env['JOBS'] ?? 60);

test(
  `npm run dev: another process sends ${jobs} jobs with the official client; all end, the books agree; Ctrl-C ends it`,
  async () => {
    await using run = command('local/dev.ts', '--factor', '100');
    const [, bus = ''] = await run.shows(/Service Bus +(Endpoint=\S+)/);
    const [, tables = ''] = await run.shows(/tables +(DefaultEndpointsProtocol=\S+)/);
    const [, admin = ''] = await run.shows(/its order book +(http:\S+)\/admin\/order-book/);
    await run.shows(/Ctrl-C ends it/);
    // Orders that are pending for an hour would be polled for a minute here.
    const short = {
      licence: [0, 60_000],
      reservation: [0, 60_000],
      software: [0, 60_000],
      saas: [0, 60_000],
    };
    await fetch(`${admin}/admin/switches`, { method: 'POST', body: JSON.stringify({ pending: short }) });
    await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, './sender-child.ts'),
      bus,
      admin,
      String(jobs),
    ]);
    const reader = booksReader(tables);
    await expect
      .poll(async () => (await reader.read()).carts.filter(({ state }) => state === 'completed').length, {
        timeout: 50_000 + 100 * jobs,
        interval: 1_000,
      })
      .toBe(jobs);
    const book = (await (await fetch(`${admin}/admin/order-book`)).json()) as TrueOrder[];
    const comparison = compare(book, (await reader.read()).orders);
    expect(comparison).toSatisfy(agrees);
    expect(comparison.inPartnerCenter).toBeGreaterThanOrEqual(jobs);
    run.interrupt();
    expect(await run.ended, run.printed().slice(-2_000)).toBe(0);
    expect(left(run)).toEqual(clean);
  },
  60_000 + 200 * jobs,
);

/** Promise: a rehearsed night never ends well if something was wrong. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { filePlan, openList } from '../../local/night/list.ts';
import { samplePlan } from '../../local/night/plan.ts';
import { runNight } from '../../local/night/run-night.ts';
import { type Stack, startStack } from '../../local/stack.ts';

const listLag = { show: () => {}, say: () => {}, end: () => {} };
const minute = 60_000;

let folder: string;
const stacks: Stack[] = [];
const stack = async (env: Readonly<Record<string, string>> = {}): Promise<Stack> => {
  const started = await startStack({
    factor: 100,
    appRoot: inject('appRoot'),
    env,
    switches: {
      pending: { licence: [0, 5_000], reservation: [0, minute], software: [0, minute], saas: [0, minute] },
    },
  });
  stacks.push(started);
  return started;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkout-e2e-'));
});
afterAll(async () => {
  await Promise.all(stacks.map((started) => started.stop()));
  await rm(folder, { recursive: true, force: true });
});

describe('a list of the user’s own', () => {
  test('a bad line is told with its number and field; the others go on', async () => {
    const night = await stack();
    const path = join(folder, 'mine.csv');
    const good = (n: number) =>
      `7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10;00000000-0000-4000-8000-${String(n).padStart(12, '0')};PO ${n};`;
    const lines = [
      '\uFEFFcustomerId;cartId;reference;notAfter',
      good(1),
      'x;00000000-0000-4000-8000-000000000009;PO 9;',
      good(2),
      '',
      `${good(3)}soon`,
    ];
    await writeFile(path, lines.join('\r\n'));
    const plan = filePlan(night.sandbox, path, await openList(path));
    const { wrong, summary } = await runNight({
      stack: night,
      plan,
      output: listLag,
      limitMs: 60_000,
      trouble: false,
    });
    expect(wrong, summary).toEqual(['2 of 4 lines are not valid']);
    expect(summary).toMatch(/line 3, field customerId: not-valid: customerId must be a GUID/);
    expect(summary).toMatch(/line 6, field notAfter: not-valid: must be an ISO 8601 instant/);
    expect(night.sandbox.orderBook()).toHaveLength(2);
  });
});

describe('what ends a night without the good end', () => {
  test('an order that was never made: the tables differ from Partner Center', async () => {
    const night = await stack();
    const plan = { ...samplePlan(night.sandbox, 8, 4), faults: [] };
    night.sandbox.set({ lie: 'invent' });
    const result = await runNight({ stack: night, plan, output: listLag, limitMs: 60_000, trouble: false });
    expect(result.wrong).toEqual(['the tables differ from Partner Center']);
    expect(result.comparison.lost).toHaveLength(1);
  });

  test('nothing is left but a job that asks a person', async () => {
    const night = await stack({ MAX_ATTEMPTS: '1' });
    const plan = samplePlan(night.sandbox, 8, 4);
    const [first] = plan.lines;
    // Its call is cut before anything is bought, and there is no further attempt.
    const cut = { kind: 'drop' as const, carts: [first?.cartId ?? ''] };
    const result = await runNight({
      stack: night,
      plan: { ...plan, faults: [cut] },
      output: listLag,
      limitMs: 60_000,
      trouble: false,
    });
    expect(result.wrong, result.summary).toEqual(['lines without a result: 1, of which 1 need a person']);
    expect(result.summary).toMatch(new RegExp(`Without a result\n.+${first?.cartId}: unresolved`));
  });

  test('its time is over', async () => {
    const night = await stack();
    const plan = samplePlan(night.sandbox, 8, 4);
    const result = await runNight({ stack: night, plan, output: listLag, limitMs: 0, trouble: false });
    // The line that is no job may have been rejected by then.
    expect(result.wrong.join()).toMatch(/lines without a result: [78]/);
  });
});

/** Promise: a closing is obeyed everywhere within two seconds, and ends with one trial call. */

import { expect, test } from 'vitest';
import type { CallReport } from '../../src/domain/gate/permit.ts';
import { pauseGate, resumeGate, viewGate } from '../../src/operator/pause-gate.ts';
import { type Api, fleet, load, passing } from './fleet.ts';

const minute = 60_000;
const second = 1_000;

/** Calls that started in (from, to]. */
const between = (calls: readonly { at: number }[], from: number, to: number) =>
  calls.filter(({ at }) => at > from && at <= to).length;

test('40 instances obey a closing within 2 s, with clocks 30 s apart, and no call comes before Retry-After', async () => {
  const world = fleet();
  const start = world.clock.now();
  const instances = Array.from({ length: 40 }, (_, index) => world.instance((index % 3) * 30_000));
  const closings: { at: number; until: number }[] = [];
  let strikes = 0;
  /** Every three minutes the API refuses everybody for 57 s. */
  const api: Api = async (customerId, at) => {
    await world.clock.sleep(100);
    const into = (at - start) % (3 * minute);
    const refuses = at - start > 2 * minute && into < 57 * second;
    if (!refuses) return { kind: 'ok', customerId };
    strikes += 1;
    return { kind: 'throttled', customerId, retryAfterMs: Math.ceil((57 * second - into) / second) * second };
  };
  const run = load(world, instances, 32, api, { end: start + 14 * minute, claimMs: 80 });
  // A close look at the row: when each closing was written, and until when it holds.
  const watch = (async () => {
    while (world.clock.now() < start + 14 * minute) {
      await world.clock.sleep(5);
      const row = world.table.all()[0]?.properties;
      const until = Number(row?.['closedUntil'] ?? 0);
      if (row?.['closedCause'] === 'throttled' && until > (closings.at(-1)?.until ?? 0))
        closings.push({ at: world.clock.now(), until });
    }
  })();
  await world.clock.until(Promise.all([run.done, watch]));

  expect(closings.length).toBeGreaterThanOrEqual(4);
  for (const { at, until } of closings) expect(between(run.calls, at + 2 * second, until - 1)).toBe(0);
  expect(strikes).toBeLessThan(40);
  const last = closings.at(-1);
  expect(between(run.calls, last?.until ?? 0, (last?.until ?? 0) + 10 * second)).toBeGreaterThan(15);
});

test('a Retry-After of a year closes for an hour and says so; none at all for a minute', async () => {
  for (const [retryAfterMs, expected, said] of [
    [365 * 24 * 60 * minute, 60 * minute, 'cut to 3600 s'],
    [undefined, minute, 'without Retry-After'],
  ] as const) {
    const world = fleet();
    const { gate } = world.instance();
    await world.clock.until(gate.report({ kind: 'ok', customerId: 'c' }));
    const told = world.clock.now();
    const verdict = await world.clock.until(
      gate.report({ kind: 'throttled', customerId: 'c', retryAfterMs }),
    );
    if (verdict.kind !== 'closed') throw new Error(`the verdict was ${verdict.kind}`);
    expect(verdict.reason).toContain(said);
    // And three seconds more, for room. The storage's time is known to a second or so.
    expect(Math.abs(verdict.until - told - expected - 3 * second)).toBeLessThan(2 * second);
  }
});

test("one customer's 429s do not close the gate for the others, and two such customers do so once", async () => {
  for (const [limited, closings, least] of [
    [['customer-3'], 0, 5_700],
    // The one closing costs its minute, and the cut of the limit after it.
    [['customer-3', 'customer-7'], 1, 4_500],
  ] as const) {
    const world = fleet();
    const start = world.clock.now();
    const api: Api = async (customerId) => {
      await world.clock.sleep(300);
      const hit = world.clock.now() > start + minute && (limited as readonly string[]).includes(customerId);
      return hit ? { kind: 'throttled', customerId, retryAfterMs: 57 * second } : { kind: 'ok', customerId };
    };
    const instances = Array.from({ length: 10 }, () => world.instance());
    const run = load(world, instances, 8, api, { end: start + 20 * minute, customers: 20 });
    await world.clock.until(run.done);
    const own = run.verdicts.filter(({ kind }) => kind === 'customer').length;
    const strikes = run.calls.filter(({ report }) => report.kind === 'throttled').length;
    expect(strikes).toBeGreaterThan(100);
    expect(strikes - own).toBeLessThanOrEqual(closings * 8);
    expect(run.calls.length).toBeGreaterThan(least);
  }
});

test('five unknown outcomes in a row close the gate; then one trial at a time, with growing pauses, until one passes', async () => {
  const world = fleet();
  const start = world.clock.now();
  const outage = { from: start + 2 * minute, to: start + 12 * minute };
  const out: number[] = [];
  let now = 0;
  let most = 0;
  const api: Api = async (customerId, at) => {
    const down = at > outage.from && at < outage.to;
    if (down) {
      now += 1;
      out.push(at);
      most = at > outage.from + 60 * second ? Math.max(most, now) : most;
    }
    await world.clock.sleep(down ? 20_000 : 500);
    if (down) now -= 1;
    return down ? { kind: 'unknown', customerId, reason: 'timeout' } : { kind: 'ok', customerId };
  };
  const instances = Array.from({ length: 10 }, () => world.instance());
  const run = load(world, instances, 32, api, { end: start + 20 * minute });
  await world.clock.until(run.done);

  expect(most).toBe(1);
  const probes = out.filter((at) => at > outage.from + 60 * second);
  expect(probes.length).toBeGreaterThanOrEqual(3);
  expect(probes.length).toBeLessThanOrEqual(6);
  const gaps = probes.slice(1).map((at, index) => at - (probes[index] ?? 0));
  expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
  // Open again after the first trial call that passed, within the last pause.
  expect(between(run.calls, start + 19 * minute, start + 20 * minute)).toBeGreaterThan(280);
});

test('a credential that fails holds everything, one trial now and then, and opens with the first call that passes', async () => {
  const world = fleet();
  const start = world.clock.now();
  const asked: { at: number; customerId: string }[] = [];
  const api: Api = async (customerId, at) => {
    await world.clock.sleep(100);
    if (at > start + 8 * minute) return { kind: 'ok', customerId };
    asked.push({ at, customerId });
    return { kind: 'auth', reason: 'AADSTS70008: the refresh token has expired' };
  };
  const instances = Array.from({ length: 10 }, () => world.instance());
  const run = load(world, instances, 32, api, { end: start + 20 * minute });
  await world.clock.run(minute);
  const reader = world.instance();
  const taken = await world.clock.until(reader.gate.take('worker', reader.clock.now() + minute));
  expect(taken.kind).toBe('closed');
  expect(taken.kind === 'closed' && taken.reason).toContain('no call has succeeded yet');
  expect(taken.kind === 'closed' && taken.reason).toContain('AADSTS70008');
  await world.clock.until(run.done);
  expect(asked.length).toBeGreaterThanOrEqual(4);
  expect(asked.length).toBeLessThanOrEqual(7);
  expect(new Set(asked.map(({ customerId }) => customerId)).size).toBeGreaterThan(2);
  expect(between(run.calls, start + 19 * minute, start + 20 * minute)).toBeGreaterThan(280);
});

test("three customers in a row refused for the partner's sake close the gate; the same one thrice does not", async () => {
  const world = fleet();
  const { gate } = world.instance();
  const tell = (report: CallReport) => world.clock.until(gate.report(report));
  const refuse = (customerId: string) => tell({ kind: 'partner-wide', customerId, reason: 'credit line' });
  await tell({ kind: 'ok', customerId: 'a' });
  expect(await refuse('a')).toEqual({ kind: 'open' });
  expect(await refuse('a')).toEqual({ kind: 'open' });
  expect(await refuse('a')).toEqual({ kind: 'open' });
  expect(await refuse('b')).toEqual({ kind: 'open' });
  await tell({ kind: 'ok', customerId: 'c' });
  expect(await refuse('b')).toEqual({ kind: 'open' });
  expect(await refuse('d')).toEqual({ kind: 'open' });
  expect(await refuse('e')).toMatchObject({ kind: 'closed', reason: expect.stringContaining('credit line') });
});

test('a person pauses with name and reason, within 2 s everywhere, and resumes', async () => {
  const world = fleet();
  const start = world.clock.now();
  const instances = Array.from({ length: 10 }, (_, index) => world.instance(index * 3_000));
  const run = load(world, instances, 16, passing(world.clock), { end: start + 12 * minute, claimMs: 80 });
  await world.clock.run(5 * minute);
  const { store } = world.instance();
  await world.clock.until(pauseGate(store, { reason: 'invoices look wrong', who: 'Ada' }));
  const pausedAt = world.clock.now();
  await world.clock.run(2 * minute);
  expect(await world.clock.until(viewGate(store, world.settings))).toMatchObject({
    open: false,
    reason: 'paused by Ada: invoices look wrong',
  });
  await world.clock.until(resumeGate(store, 'Grace'));
  const resumedAt = world.clock.now();
  expect(await world.clock.until(viewGate(store, world.settings))).toMatchObject({ open: true });
  expect(world.table.all()[0]?.properties).toMatchObject({ resumedBy: 'Grace' });
  await world.clock.until(run.done);
  expect(between(run.calls, pausedAt + 2 * second, resumedAt)).toBe(0);
  expect(between(run.calls, resumedAt + 2 * minute, resumedAt + 3 * minute)).toBeGreaterThan(280);
});

test('the first call goes out at once, wherever in its second the storage answers first', async () => {
  for (let phase = 0; phase < 1_000; phase += 50) {
    const world = fleet({}, 1, {}, 200);
    await world.clock.run(phase);
    const { gate, clock } = world.instance();
    const asked = world.clock.now();
    const taken = await world.clock.until(gate.take('worker', clock.now() + 90_000));
    expect(taken.kind).toBe('permit');
    expect(world.clock.now() - asked).toBeLessThan(second);
    if (taken.kind === 'permit') expect(clock.now() - taken.permit.notBefore).toBeLessThan(100);
  }
});

test('a trial that nobody waits for any more goes to the next who asks', async () => {
  const world = fleet({}, 1, {}, 200);
  const { gate, clock } = world.instance();
  // Gives up while its lease is under way.
  const early = await world.clock.until(gate.take('worker', clock.now() + 250));
  expect(early.kind).toBe('busy');
  await world.clock.run(5 * second);
  expect((await world.clock.until(gate.take('worker', clock.now() + minute))).kind).toBe('permit');
});

/** Promise: the fleet finds the real limit by itself, with few 429s. */

import { expect, test } from 'vitest';
import { makeLimiter } from '../../local/partner-center/limiter.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { type Api, fleet, load, passing } from './fleet.ts';
import { fixedMinute, slidingMinute } from './limiters.ts';

const minute = 60_000;
/** A short one: what the finding costs is shared among fewer calls. */
const night = 4 * 60 * minute;
/** Each lives through a night of tens of thousands of calls: seconds on an idle machine, more on a busy one. */
const timeout = 300_000;

test.for([
  { model: 'sliding', limiter: slidingMinute, instances: 1, callers: 32, real: 200 },
  { model: 'fixed', limiter: fixedMinute, instances: 8, callers: 8, real: 370 },
  { model: 'sliding', limiter: slidingMinute, instances: 40, callers: 4, real: 120 },
])(
  'a real limit of $real in a $model minute is found by $instances instances, in a night with ≤ 0.1 % 429s',
  { timeout },
  async (given) => {
    const { limiter, real, callers } = given;
    const world = fleet();
    const end = world.clock.now() + night;
    const instances = Array.from({ length: given.instances }, () => world.instance());
    const run = load(
      world,
      instances,
      callers,
      limiter(world.clock, () => real),
      { end, claimMs: 50 },
    );
    await world.clock.until(run.done);

    const throttled = run.calls.filter(({ report }) => report.kind === 'throttled').length;
    expect(throttled / run.calls.length).toBeLessThanOrEqual(0.001);
    expect((run.calls.length - throttled) / (real * 240)).toBeGreaterThan(0.95);
    expect(world.warnings).toEqual([]);
  },
);

/** The sandbox's count of calls. A refused call counts too. */
function sandbox(clock: Clock, kind: 'fixed' | 'sliding', calls: number): Api {
  const limiter = makeLimiter({ kind, calls, window: minute });
  return async (customerId) => {
    await clock.sleep(15);
    const wait = limiter.take(clock.now(), customerId);
    await clock.sleep(wait > 0 ? 10 : 3_000);
    return wait > 0
      ? { kind: 'throttled', customerId, retryAfterMs: Math.ceil(wait / 1_000) * 1_000 }
      : { kind: 'ok', customerId };
  };
}

test.for([
  { kind: 'sliding', real: 400, seed: 1 },
  { kind: 'sliding', real: 240, seed: 3 },
  { kind: 'fixed', real: 400, seed: 4 },
] as const)(
  'a limit a fifth lower than configured ($kind minute, $real calls, seed $seed) costs one closing and less than 4 % of 5,000 calls',
  { timeout },
  async ({ kind, real, seed }) => {
    const configured = real * 1.25;
    const world = fleet({ limitPerMinute: configured, ceilingPerMinute: configured }, seed);
    const first = world.instance();
    // The first call opens the gate; then it idles a while, as before a night.
    const trial = load(world, [first], 1, passing(world.clock), { end: world.clock.now() + 1 });
    await world.clock.until(trial.done);
    await world.clock.run(20_000 + seed * 7_000);

    const start = world.clock.now();
    const end = start + (5_000 / real) * minute;
    const run = load(
      world,
      [first, world.instance(-700), world.instance(400)],
      16,
      sandbox(world.clock, kind, real),
      { end, claimMs: 60, customers: 5_000, seed },
    );
    await world.clock.until(run.done);

    const passed = run.calls.filter(({ report }) => report.kind === 'ok');
    const throttled = run.calls.filter(({ report }) => report.kind === 'throttled').map(({ at }) => at);
    const found = (await world.clock.until(first.store.read())).limit;
    const late = passed.filter(({ at }) => at >= start + 2 * minute && at < end).length;
    expect(passed.length / 5_000).toBeGreaterThan(0.96);
    expect(late / (found * (5_000 / real - 2))).toBeGreaterThan(0.98);
    // One closure: they come within the life of the permits that were out.
    expect(Math.max(...throttled) - Math.min(...throttled)).toBeLessThan(2_000);
    expect(throttled.length).toBeLessThanOrEqual(5);
  },
);

test('a limit that falls in the night is found again, and one that rises is used', { timeout }, async () => {
  const world = fleet();
  const start = world.clock.now();
  const limit = () => {
    const hour = (world.clock.now() - start) / (60 * minute);
    return hour < 2 ? 300 : hour < 5 ? 150 : 350;
  };
  const run = load(world, [world.instance(), world.instance()], 16, slidingMinute(world.clock, limit), {
    end: start + 16 * 60 * minute,
  });
  await world.clock.until(run.done);
  const perMinute = (from: number, to: number) =>
    run.calls.filter(({ at }) => at >= start + from * 60 * minute && at < start + to * 60 * minute).length /
    (60 * (to - from));
  expect(perMinute(0.5, 2)).toBeGreaterThan(0.95 * 300);
  expect(perMinute(2.5, 5)).toBeGreaterThan(0.95 * 150);
  expect(perMinute(12, 16)).toBeGreaterThan(0.95 * 350);
  const throttled = run.calls.filter(({ report }) => report.kind === 'throttled').length;
  expect(throttled / run.calls.length).toBeLessThanOrEqual(0.001);
});

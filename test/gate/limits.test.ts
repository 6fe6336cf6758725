import { expect, test } from 'vitest';
import { fleet, load } from './fleet.ts';
import { fixedMinute, slidingMinute } from './limiters.ts';

const minute = 60_000;
/** A short one: what the finding costs is shared among fewer calls. */
const night = 4 * 60 * minute;
/** Each lives through a night of tens of thousands of calls: seconds on an idle machine, more on a busy one. */
const timeout = 300_000;

test.for([
  { model: 'fixed', limiter: fixedMinute, instances: 1, callers: 32, real: 200 },
  { model: 'sliding', limiter: slidingMinute, instances: 1, callers: 32, real: 200 },
  { model: 'fixed', limiter: fixedMinute, instances: 8, callers: 8, real: 370 },
  { model: 'sliding', limiter: slidingMinute, instances: 8, callers: 8, real: 290 },
  { model: 'fixed', limiter: fixedMinute, instances: 40, callers: 4, real: 120 },
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

/** Promise: the fleet uses the budget and never passes it. */

import { expect, test } from 'vitest';
import { busiest, fleet, load, passing } from './fleet.ts';

const minute = 60_000;

/** One limit throughout, so that the budget is a plain number. */
const fixed = { limitPerMinute: 300, ceilingPerMinute: 300 };

/**
 * Permits are evenly spaced for ever, but one may be used up to its life (1 s) late: a minute of calls holds the permits of
 * at most 61 s. And each of the two schedules may have a permit at both ends of the minute.
 */
const mostInAMinute = Math.ceil(300 * (61 / 60)) + 2;

test.for([
  { instances: 1, callers: 32, skew: 0 },
  { instances: 3, callers: 16, skew: 0 },
  { instances: 40, callers: 32, skew: 0 },
  { instances: 40, callers: 32, skew: 30_000 },
])(
  '$instances instances with $callers callers, clocks $skew ms apart, use the budget and never pass it',
  async (given) => {
    const { instances: count, callers, skew } = given;
    const world = fleet(fixed);
    const start = world.clock.now();
    const end = start + 22 * minute;
    const instances = Array.from({ length: count }, (_, index) => world.instance(skew * ((index % 3) - 1)));
    const run = load(world, instances, callers, passing(world.clock), { end, claimMs: 50 });
    await world.clock.until(run.done);

    const times = run.calls.map(({ at }) => at).filter((at) => at < end);
    const steady = times.filter((at) => at >= start + 2 * minute);
    expect(steady.length / 20).toBeGreaterThan(0.98 * 300);
    expect(busiest(times, minute)).toBeLessThanOrEqual(mostInAMinute);
    // Evenly: no second holds much more than its five.
    expect(busiest(steady, 1_000)).toBeLessThanOrEqual(12);
    expect(run.stale.count).toBe(0);
    expect((world.requests.reads + world.requests.writes) / times.length).toBeLessThan(1.1);
  },
);

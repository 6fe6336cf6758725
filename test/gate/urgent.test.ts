/** Promise: an urgent call gets the next permit. */

import { expect, test } from 'vitest';
import { fleet, load, passing } from './fleet.ts';

const minute = 60_000;
const fixed = { limitPerMinute: 300, ceilingPerMinute: 300 };

test('who is urgent gets the next permit of the instance, in the order of the urgent', async () => {
  const world = fleet(fixed);
  const { gate, clock } = world.instance();
  await world.clock.until(gate.report({ kind: 'ok', customerId: 'a' }));
  const order: string[] = [];
  const wait = async (name: string, from: { take: typeof gate.take }) => {
    if ((await from.take('worker', clock.now() + minute)).kind === 'permit') order.push(name);
  };
  const ordinary = Array.from({ length: 12 }, (_, index) => wait(`ordinary ${index}`, gate));
  await world.clock.run(500);
  const before = order.length;
  expect(before).toBeLessThan(12);
  const urgent = [wait('urgent 1', gate.urgent), wait('urgent 2', gate.urgent)];
  await world.clock.until(Promise.all([...ordinary, ...urgent]));
  expect(order.slice(before, before + 2)).toEqual(['urgent 1', 'urgent 2']);
  expect(order.filter((name) => name.startsWith('ordinary'))).toEqual(
    Array.from({ length: 12 }, (_, index) => `ordinary ${index}`),
  );
});

test.for([
  { instances: 1, own: false, most: 2_000 },
  { instances: 1, own: true, most: 3_000 },
  { instances: 3, own: false, most: 4_000 },
  { instances: 3, own: true, most: 5_000 },
  { instances: 10, own: true, most: 15_000 },
])(
  '$instances busy instances: an urgent call waits at most $most ms (on an instance of its own: $own)',
  async ({ instances: count, own, most }) => {
    const world = fleet(fixed);
    const end = world.clock.now() + 8 * minute;
    const busy = Array.from({ length: count }, () => world.instance());
    const run = load(world, busy, 16, passing(world.clock), { end, claimMs: 50 });
    await world.clock.run(3 * minute);
    const { gate, clock } = own ? world.instance() : (busy[0] ?? world.instance());
    const waits: number[] = [];
    for (let times = 0; times < 10; times += 1) {
      const asked = clock.now();
      const taken = await world.clock.until(gate.urgent.take('worker', asked + 90_000));
      expect(taken.kind).toBe('permit');
      waits.push(clock.now() - asked);
      await world.clock.run(10_000);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(most);
    await world.clock.until(run.done);
  },
);

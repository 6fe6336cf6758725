/** Promise: a delivery that has begun finishes before others begin. */

import { expect, test } from 'vitest';
import { fleet, type Instance } from './fleet.ts';

const minute = 60_000;
/** Far fewer calls than callers: the night after an outage, with a limit that was cut. */
const scarce = { limitPerMinute: 30, ceilingPerMinute: 30 };
/** A cart, a list and a repeat. A delivery waits for 90 s until it has begun, and then while it holds its lock; or else begins anew. */
const callsOfADelivery = 3;
const untilBegun = 90_000;
const whileLocked = 200_000;

test('who has begun goes on before others begin: twice as many callers as permits end as many deliveries as the permits allow', async () => {
  const world = fleet(scarce);
  const instances = [world.instance(), world.instance()];
  const end = world.clock.now() + 30 * minute;
  let ended = 0;
  let calls = 0;
  let beganInVain = 0;

  async function deliver({ gate, clock }: Instance): Promise<void> {
    const started = clock.now();
    for (let made = 0; made < callsOfADelivery; made += 1) {
      const begun = made > 0;
      const taken = await gate.take('worker', started + (begun ? whileLocked : untilBegun), begun);
      if (taken.kind !== 'permit') {
        if (begun) beganInVain += 1;
        return clock.sleep(Math.max(1, taken.until - clock.now()));
      }
      calls += 1;
      await gate.report({ kind: 'ok', customerId: 'a' });
    }
    ended += 1;
  }
  const caller = async (instance: Instance): Promise<void> => {
    while (world.clock.now() < end) await deliver(instance);
  };
  await world.clock.until(
    Promise.all(instances.flatMap((instance) => Array.from({ length: 32 }, () => caller(instance)))),
  );
  expect(calls).toBeGreaterThan(0.9 * 30 * 30);
  expect(beganInVain).toBe(0);
  expect(ended).toBeGreaterThan((0.95 * calls) / callsOfADelivery);
});

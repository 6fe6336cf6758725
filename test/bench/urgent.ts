import { seededRandom } from '../support/seeded-random.ts';
import { virtualFleet } from '../support/virtual-fleet.ts';
import { sandboxOf } from './reopen.ts';
import { quantile, round } from './workload.ts';

const minute = 60_000;
/** Partner Center lets through what is configured, and the night uses all of it. */
const limit = 300;
const minutes = 30;
const everyMs = 7_000;
/** So many jobs of the night wait at any time. */
const backlog = 200;
const goalP99Ms = 3_000;

/** An urgent job during a full night, from its send to its call. In virtual time, with one instance and with three. */
export async function benchUrgent() {
  return { minutes, limitPerMinute: limit, one: await night(1), three: await night(3), goalP99Ms };
}

async function night(instances: number) {
  const sandbox = sandboxOf(1);
  const random = seededRandom(3);
  const fleet = virtualFleet({
    partnerCenter: sandbox.port,
    gateSettings: { limitPerMinute: limit, ceilingPerMinute: limit },
    instances,
  });
  const { clock } = fleet;
  const job = () => ({ customerId: random.guid(), cartId: random.guid() });
  const sentAt = new Map<string, number>();
  const from = clock.now() + 2 * minute;
  const end = from + minutes * minute;
  let nextUrgent = from;
  while (clock.now() < end) {
    fleet.enqueue(Array.from({ length: Math.max(0, backlog - fleet.messages()) }, job));
    if (clock.now() >= nextUrgent) {
      const urgent = job();
      sentAt.set(urgent.cartId, clock.now());
      fleet.enqueue([urgent], 'urgent');
      // Not in step with the gate's minutes or seconds.
      nextUrgent += everyMs * (0.5 + random.fraction());
    }
    await clock.run(100);
  }
  await clock.run(minute);
  const waits = [...sentAt].map(([cartId, sent]) => {
    const call = sandbox.calls.find((one) => one.cartId === cartId);
    return call === undefined ? Number.POSITIVE_INFINITY : call.at - sent;
  });
  const during = sandbox.calls.filter(({ at }) => at >= from && at < end);
  return {
    urgentJobs: waits.length,
    p50Ms: round(quantile(waits, 0.5), 0),
    p99Ms: round(quantile(waits, 0.99), 0),
    mostMs: round(Math.max(...waits), 0),
    budgetUsed: round(during.length / (limit * minutes)),
    throttled: during.filter(({ throttled }) => throttled).length,
  };
}

import { seededRandom } from '../support/seeded-random.ts';
import { virtualFleet } from '../support/virtual-fleet.ts';
import { sandboxOf } from './reopen.ts';
import { quantile, round } from './workload.ts';

const minute = 60_000;
const orders = 300;

/** How long an order is pending, as in the sandbox: licences, reservations and SaaS, software. */
const lengths = {
  licences: [5_000, minute],
  reservations: [2 * minute, 30 * minute],
  software: [2 * minute, 60 * minute],
} as const;

interface Followed {
  readonly calls: number;
  readonly delayMs: number;
}

/**
 * From the moment that an order is completed at the API until its event, and calls for each order, in virtual time. Beside it, by arithmetic on
 * the same orders, without tick or network: a poll of each order once a minute, and one that waits 1, 2, 4 … minutes.
 */
export async function benchOrderDelay() {
  const kinds = await Promise.all(
    Object.entries(lengths).map(async ([name, range]) => [name, compared(await followed(range))] as const),
  );
  return { ordersOfEach: orders, ...Object.fromEntries(kinds) };
}

async function followed([least, most]: readonly [number, number]) {
  const random = seededRandom(5);
  const pendingFor = new Map<string, number>();
  const sandbox = sandboxOf(2, (cartId, age) =>
    age >= (pendingFor.get(cartId) ?? 0) ? 'completed' : 'pending',
  );
  const eventAt = new Map<string, number>();
  const fleet = virtualFleet({
    partnerCenter: sandbox.port,
    gateSettings: { limitPerMinute: 300, ceilingPerMinute: 300 },
    instances: 1,
  });
  const { clock } = fleet;
  const jobs = Array.from({ length: orders }, () => ({ customerId: random.guid(), cartId: random.guid() }));
  for (const { cartId } of jobs) pendingFor.set(cartId, least + (most - least) * random.fraction());
  // Spread over ten minutes: the ticks find them at every age.
  const begun = clock.now();
  const left = [...jobs];
  const end = begun + 12 * 60 * minute;
  while (clock.now() < end && eventAt.size < orders) {
    if (left.length > 0 && clock.now() >= begun + ((orders - left.length) * 10 * minute) / orders)
      fleet.enqueue(left.splice(0, 1));
    await clock.run(500);
    for (const { type, data } of fleet.events) {
      const cartId = String(data['cartId']);
      if (type === 'checkout.completed' && !eventAt.has(cartId)) eventAt.set(cartId, clock.now());
    }
  }
  return jobs.map(({ cartId }) => {
    const own = sandbox.calls.filter((call) => call.cartId === cartId);
    const length = pendingFor.get(cartId) ?? Number.NaN;
    const made = sandbox.madeAt.get(cartId) ?? Number.NaN;
    return {
      length,
      calls: own.filter(({ what }) => what === 'order').length,
      delayMs: (eventAt.get(cartId) ?? Number.POSITIVE_INFINITY) - made - length,
    };
  });
}

function compared(all: Awaited<ReturnType<typeof followed>>) {
  const fixed = all.map(({ length }) => pollAt(length, () => minute));
  const backOff = all.map(({ length }) => pollAt(length, (polls) => minute * 2 ** polls));
  return { ours: figures(all), oncePerMinute: figures(fixed), backOff: figures(backOff) };
}

/** What a poll with these pauses costs an order that is pending for so long. */
function pollAt(length: number, pause: (polls: number) => number): Followed {
  let at = 0;
  let calls = 0;
  while (at < length) {
    at += pause(calls);
    calls += 1;
  }
  return { calls, delayMs: at - length };
}

function figures(all: readonly Followed[]) {
  const delays = all.map(({ delayMs }) => delayMs / 1_000);
  return {
    callsPerOrder: round(all.reduce((sum, { calls }) => sum + calls, 0) / all.length, 2),
    delayMedianSeconds: round(quantile(delays, 0.5), 0),
    delayMeanSeconds: round(delays.reduce((sum, delay) => sum + delay, 0) / all.length, 0),
    delayP99Seconds: round(quantile(delays, 0.99), 0),
  };
}

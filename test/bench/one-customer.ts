import { openGate } from '../simulation/gate.ts';
import { startFleet } from '../simulation/host.ts';
import { outageOfOne } from '../simulation/outside-scenarios.ts';
import { cartPlan, customer, groupPlan, minute, second } from '../simulation/plans.ts';
import type { Setup } from '../simulation/setup.ts';
import { createWorld, type World } from '../simulation/world.ts';
import { round } from './workload.ts';

const inDoubt = 200;
/** At most; more than a night of this length can call. */
const otherJobs = 30_000;
/** All of it is the worker's: the poller has nothing to do here. */
const callsPerMinute = 300;
/** Then it has not come to its end. */
const longest = 120 * minute;
/** So many messages of others wait at any time: whatever budget is left, they use. */
const backlog = 40;

/**
 * 200 carts of one customer are in doubt after an outage, at 300 calls a minute, beside jobs of other customers that never end. The
 * use cases, the gate and the model of Partner Center are those of the simulation, and so is the time: it is virtual.
 */
export async function benchOneCustomer() {
  const world = createWorld(setup, 1, [], false);
  openGate(world);
  startFleet(world);
  keepBusy(world);
  for (const send of world.setup.sends)
    if ('cartId' in send) world.timeline.at(world.time(send.at), () => enqueue(world, send));

  let begun: number | undefined;
  const left: { readonly minutes: number; readonly unresolved: number }[] = [];
  let ended: number | undefined;
  const look = () => {
    const now = world.timeline.now();
    begun ??= lastFirstCall(world);
    const unresolved = begun === undefined ? inDoubt : unresolvedOf(world);
    if (begun !== undefined && left.length < Math.floor((now - begun) / (10 * minute)) + 1)
      left.push({ minutes: round((now - begun) / minute, 1), unresolved });
    if (unresolved === 0) ended = now;
    else world.timeline.at(now + 10 * second, look);
  };
  world.timeline.at(world.time(0), look);
  await world.timeline.run(world.time(longest), () => ended !== undefined);

  const from = begun ?? world.time(0);
  const to = ended ?? world.timeline.now();
  const minutes = (to - from) / minute;
  const calls = world.watch.calls.filter(({ at }) => at >= from && at < to);
  const own = calls.filter(({ customerId }) => customerId === customer(1));
  const reads = own.filter(({ what }) => what !== 'checkout').length;
  return {
    carts: inDoubt,
    callsPerMinute,
    /** Of virtual time, since the last of their calls was lost. */
    minutes: ended === undefined ? `more than ${round(minutes, 1)}` : round(minutes, 1),
    unresolved: left,
    readsPerCart: round(reads / inDoubt, 1),
    checkoutsPerCart: round((own.length - reads) / inDoubt, 2),
    budgetUsed: round(calls.length / (callsPerMinute * minutes)),
    shareOfOthers: round((calls.length - own.length) / (callsPerMinute * minutes)),
    brokenPromises: world.violations,
  };
}

function setup(): Setup {
  const outage = outageOfOne({ carts: inDoubt, resetEach: 4 });
  const others = Array.from({ length: otherJobs }, (_, n) =>
    cartPlan(100_000 + n, [groupPlan('0', 'b')], { customerId: customer(10 + (n % 50)) }),
  );
  return {
    ...outage,
    carts: [...outage.carts, ...others],
    gate: 'steady',
    // Azure runs a timer on one instance alone.
    pollers: 1,
    watched: false,
    maxPortCalls: Number.POSITIVE_INFINITY,
  };
}

const isOurs = (customerId: string): boolean => customerId === customer(1);

/** When the last of the carts was called for the first time; undefined: some were not yet. */
function lastFirstCall({ watch }: World): number | undefined {
  const firsts = new Map<string, number>();
  for (const { what, customerId, id, at } of watch.calls)
    if (what === 'checkout' && isOurs(customerId) && !firsts.has(id)) firsts.set(id, at);
  return firsts.size < inDoubt ? undefined : Math.max(...firsts.values());
}

const unresolvedOf = ({ tables }: World): number =>
  tables.checkouts
    .all()
    .filter(
      ({ partition, key, properties }) =>
        isOurs(partition) &&
        key.startsWith('cart:') &&
        ['waiting', 'submitting', 'unresolved'].includes(String(properties['state'])),
    ).length;

function keepBusy(world: World): void {
  const jobs = world.setup.carts.filter(({ id }) => Number(id.slice(-12)) >= 100_000);
  const feed = () => {
    for (const { customerId, id } of jobs.splice(0, Math.max(0, backlog - world.broker.active())))
      enqueue(world, { customerId, cartId: id });
    if (jobs.length > 0) world.timeline.at(world.timeline.now() + second, feed);
  };
  world.timeline.at(world.time(0), feed);
}

function enqueue(
  { broker, random, timeline }: World,
  { customerId, cartId }: { readonly customerId: string; readonly cartId: string },
): void {
  const body = new TextEncoder().encode(JSON.stringify({ customerId, cartId }));
  broker.send({ messageId: random.guid(), body, properties: {} }, timeline.now());
}

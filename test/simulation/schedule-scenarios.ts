import type { ApiFault } from './faults.ts';
import type { Request } from './partner-center.ts';
import { cartPlan, groupPlan, hour, minute, nature, sendAll, unreadableRecord, world } from './plans.ts';
import type { Random } from './random.ts';
import type { Scenario, Setup } from './setup.ts';
import type { Contract } from './truth.ts';

/** What can happen to wake-ups, entries, messages and versions: worlds of the schedule. */

const pair = () => [
  cartPlan(1, [groupPlan('0', 'a', { pendingMs: 3 * minute })]),
  cartPlan(2, [groupPlan('0', 'a')]),
];

/** The checkouts of each cart end so, one after the other; what comes after them is well. */
const checkouts =
  (...faults: readonly (ApiFault | undefined)[]) =>
  (what: Request, _id: string, nth: number): ApiFault | undefined =>
    what === 'checkout' ? faults[nth - 1] : undefined;

export const anyFate = (random: Random): 'lost' | 'doubled' | number | undefined =>
  random.pick<'lost' | 'doubled' | number | undefined>([
    'lost',
    'doubled',
    random.between(1, 20) * minute,
    undefined,
  ]);

function each(name: string, about: string, setup: (contract: Contract) => Partial<Setup>): Scenario[] {
  return (['replay', 'refuse'] as const).map((contract) => ({
    name: `${name}-${contract}`,
    about,
    setup: () => {
      const plan = setup(contract);
      return world(plan.carts ?? pair(), { nature: nature(contract), ...plan });
    },
  }));
}

export const scheduleScenarios: readonly Scenario[] = [
  ...each('no-sends', 'the queue takes no messages for 25 minutes, and is read and settled as ever', () => ({
    apiFault: checkouts('throttled', 'drop-after'),
    outages: [{ what: 'sends', from: 500, to: 25 * minute }],
  })),
  ...each('no-sends-no-tables', 'table storage is unavailable, and the queue takes no messages', () => ({
    apiFault: checkouts('drop-after'),
    outages: [
      { what: 'sends', from: 500, to: 40 * minute },
      { what: 'storage', from: 500, to: 40 * minute },
    ],
  })),
  {
    name: 'tables-go',
    about:
      'the tables go away within the first seconds, at a moment that the seed picks, and the queue works',
    setup: (random) => {
      const from = random.between(500, 6_000);
      const sends = sendAll(pair(), { batchId: 'night', batchSize: 2 });
      return world(pair(), { sends, outages: [{ what: 'storage', from, to: from + 12 * minute }] });
    },
  },
  ...each('wake-ups', 'wake-ups are lost, doubled, and late by minutes', () => ({
    apiFault: checkouts('throttled', 'drop-before'),
    wakeUp: anyFate,
  })),
  ...each('removed-jobs', 'somebody removes the entries of jobs', () => ({
    apiFault: checkouts('throttled', 'drop-after'),
    removals: [
      { at: minute, what: 'jobs' },
      { at: 8 * minute, what: 'jobs' },
    ],
  })),
  ...each('removed-orders', 'somebody removes the entries of pending orders', () => ({
    carts: [
      cartPlan(1, [
        groupPlan('0', 'a', { pendingMs: hour }),
        groupPlan('1', 'b', { pendingMs: 10 * minute }),
      ]),
      cartPlan(2, [groupPlan('0', 'a', { pendingMs: hour })]),
    ],
    removals: [
      { at: minute, what: 'orders' },
      { at: 20 * minute, what: 'orders' },
    ],
  })),
  ...each('dead-timer', 'no timer fires: deliveries start the ticks', () => {
    const carts = Array.from({ length: 12 }, (_, n) => cartPlan(n + 1, [groupPlan('0', 'a')]));
    return {
      carts,
      sends: sendAll(carts).map((send, n) => ({ ...send, at: n * 5 * minute })),
      apiFault: checkouts('throttled'),
      deadTimer: true,
    };
  }),
  ...each('trial', 'the gate is on trial, the queue is empty, and there are entries only', () => ({
    sends: sendAll(pair(), { notBefore: 10 * minute }),
    gate: 'untested',
    check: (world) => {
      const first = Math.min(...world.watch.calls.map(({ at }) => at));
      if (first > world.time(15 * minute))
        world.violated('9 an end: a gate on trial was not tried for five minutes');
    },
  })),
  ...each('strictest', 'contradicting messages of one job: the strictest times hold', () => {
    const carts = pair();
    const [first, second] = carts.map((cart) => ({ customerId: cart.customerId, cartId: cart.id }));
    if (first === undefined || second === undefined) throw new Error('The plan has two carts');
    return {
      carts,
      apiFault: checkouts('throttled', 'throttled', 'throttled'),
      sends: [
        { ...first, at: 0, notBefore: 5 * minute, batchId: 'night-1', batchSize: 1 },
        { ...first, at: 60_000, batchId: 'night-2', batchSize: 1 },
        { ...first, at: 120_000, notBefore: 10 * minute, notAfter: 3 * hour },
        { ...second, at: 0 },
        { ...second, at: 2_000, notAfter: 10 * minute },
        { ...second, at: 4_000, notAfter: 30 * minute },
      ],
    };
  }),
  ...each(
    'no-window',
    'contradicting messages leave no time: nothing is bought, and the reason says so',
    () => {
      const carts = pair().slice(0, 1);
      const [first] = carts.map((cart) => ({ customerId: cart.customerId, cartId: cart.id }));
      if (first === undefined) throw new Error('The plan has a cart');
      return {
        carts,
        sends: [
          { ...first, at: 0, notBefore: 30 * minute },
          { ...first, at: minute, notAfter: 20 * minute },
        ],
        check: (world) => {
          // A worker that dies with the first message knows nothing of its times when the second one comes.
          if (world.strikes() > 0) return;
          if (world.truth.orders.length > 0)
            world.violated('4 not before its time: bought in an empty window');
          const [row] = world.tables.attention.all();
          if (!JSON.stringify(row?.properties ?? {}).includes('too-late'))
            world.violated('7 a reason: an empty window does not end as too-late');
        },
      };
    },
  ),
  ...each('unreadable-beside', 'a record of the same customer cannot be read for an hour', () => ({
    apiFault: checkouts('drop-after'),
    unreadable: [{ ...unreadableRecord(99), fixedAt: hour }],
  })),
  ...each('two-versions', 'a newer version of the worker runs beside for 40 minutes', () => ({
    apiFault: checkouts('throttled', 'drop-after'),
    newer: { from: 2_000, to: 40 * minute, share: 0.5 },
  })),
  ...([45_000, 10 * minute, -10 * minute] as const).flatMap((ahead) =>
    each(
      `clock-${ahead < 0 ? 'behind' : 'ahead'}-${Math.abs(ahead) / 1_000}s`,
      'the clock of one of two workers is far off: nothing is bought twice, and the other one does the work',
      () => ({
        // A few at once, so that both workers get some.
        carts: [...pair(), cartPlan(3, [groupPlan('0', 'b')])],
        apiFault: checkouts('drop-after', 'throttled', 'slow'),
        ahead,
        sends: sendAll(
          [1, 2, 3].map((n) => cartPlan(n, [])),
          { batchId: 'night', batchSize: 3 },
        ),
      }),
    ),
  ),
  ...each('retry-without-topic', 'people retry while the events of the result wait for the topic', () => {
    const refusal = { code: 800010, times: 1 };
    return {
      carts: [cartPlan(1, [groupPlan('0', 'a'), groupPlan('1', 'b', { refusal })]), ...pair().slice(1)],
      outages: [{ what: 'events', from: 0, to: 50 * minute }],
      people: { retries: 2, twice: 0.5, wrong: 0, weary: 0, rash: () => 0 },
    };
  }),
  // Seven hours are ten thousand port calls, each tick like the one before: too many to hit each of them.
  ...each('no-topic', 'the topic is unavailable for hours: entries do not multiply', () => {
    const carts = pair();
    return {
      carts,
      sends: [...sendAll(carts), ...sendAll(carts, { at: 90 * minute })],
      outages: [{ what: 'events', from: 0, to: 7 * hour }],
    };
  }).map((scenario) => ({ ...scenario, large: true })),
];

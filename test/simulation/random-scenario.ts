import { type BlowKind, blowKinds } from './blows.ts';
import type { ApiFault } from './faults.ts';
import type { Request } from './partner-center.ts';
import {
  cartPlan,
  customer,
  groupPlan,
  hour,
  minute,
  nature,
  offerNames,
  placed,
  sendAll,
  unreadableRecord,
  world,
} from './plans.ts';
import type { Random } from './random.ts';
import { withLines } from './random-lines.ts';
import { anyFate } from './schedule-scenarios.ts';
import type { CustomerLimit, Outage, Scenario, Send, Setup, UnreadableRecord, WorldKind } from './setup.ts';
import type { CartPlan, Contract, GroupPlan, PlacedOrder } from './truth.ts';
import { type DateStyle, dateStyles } from './wire.ts';

const checkoutFaults: readonly [ApiFault, ...ApiFault[]] = [
  'not-sent',
  'no-token',
  'slow-token',
  'drop-before',
  'drop-after',
  'drop-after',
  'black-hole',
  'arrives-late',
  'arrives-late',
  'slow',
  'answers-late',
  'outlasts',
  'outlasts',
  '500-before',
  '500-after',
  '503',
  '800003-after',
  'unreadable',
  'cut',
  'no-ids',
  'throttled',
  'throttled-bare',
  'accepted',
  'accepted-long',
  'busy',
  '4018-before',
  '4018-after',
  '20000-after',
  'unauthorized',
  'partner-wide',
  'review',
];
const readFaults: readonly [ApiFault, ...ApiFault[]] = [
  'not-sent',
  'no-token',
  'slow-token',
  'drop-before',
  'black-hole',
  'answers-late',
  '500-before',
  '503',
  'cut',
  'unreadable',
  'throttled',
  'unauthorized',
  'stale',
  'stale',
];

/** Refused for good: the customer, the cart, a code that no table has, no code at all. */
const refusals: readonly [{ status: number; code: number }, ...{ status: number; code: number }[]] = [
  { status: 403, code: 800069 },
  { status: 403, code: 13605 },
  { status: 400, code: 800002 },
  { status: 400, code: 123456 },
  { status: 404, code: 60003 },
  { status: 417, code: 800036 },
];

/** Anything that the model knows, all at once, as the seed has it. A third of the worlds has jobs with order lines too. */
export const randomScenario: Scenario = {
  name: 'random',
  about: 'a random world: carts, orders, API, faults, crashes, people',
  setup: (random) => withLines(randomSetup(random), random.fork()),
};

/** The same worlds with the jobs that carry a cart alone: so they were before there were others, and schedules are pinned by them. */
export const randomCartsScenario: Scenario = {
  name: 'random-carts',
  about: 'the same, without jobs that carry order lines',
  setup: randomSetup,
};

function randomSetup(random: Random): Setup {
  const contract: Contract = random.pick(['replay', 'replay', 'refuse', 'refuse', 'rebuy']);
  const carts = randomCarts(random, contract);
  const rough = random.pick([0, 0.1, 0.3, 0.6]);
  const hits = random.pick([0, 0.003, 0.01, 0.03]);
  const people = contract === 'rebuy' ? 0 : random.below(3);
  const outside = randomOutside(random);
  return world(carts, {
    kinds: outside.kinds,
    placed: outside.placed,
    customerLimits: outside.customerLimits,
    unreadable: outside.unreadable,
    nature: nature(contract, {
      ...(outside.dates === undefined ? {} : { dates: outside.dates }),
      partialLeaves: random.pick(['Active', 'Ordered']),
      remembersRequests: random.happens(0.3),
      listLag: random.pick([0, 5 * minute, 15 * minute]),
    }),
    rules: {
      maxAttempts: random.pick([3, 6]),
      repeatOrderedCart: contract !== 'rebuy' && random.happens(0.9),
    },
    processes: 1 + random.below(4),
    pollers: 1 + random.below(2),
    permits: 1 + random.below(4),
    sends: randomSends(random, carts),
    outages: randomOutages(random),
    people: {
      retries: people,
      twice: random.pick([0, 0.5]),
      wrong: contract === 'rebuy' ? 0 : random.pick([0, 0.2]),
      weary: random.pick([0, 0, 0.1]),
      rash: () => outside.rash,
    },
    gate: random.pick(['open', 'open', 'untested']),
    calmAfter: random.pick([0.5, 2, 6]) * hour,
    apiFault: (what: Request, _id, _nth, draw) => {
      if (!draw.happens(rough)) return undefined;
      const fault = outside.fault(what, draw) ?? draw.pick(what === 'checkout' ? checkoutFaults : readFaults);
      if (contract !== 'rebuy') return fault;
      // An API that is still at it after the window, or calls an ordered cart active, and then buys again, is beyond any
      // client: docs/ways-to-fail.md.
      if (fault === 'accepted-long') return 'accepted';
      return fault === 'stale' && what === 'cart' ? undefined : fault;
    },
    ...(random.happens(0.2)
      ? { wakeUp: (draw: Random) => (draw.happens(0.3) ? anyFate(draw) : undefined) }
      : {}),
    ...(random.happens(0.1)
      ? { removals: [{ at: random.between(0, 60) * minute, what: random.pick(['jobs', 'orders']) }] }
      : {}),
    ...(random.happens(0.2)
      ? { bug: (_name: string, draw: Random) => (draw.happens(0.01) ? 'throw' : undefined) }
      : {}),
    ...(random.happens(0.05)
      ? { newer: { from: random.between(0, 60) * minute, to: hour, share: 0.3 } }
      : {}),
    blow: (_name, draw): BlowKind | undefined => (draw.happens(hits) ? draw.pick(blowKinds) : undefined),
  });
}

function randomCarts(random: Random, contract: Contract): readonly CartPlan[] {
  const shape = randomGroups(random, contract);
  // The first two are equal carts; the others may share a group with them, or be another customer's.
  const count = 2 + random.below(3);
  return Array.from({ length: count }, (_, index) => {
    const groups =
      index < 2 || random.happens(0.4)
        ? shape.map((group) => fate(group, random, contract))
        : randomGroups(random, contract);
    return cartPlan(index + 1, groups, {
      ...(index >= 2 && random.happens(0.3) ? { customerId: customer(2) } : {}),
      ...(random.happens(0.08) ? { goneAfter: random.between(0, 30) * minute } : {}),
      ...(random.happens(0.08)
        ? { refused: { ...random.pick(refusals), fromCheckout: 1 + random.below(3) } }
        : {}),
      ...(random.happens(0.05) ? { reviewUntil: random.pick([10 * minute, 3 * hour, 40 * hour]) } : {}),
    });
  });
}

function randomGroups(random: Random, contract: Contract): readonly GroupPlan[] {
  const count = random.pick([1, 1, 2, 3]);
  return Array.from({ length: count }, (_, index) =>
    fate(
      groupPlan(String(index), random.happens(0.2) ? 'a' : (offerNames[index % 3] ?? 'a')),
      random,
      contract,
    ),
  );
}

/** Equal content, another fate. */
function fate(group: GroupPlan, random: Random, contract: Contract): GroupPlan {
  const { refusal: _, ...rest } = group;
  // With an API that buys again, a repeat for groups that were refused for now could buy twice: docs/ways-to-fail.md.
  const passing = contract === 'rebuy' ? [] : [{ code: 800005, times: 1 + random.below(3) }];
  const codes = [{ code: 800010, times: Number.POSITIVE_INFINITY }, ...passing];
  const refusal = random.happens(0.12) ? codes[random.below(codes.length)] : undefined;
  return {
    ...rest,
    pendingMs: random.pick([0, 0, 30_000, 4 * minute, hour, 30 * hour]),
    end: random.happens(0.1) ? 'cancelled' : 'completed',
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function randomSends(random: Random, carts: readonly CartPlan[]): readonly Send[] {
  const batch = random.happens(0.5) ? { batchId: 'night', batchSize: carts.length } : {};
  const times = randomTimes(random);
  const first = sendAll(carts, { ...batch, ...times }).map((send) => ({
    ...send,
    at: random.between(0, 10_000),
  }));
  const again = random.happens(0.3)
    ? first.map((send) => ({ ...send, ...randomTimes(random), at: random.between(0, 2) * hour }))
    : [];
  return [...first, ...again];
}

const randomTimes = (random: Random): Pick<Send, 'notBefore' | 'notAfter'> => ({
  ...(random.happens(0.1) ? { notBefore: random.between(0, 20) * minute } : {}),
  ...(random.happens(0.15) ? { notAfter: random.between(21, 60) * minute } : {}),
});

function randomOutages(random: Random): readonly Outage[] {
  if (!random.happens(0.15)) return [];
  const from = random.between(0, 5) * minute;
  return [
    {
      what: random.pick(['storage', 'queue', 'sends', 'events']),
      from,
      to: from + random.pick([0.5, 5, 30]) * minute,
    },
  ];
}

const proxyPages: Readonly<Record<'checkout' | 'read', readonly [ApiFault, ...ApiFault[]]>> = {
  checkout: ['proxy-403', 'proxy-404', 'proxy-407', 'proxy-403-after', 'proxy-404-after'],
  read: ['proxy-403', 'proxy-404', 'proxy-407'],
};

/** What comes from outside of the worker and its carts. */
interface Outside {
  readonly kinds: readonly WorldKind[];
  readonly placed: readonly PlacedOrder[];
  readonly dates: readonly [DateStyle, ...DateStyle[]] | undefined;
  readonly unreadable: readonly UnreadableRecord[];
  readonly customerLimits: readonly CustomerLimit[];
  readonly rash: number;
  /** A fault of these kinds, in the place of another one. */
  readonly fault: (what: Request, random: Random) => ApiFault | undefined;
}

function randomOutside(random: Random): Outside {
  const kinds = new Set<WorldKind>();
  const has = (kind: WorldKind, odds: number): boolean => {
    const happens = random.happens(odds);
    if (happens) kinds.add(kind);
    return happens;
  };
  const limitFrom = random.between(0, 10) * minute;
  const lists = has('incomplete lists', 0.15);
  const proxies = has('false 404s and pages of proxies', 0.15);
  const codes = has('a 401 with a code', 0.1);
  return {
    placed: has('orders placed by people', 0.2) ? randomPlaced(random) : [],
    dates: has('order dates that cannot be read', 0.08) ? dateStyles : undefined,
    unreadable: has('an unreadable record', 0.06) ? [unreadableRecord(90)] : [],
    customerLimits: has('a limit of one customer', 0.1)
      ? [
          {
            customerId: customer(1 + random.below(2)),
            from: limitFrom,
            to: limitFrom + random.pick([1, 10, 40]) * minute,
          },
        ]
      : [],
    rash: has('bought carts that people gave up on', 0.1) ? 0.5 : 0,
    fault: (what, draw) => {
      if (!draw.happens(0.3)) return undefined;
      if (what === 'checkout' && codes && draw.happens(0.5)) return 'unauthorized-code';
      if (what === 'orders' && lists) return draw.pick(['list-counts-more', 'list-has-next']);
      if (!proxies) return undefined;
      if (what === 'cart' && draw.happens(0.3)) return 'false-gone';
      return draw.pick(proxyPages[what === 'checkout' ? 'checkout' : 'read']);
    },
    kinds: [...kinds],
  };
}

/** Before the night, while it lasts, and after: of the contents that carts have too. */
function randomPlaced(random: Random): readonly PlacedOrder[] {
  return Array.from({ length: 1 + random.below(3) }, () =>
    placed(
      offerNames[random.below(3)] ?? 'a',
      random.pick([
        -random.between(5, 3_000) * minute,
        -random.between(1.5, 6) * minute,
        random.between(0, 10) * minute,
        random.between(0, 120) * minute,
      ]),
    ),
  );
}

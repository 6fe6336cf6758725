import type { ApiFault } from './faults.ts';
import type { Request } from './partner-center.ts';
import {
  cartPlan,
  checkouts,
  customer,
  each,
  equalCarts,
  firstCheckout,
  groupPlan,
  hour,
  minute,
  nature,
  placed,
  second,
  sendAll,
  unreadableRecord,
  world,
} from './plans.ts';
import type { Scenario, Setup } from './setup.ts';
import type { CartPlan } from './truth.ts';
import { dateStyles } from './wire.ts';

/** One cart whose content nobody else has, and one of another content. */
const pair = () => [
  cartPlan(1, [groupPlan('0', 'a', { pendingMs: 3 * minute })]),
  cartPlan(2, [groupPlan('0', 'b')]),
];

const people = { retries: 0, twice: 0, wrong: 0, weary: 0, rash: () => 0 };

/** The n-th requests of this kind for each cart or customer end so. */
const requests =
  (what: Request, ...faults: readonly (ApiFault | undefined)[]) =>
  (asked: Request, _id: string, nth: number): ApiFault | undefined =>
    asked === what ? faults[nth - 1] : undefined;

const first =
  (...rules: readonly ((what: Request, id: string, nth: number) => ApiFault | undefined)[]) =>
  (what: Request, id: string, nth: number): ApiFault | undefined => {
    for (const rule of rules) {
      const fault = rule(what, id, nth);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

/** People who buy in the portal, beside us. */
const placedByPeople: readonly Scenario[] = [
  ...each('placed-before', 'somebody bought the same minutes before the night; the call is reset', () => ({
    kinds: ['orders placed by people'],
    carts: pair(),
    placed: [placed('a', -2 * minute), placed('c', -2 * minute)],
    apiFault: firstCheckout('drop-before'),
  })),
  ...each(
    'placed-before-lost',
    'somebody bought the same before the night; the answer is lost, and the order of the cart is listed late',
    () => ({
      kinds: ['orders placed by people'],
      carts: pair(),
      placed: [placed('a', -4.5 * minute), placed('b', -20 * minute)],
      apiFault: firstCheckout('drop-after'),
    }),
  ),
  ...each(
    'placed-between',
    'somebody buys the same after the call, which is reset, and before the look',
    () => ({
      kinds: ['orders placed by people'],
      carts: pair(),
      placed: [placed('a', 2 * minute), placed('c', 2 * minute)],
      apiFault: firstCheckout('drop-before'),
    }),
  ),
  ...each('placed-after', 'somebody buys the same after the call, whose answer is lost', () => ({
    kinds: ['orders placed by people'],
    carts: pair(),
    placed: [placed('a', 2 * minute), placed('b', 10 * minute), placed('c', minute)],
    apiFault: firstCheckout('drop-after'),
  })),
  ...each(
    'placed-other',
    'somebody buys something else after the call, whose answer is lost and tells of a refused group',
    (contract) => ({
      nature: nature(contract, { partialLeaves: 'Ordered' }),
      kinds: ['orders placed by people'],
      carts: [
        cartPlan(1, [
          groupPlan('0', 'a'),
          groupPlan('1', 'b', { refusal: { code: 800010, times: Number.POSITIVE_INFINITY } }),
        ]),
      ],
      placed: [placed('c', 2 * minute)],
      apiFault: firstCheckout('drop-after'),
    }),
  ),
  ...each('placed-beside-equal carts', 'people buy beside two equal carts in doubt', () => ({
    kinds: ['orders placed by people'],
    carts: equalCarts(),
    placed: [placed('a', -3 * minute), placed('a', 20 * second), placed('a', 25 * minute)],
    apiFault: firstCheckout('drop-after'),
  })),
];

/** Answers that come from somewhere else, or are not the whole truth. */
const untrueAnswers: readonly Scenario[] = [
  ...each('list-counts-more', 'the list counts more orders than it holds, at first', () => ({
    kinds: ['incomplete lists'],
    carts: pair(),
    apiFault: first(firstCheckout('drop-after'), requests('orders', 'list-counts-more', 'list-counts-more')),
  })),
  ...each('list-has-next-gone', 'the list names a next page, and the cart is gone', () => ({
    kinds: ['incomplete lists'],
    // One cart a customer: the part of the list that comes is empty.
    carts: [1, 2].map((n) =>
      cartPlan(n, [groupPlan('0', 'a')], { customerId: customer(n), goneAfter: 3 * minute }),
    ),
    apiFault: first(
      firstCheckout('drop-after'),
      requests('orders', ...Array<ApiFault>(6).fill('list-has-next')),
    ),
  })),
  ...(['proxy-404', 'false-gone'] as const).flatMap((fault) =>
    each(`${fault}-cart`, 'one read of a cart is answered 404, though it is there', () => ({
      kinds: ['false 404s and pages of proxies'],
      carts: pair(),
      apiFault: first(firstCheckout('drop-before'), requests('cart', fault)),
    })),
  ),
  ...each('proxy-list', 'pages of proxies in place of lists and carts', () => ({
    kinds: ['false 404s and pages of proxies'],
    carts: pair(),
    apiFault: first(
      firstCheckout('drop-after'),
      requests('orders', 'proxy-404', 'proxy-403', 'proxy-407'),
      requests('cart', undefined, 'proxy-403', 'proxy-407'),
    ),
  })),
  ...(['proxy-404', 'proxy-403', 'proxy-407', 'proxy-403-after', 'proxy-404-after'] as const).flatMap(
    (fault) =>
      each(`${fault}-paid`, 'the paid call is answered by a proxy', () => ({
        kinds: ['false 404s and pages of proxies'],
        carts: pair(),
        apiFault: firstCheckout(fault),
      })),
  ),
  ...each('odd-dates', 'the dates of the orders cannot be read, or name no zone', (contract) => ({
    kinds: ['order dates that cannot be read'],
    carts: pair(),
    nature: nature(contract, { dates: dateStyles }),
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('year-one', 'orders of the year 1, and a cart that is gone', (contract) => ({
    kinds: ['order dates that cannot be read'],
    carts: [
      cartPlan(1, [groupPlan('0', 'a')], { goneAfter: 8 * minute }),
      cartPlan(2, [groupPlan('0', 'b')]),
    ],
    nature: nature(contract, { dates: ['year-one'] }),
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('add-ons', 'a cart with add-ons whose first answer is lost', () => ({
    kinds: ['add-ons'],
    carts: [1, 2].map((n) =>
      cartPlan(n, [
        groupPlan('0', 'c', { addons: [{ offerId: 'MS-AZR-0146P', quantity: 2, term: '' }] }),
        groupPlan('1', n === 1 ? 'a' : 'b'),
      ]),
    ),
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('code-401', '401 with a code; the second call is executed, and its answer is lost', () => ({
    kinds: ['a 401 with a code'],
    carts: pair(),
    apiFault: checkouts('unauthorized-code', 'drop-after'),
  })),
];

/** What one customer does to itself and to the others. */
const customers: readonly Scenario[] = [
  ...each('unreadable-record', 'a record of the same customer cannot be read', () => ({
    kinds: ['an unreadable record'],
    carts: pair(),
    unreadable: [unreadableRecord(90)],
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('customer-limit', 'one customer is throttled alone, while others pass at every instance', () => {
    const limited = [1, 2, 3, 4, 5, 6].map((n) => cartPlan(n, [groupPlan('0', n % 2 === 0 ? 'a' : 'b')]));
    const others = Array.from({ length: 30 }, (_, n) =>
      cartPlan(100 + n, [groupPlan('0', 'a')], { customerId: customer(2 + (n % 3)) }),
    );
    return {
      kinds: ['a limit of one customer'],
      carts: [...limited, ...others],
      // One instance meets the 429 while nothing else is to be done; the next jobs meet instances that have not heard of it.
      sends: [
        ...sendAll(others).map((send, n) => ({ ...send, at: n * 2 * second + (n < 8 ? 0 : 20 * second) })),
        ...sendAll(limited).map((send, n) => ({ ...send, at: (n === 0 ? 20 : 25) * second })),
      ],
      customerLimits: [{ customerId: customer(1), from: 0, to: 10 * minute }],
      processes: 4,
      permits: 1,
    };
  }),
  ...each('rash', 'people give up on carts that were bought', () => ({
    kinds: ['bought carts that people gave up on'],
    carts: [...equalCarts(), cartPlan(3, [groupPlan('0', 'a')])],
    sends: sendAll([...equalCarts(), cartPlan(3, [groupPlan('0', 'a')])]).map((send, n) =>
      n === 2 ? { ...send, at: 3 * hour } : send,
    ),
    calmAfter: 4 * hour,
    people: { ...people, rash: () => 1 },
    apiFault: firstCheckout('drop-after'),
  })),
  ...each(
    'heir',
    'people give up on a cart that was bought; an equal one, which waited meanwhile, is then in doubt',
    (contract) => {
      const carts = [1, 2, 3].map((n) => cartPlan(n, [groupPlan('0', 'a')]));
      const [later, abandoned] = carts.map(({ id }) => id);
      return {
        kinds: ['bought carts that people gave up on'],
        carts,
        // The order of the later cart is listed late: at its first look there is that of the abandoned one alone.
        nature: nature(contract, { listLag: 15 * minute }),
        calmAfter: 12 * hour,
        people: { ...people, rash: (id: string) => (id === abandoned ? 1 : 0) },
        apiFault: (what: Request, id: string, nth: number) => {
          if (what !== 'checkout') return undefined;
          if (id === later) return (['review', 'drop-after'] as const)[nth - 1];
          return nth === 1 ? 'drop-after' : undefined;
        },
      };
    },
  ),
  ...each('many-orders', 'a worker dies between two transactions of a cart with many orders', () => {
    let transactions = 0;
    const carts = [1, 2].map((n) =>
      cartPlan(
        n,
        Array.from({ length: 103 }, (_, group) =>
          groupPlan(String(group), 'a', { offerId: `offer-${n}-${group}` }),
        ),
      ),
    );
    return {
      kinds: ['more orders than one transaction holds'],
      carts,
      blow: (name) => (name === 'checkouts.transact' && transactions++ === 0 ? 'after' : undefined),
    };
  }),
];

export interface Outage {
  readonly carts: number;
  /** Every n-th of them is reset before it is executed. */
  readonly resetEach: number;
}

/** All answers to the first checkouts of one customer are lost, while others pass. Each cart holds something else. */
export function outageOfOne({ carts: count, resetEach }: Outage): Setup {
  const carts: readonly CartPlan[] = Array.from({ length: count }, (_, n) =>
    cartPlan(n, [groupPlan('0', 'a', { offerId: `offer-${n}` })]),
  );
  // So that no five calls in a row go unanswered: that would be an outage of all, and the gate would close.
  const others = Array.from({ length: 2 * count }, (_, n) =>
    cartPlan(10_000 + n, [groupPlan('0', 'b')], { customerId: customer(2 + (n % 5)) }),
  );
  const ids = new Map(carts.map(({ id }, n) => [id, n]));
  const at = (n: number) => n * 800;
  return world([...carts, ...others], {
    kinds: ['a customer with 200 carts in doubt'],
    sends: [
      ...sendAll(carts).map((send, n) => ({ ...send, at: at(n) })),
      ...sendAll(others).map((send, n) => ({ ...send, at: at(n / 2) + 100 })),
    ],
    processes: 2,
    permits: 16,
    calmAfter: 30 * minute,
    apiFault: (what, id, nth) => {
      const n = ids.get(id);
      if (what !== 'checkout' || nth > 1 || n === undefined) return undefined;
      return n % resetEach === resetEach - 1 ? 'drop-before' : 'drop-after';
    },
    maxPortCalls: 200_000,
  });
}

const oneCustomer: readonly Scenario[] = [
  {
    name: 'one-customer',
    about: '200 carts of one customer are in doubt after an outage',
    large: true,
    setup: () => outageOfOne({ carts: 200, resetEach: 4 }),
  },
];

/** Rules that no world needed before. */
const rules: readonly Scenario[] = [
  ...each('slow-token-reads', 'tokens for reads come late, and the gate closes meanwhile', () => {
    const carts = [1, 2, 3, 4, 5, 6].map((n) =>
      cartPlan(n, [groupPlan('0', 'a', { offerId: `offer-${n}` })]),
    );
    const others = Array.from({ length: 16 }, (_, n) =>
      cartPlan(100 + n, [groupPlan('0', 'b')], { customerId: customer(2 + n) }),
    );
    const late = new Set(others.map(({ id }) => id));
    return {
      carts: [...carts, ...others],
      sends: [
        ...sendAll(carts).map((send) => ({ ...send, at: 0 })),
        ...sendAll(others).map((send, n) => ({ ...send, at: 4.9 * minute + n * 6 * second })),
      ],
      permits: 8,
      apiFault: (what, id, nth) => {
        if (what === 'checkout') return nth > 1 ? undefined : late.has(id) ? 'throttled' : 'drop-after';
        return nth === 1 ? 'slow-token' : undefined;
      },
    };
  }),
  ...each('refused-alone', 'one customer is refused for the whole partner, while the others pass', () => {
    const refused = cartPlan(1, [groupPlan('0', 'a')], {
      refused: { status: 403, code: 900121, fromCheckout: 1 },
    });
    const others = Array.from({ length: 40 }, (_, n) =>
      cartPlan(100 + n, [groupPlan('0', 'b')], { customerId: customer(2 + n) }),
    );
    return {
      carts: [refused, ...others],
      sends: [...sendAll([refused]), ...sendAll(others).map((send, n) => ({ ...send, at: n * 2 * minute }))],
      processes: 1,
      pollers: 1,
    };
  }),
  ...(['replay', 'refuse'] as const).map(
    (contract): Scenario => ({
      name: `retryable-for-ever-${contract}`,
      about: 'one order group is refused for ever with a code that passes',
      setup: () =>
        world(
          [1, 2].map((n) =>
            cartPlan(n, [
              groupPlan('0', 'a'),
              groupPlan('1', 'b', { refusal: { code: 800005, times: Number.POSITIVE_INFINITY } }),
            ]),
          ),
          { nature: nature(contract) },
        ),
    }),
  ),
  {
    name: 'lost-equal cart',
    about: 'the message of one of two equal carts in doubt is lost: the other one does not wait for it',
    setup: () => {
      const carts = equalCarts();
      const [lost, other] = carts.map(({ id }) => id);
      return world(carts, {
        nature: nature('refuse'),
        apiFault: firstCheckout('drop-after'),
        purge: { at: 2 * minute, resendAfter: 30 * hour, carts: lost === undefined ? [] : [lost] },
        endBy: { at: 8 * hour, carts: other === undefined ? [] : [other] },
      });
    },
  },
  {
    name: 'in-hand',
    about: 'orders in hand that could not be recorded outlive two reschedules, for the reads are throttled',
    setup: () => {
      const carts = equalCarts();
      return world(carts, {
        nature: nature('refuse'),
        sends: sendAll(carts, { at: 0 }),
        outages: [{ what: 'storage', from: minute, to: 14 * minute }],
        apiFault: first(requests('checkout', 'slow'), requests('cart', '503', '503')),
      });
    },
  },
];

/** They have their hit in themselves, or so many port calls that one hit at each would take hours. */
const large = ['many-orders', 'slow-token-reads', 'refused-alone'];

export const outsideScenarios: readonly Scenario[] = [
  ...placedByPeople,
  ...untrueAnswers,
  ...customers,
  ...rules,
  ...oneCustomer,
].map((scenario) =>
  large.some((name) => scenario.name.startsWith(name)) ? { ...scenario, large: true } : scenario,
);

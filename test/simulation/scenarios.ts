import { linesScenarios } from './lines-scenarios.ts';
import { outsideScenarios } from './outside-scenarios.ts';
import type { Request } from './partner-center.ts';
import {
  cartPlan,
  checkouts,
  each,
  equalCarts,
  firstCheckout,
  groupPlan,
  hour,
  minute,
  nature,
  sendAll,
  world,
} from './plans.ts';
import { randomCartsScenario, randomScenario } from './random-scenario.ts';
import { scheduleScenarios } from './schedule-scenarios.ts';
import type { Scenario } from './setup.ts';

/** Two groups each, of which the second is refused for good, or the first few times. */
const halves = (times: number, code: number) => [
  cartPlan(1, [groupPlan('0', 'a'), groupPlan('1', 'b', { refusal: { code, times } })]),
  cartPlan(2, [groupPlan('0', 'a'), groupPlan('1', 'b')]),
];

export const scenarios: readonly Scenario[] = [
  ...each('plain', 'two equal carts, nothing goes wrong', () => ({ carts: equalCarts() })),
  ...each('lost', 'the answers of both checkouts are lost', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('one-lost', 'one of two equal carts is in doubt', () => {
    const carts = equalCarts();
    return { carts, apiFault: firstCheckout('drop-after', carts[0]?.id) };
  }),
  ...each('reset', 'both checkouts are reset before they are executed', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('drop-before'),
  })),
  ...each('one-reset', 'one of two equal carts is reset, and the other one is bought meanwhile', () => {
    const carts = equalCarts();
    return { carts, apiFault: firstCheckout('drop-before', carts[0]?.id) };
  }),
  ...each(
    'late-equal cart',
    'an equal cart is bought, its answer slow, while the other one is found out',
    (contract) => {
      const carts = equalCarts();
      const [first, second] = carts;
      return {
        carts,
        nature: nature(contract, { listLag: 0 }),
        sends: sendAll(carts).map((send) => (send.cartId === second?.id ? { ...send, at: 307_000 } : send)),
        apiFault: (what: Request, id: string, nth: number) => {
          if (what === 'cart') return id === first?.id ? 'answers-late' : undefined;
          if (what !== 'checkout' || nth > 1) return undefined;
          return id === first?.id ? 'drop-before' : 'answers-late';
        },
      };
    },
  ),
  ...each('late', 'a checkout is executed after the client gave up', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('arrives-late'),
  })),
  ...each('outlasts', 'a checkout takes longer than the client waits', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('outlasts'),
  })),
  ...each('accepted', '800060: accepted, made minutes later', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('accepted'),
  })),
  ...each('unreadable', 'a 2xx that cannot be read', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('cut'),
  })),
  ...each('throttled', '429 to the first checkout of each cart', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('throttled'),
  })),
  ...each('doubled', 'the first copies are sent twice: the answers to their sends were lost', () => {
    let sends = 0;
    const carts = [...equalCarts(), cartPlan(3, [groupPlan('0', 'b')]), cartPlan(4, [groupPlan('0', 'c')])];
    return {
      carts,
      apiFault: checkouts('throttled'),
      blow: (name) => (name === 'queue.send' && sends++ < carts.length ? 'echo' : undefined),
      processes: 4,
    };
  }),
  ...each('throttled-outlasts', '429 first; the second checkout takes longer than the client waits', () => ({
    carts: equalCarts(),
    apiFault: checkouts('throttled', 'outlasts'),
  })),
  ...each(
    'slow-gate',
    'the call of a repeat waits long for its permit, and then takes longer than the client waits',
    () => ({
      carts: Array.from({ length: 5 }, (_, n) => cartPlan(n + 1, [groupPlan('0', 'a')])),
      apiFault: checkouts('drop-before', 'outlasts'),
      gate: 'slow',
      processes: 4,
    }),
  ),
  ...each('reset-outlasts', 'a reset first; its repeat takes longer than the client waits', () => ({
    carts: equalCarts(),
    apiFault: checkouts('drop-before', 'outlasts'),
  })),
  ...each(
    'lost-throttled-refused',
    'the answer is lost, the repeat is throttled, then refused for good',
    () => ({
      carts: [
        cartPlan(1, [groupPlan('0', 'a')], { refused: { status: 403, code: 800069, fromCheckout: 3 } }),
        cartPlan(2, [groupPlan('0', 'a')]),
      ],
      apiFault: checkouts('drop-after', 'throttled'),
    }),
  ),
  ...each('half', 'one order group is refused for good', (contract) => ({
    carts: halves(Number.POSITIVE_INFINITY, 800010),
    nature: nature(contract, { partialLeaves: 'Ordered' }),
  })),
  ...each('half-lost', 'a partial result whose answer is lost', (contract) => ({
    carts: halves(Number.POSITIVE_INFINITY, 800010),
    nature: nature(contract, { partialLeaves: contract === 'replay' ? 'Active' : 'Ordered' }),
    apiFault: firstCheckout('drop-after'),
  })),
  {
    name: 'half-lost-active',
    about: 'the same of one cart, which stays active: its repeat tells of the refused group alone',
    setup: () =>
      world(halves(Number.POSITIVE_INFINITY, 800010).slice(0, 1), {
        nature: nature('refuse', { partialLeaves: 'Active' }),
        apiFault: firstCheckout('drop-after'),
      }),
  },
  ...each('gone', 'the answer is lost, then the cart is gone', () => ({
    carts: [
      cartPlan(1, [groupPlan('0', 'a')], { goneAfter: 3 * minute }),
      cartPlan(2, [groupPlan('0', 'a')]),
    ],
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('refused', 'the answer is lost, then the cart is refused for good', () => ({
    carts: [
      cartPlan(1, [groupPlan('0', 'a')], { refused: { status: 403, code: 800069, fromCheckout: 2 } }),
      cartPlan(2, [groupPlan('0', 'a')]),
    ],
    apiFault: firstCheckout('drop-after'),
  })),
  ...each('document', 'a checkout that needs a document, attached after an hour or never', () => {
    const document = { status: 400, code: 900252, fromCheckout: 1 };
    return {
      carts: [
        cartPlan(1, [groupPlan('0', 'a')], { refused: { ...document, toCheckout: 2 } }),
        cartPlan(2, [groupPlan('0', 'a')], { refused: { ...document, fromCheckout: 2 } }),
      ],
      apiFault: firstCheckout('drop-before', cartPlan(2, []).id),
    };
  }),
  ...each('too-late', 'a job whose time ends while it is in doubt', () => {
    const carts = equalCarts();
    return { carts, sends: sendAll(carts, { notAfter: 3 * minute }), apiFault: firstCheckout('drop-after') };
  }),
  ...each('odd-refusal', '400/4018 to a cart that was bought all the same', () => ({
    carts: equalCarts(),
    apiFault: firstCheckout('4018-after'),
  })),
  ...each('review', 'a customer under review for days; each job has one driver all the while', () => ({
    carts: equalCarts().map((cart) => ({ ...cart, reviewUntil: 40 * hour })),
    calmAfter: 30 * minute,
  })),
  ...each(
    'tables-away',
    'the tables go away with the answers in hand, for longer than a lock is renewed',
    () => ({
      carts: equalCarts(),
      outages: [{ what: 'storage', from: 3_000, to: 12 * minute }],
    }),
  ),
  ...each('slow-token', 'a token is fetched first, until permit and lease are no longer good', () => ({
    carts: equalCarts(),
    sends: sendAll(equalCarts(), { notAfter: 4 * minute }),
    apiFault: (_what, _id, nth) => (nth < 3 ? 'slow-token' : undefined),
  })),
  ...each('cancelled', 'orders that end cancelled, and people who try again', () => ({
    carts: [
      cartPlan(1, [
        groupPlan('0', 'a', { pendingMs: 20 * minute, end: 'cancelled' }),
        groupPlan('1', 'b', { pendingMs: 5 * minute }),
      ]),
      cartPlan(2, [groupPlan('0', 'a', { pendingMs: hour })]),
    ],
  })),
  ...each('batch', 'each cart is sent three times, by two batches', () => {
    const carts = equalCarts();
    return {
      carts,
      sends: [
        ...sendAll(carts, { batchId: 'night-1', batchSize: 2 }),
        ...sendAll(carts, { batchId: 'night-1', batchSize: 2 }),
        ...sendAll(carts, { batchId: 'night-2', batchSize: 2, at: 30_000 }),
      ],
    };
  }),
  ...each('batch-late', 'the last cart of a batch is sent half an hour after the others', () => {
    const carts = equalCarts();
    const sends = sendAll(carts, { batchId: 'night', batchSize: 2 });
    return { carts, sends: sends.map((send, nth) => (nth === 1 ? { ...send, at: 30 * minute } : send)) };
  }),
  ...each('stopped', 'a batch is stopped while one cart is in doubt and another waits', () => {
    const carts = [...equalCarts(), cartPlan(3, [groupPlan('0', 'b')])];
    const [first, second, third] = carts.map(({ id }) => id);
    return {
      carts,
      sends: sendAll(carts, { batchId: 'night', batchSize: 3 }).map((send) =>
        send.cartId === third ? { ...send, at: 2 * minute } : send,
      ),
      stop: { batchId: 'night', at: 20_000 },
      apiFault: (what: Request, id: string, nth: number) =>
        what !== 'checkout' || nth > 1
          ? undefined
          : id === first
            ? 'drop-after'
            : id === second
              ? 'throttled'
              : undefined,
    };
  }),
  ...(['replay', 'refuse'] as const).map(
    (contract): Scenario => ({
      name: `retryable-${contract}`,
      about: 'one order group is refused twice with a code that passes',
      setup: () =>
        world(halves(2, 800005), {
          nature: nature(contract, { partialLeaves: contract === 'replay' ? 'Ordered' : 'Active' }),
        }),
    }),
  ),
  ...(['replay', 'refuse'] as const).map(
    (contract): Scenario => ({
      name: `people-${contract}`,
      about: 'people retry what failed and answer what is asked, twice, and sometimes wrongly',
      setup: () =>
        world(
          [
            ...halves(1, 800010),
            cartPlan(3, [groupPlan('0', 'a')], { refused: { status: 403, code: 800069, fromCheckout: 2 } }),
          ],
          {
            nature: nature(contract),
            apiFault: firstCheckout('drop-after'),
            people: { retries: 3, twice: 1, wrong: 0.3, weary: 0, rash: () => 0 },
          },
        ),
    }),
  ),
  {
    name: 'weary',
    about: 'people give up on jobs that wait, or have no record yet, and try them again',
    setup: () => {
      const carts = equalCarts();
      return world(carts, {
        apiFault: checkouts('throttled', 'throttled', 'throttled', 'drop-after'),
        sends: [...sendAll(carts), ...sendAll(carts, { at: 90 * minute })],
        people: { retries: 2, twice: 0.5, wrong: 0, weary: 0.5, rash: () => 0 },
      });
    },
  },
  {
    name: 'remembered',
    about:
      'an API that buys again, knows a repeated request by its id, and calls an ordered cart active for a while',
    setup: () =>
      world(equalCarts(), {
        nature: nature('rebuy', { remembersRequests: true }),
        apiFault: (what, _, nth) =>
          nth > 1 ? undefined : what === 'checkout' ? 'drop-after' : what === 'cart' ? 'stale' : undefined,
      }),
  },
  {
    name: 'purged',
    about: 'the operator empties the queue, and the producers send their jobs once more',
    setup: () => {
      const carts = equalCarts();
      return world(carts, {
        apiFault: (what, _, nth) => (what === 'checkout' && nth < 3 ? 'drop-after' : undefined),
        purge: { at: 3 * minute, resendAfter: 2 * hour },
      });
    },
  },
  {
    name: 'not-before',
    about: 'jobs that wait for their time',
    setup: () => {
      const carts = equalCarts();
      return world(carts, { sends: sendAll(carts, { notBefore: 10 * minute, notAfter: 3 * hour }) });
    },
  },
  ...outsideScenarios,
  ...scheduleScenarios,
  ...linesScenarios,
  randomScenario,
  randomCartsScenario,
];

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined)
    throw new Error(
      `There is no scenario "${name}". There are: ${scenarios.map((one) => one.name).join(', ')}`,
    );
  return found;
}

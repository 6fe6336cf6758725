import type { ApiFault } from './faults.ts';
import { orderNumber, orderPlan, sendOrder, wanted } from './order-plans.ts';
import type { Request } from './partner-center.ts';
import { cartPlan, customer, each, groupPlan, minute, nature, second, world } from './plans.ts';
import type { MadeCartSend, Scenario, Setup } from './setup.ts';

const { seats, phones, limited, unpriced, unknown, grown } = wanted;

/** The requests of each kind end so, one after the other; what comes after them is well. */
const requests =
  (faults: Partial<Record<Request, readonly (ApiFault | undefined)[]>>) =>
  (what: Request, _id: string, nth: number): ApiFault | undefined =>
    faults[what]?.[nth - 1];

/** Two orders of one customer: two order groups, and an order that is equal to the first of them. */
const two = (): Partial<Setup> => ({
  orders: [orderPlan(1, { fates: [{ pendingMs: 3 * minute }] }), orderPlan(2)],
  sends: [sendOrder(1, [seats, phones]), sendOrder(2, [seats])],
});

const one = (plan: Partial<Setup> = {}): Partial<Setup> => ({
  orders: [orderPlan(1)],
  sends: [sendOrder(1, [seats, phones])],
  ...plan,
});

const lines = (name: string, about: string, plan: () => Partial<Setup>): Scenario => ({
  name: `lines-${name}`,
  about,
  setup: () => world([], { kinds: ['order lines'], ...plan() }),
});

const linesEach = (
  name: string,
  about: string,
  plan: () => Partial<Setup>,
  kinds: Setup['kinds'] = [],
): readonly Scenario[] =>
  each(`lines-${name}`, about, (contract) => {
    const setup = plan();
    return {
      carts: [],
      ...setup,
      kinds: ['order lines', ...kinds],
      nature: { ...(setup.nature ?? nature(contract)), contract },
    };
  });

const madeCart = (at: number): MadeCartSend => ({
  at,
  customerId: customer(1),
  externalOrderId: orderNumber(1),
});

/** At the end so many messages were kept as rejected. Which of them came first is up to the crashes. */
const rejects =
  (least: number, most = least): NonNullable<Setup['check']> =>
  ({ tables, violated }) => {
    const { length } = tables.attention.all().filter(({ partition }) => partition === 'rejected');
    if (length < least || length > most)
      violated(`2 nothing lost: ${length} messages were kept as rejected, not ${least} to ${most}`);
  };

/** Jobs that carry order lines: the worker makes their carts. */
export const linesScenarios: readonly Scenario[] = [
  lines('happy', 'two orders that share a line, beside a cart that holds the same', () => ({
    ...two(),
    carts: [cartPlan(1, [groupPlan('0', 'a')])],
    sends: [...(two().sends ?? []), { at: 0, customerId: customer(1), cartId: cartPlan(1, []).id }],
  })),
  lines('create-lost', 'the answers of the first two creates are lost: two carts that nobody knows', () =>
    one({ apiFault: requests({ 'create-cart': ['drop-after', 'outlasts'] }) }),
  ),
  lines('create-unavailable', 'neither catalogue nor create can be reached at first', () =>
    one({
      apiFault: requests({
        availabilities: ['503', 'cut', 'throttled'],
        'create-cart': ['500-before', 'unauthorized', 'drop-before'],
      }),
    }),
  ),
  lines('stale-create', 'the availabilities change between the look-up and the create', () => ({
    ...one({ apiFault: requests({ 'create-cart': ['reissued'] }) }),
    kinds: ['order lines', 'availabilities that change'],
  })),
  lines('stale-list', 'the catalogue names an availability that is gone, and another order then', () => ({
    ...two(),
    reissues: [0.9 * second],
    apiFault: requests({ availabilities: ['stale'] }),
    kinds: ['order lines', 'availabilities that change'],
  })),
  ...[undefined, 'drop' as const].map((onBadLine) =>
    lines(
      `list-lags${onBadLine === undefined ? '' : '-drop'}`,
      'the availabilities change at the create, and the catalogue goes on listing the old ones for a while',
      () => ({
        ...one({
          sends: [sendOrder(1, [seats, phones], onBadLine === undefined ? {} : { onBadLine })],
          apiFault: requests({ availabilities: [undefined, 'stale'], 'create-cart': ['reissued'] }),
        }),
        kinds: ['order lines', 'availabilities that change'],
      }),
    ),
  ),
  lines('cached', 'what an instance knows of a product changes between two orders', () => ({
    orders: [orderPlan(1), orderPlan(2)],
    sends: [
      sendOrder(1, [{ ...grown, term: 'P1M', billing: 'monthly' }]),
      sendOrder(2, [grown, seats], { at: 2 * minute }),
    ],
    reissues: [minute],
    processes: 1,
    pollers: 1,
    kinds: ['order lines', 'availabilities that change'],
  })),
  ...linesEach('checkout-lost', 'the answers of both checkouts are lost, of equal orders', () => ({
    ...two(),
    apiFault: requests({ checkout: ['drop-after'] }),
  })),
  ...linesEach(
    'stale-checkout',
    'the availabilities change between the create and the checkout',
    () => one({ apiFault: requests({ checkout: ['reissued'] }) }),
    ['availabilities that change'],
  ),
  lines('stale-put-lost', 'the same, and the answer of the PUT is lost, then old', () => ({
    ...one({
      apiFault: requests({ checkout: ['reissued'], 'put-cart': ['drop-after', 'stale'], cart: [undefined] }),
    }),
    kinds: ['order lines', 'availabilities that change'],
  })),
  lines('stale-put', 'the same, and the availabilities change again at the PUT', () => ({
    ...one({ apiFault: requests({ checkout: ['reissued'], 'put-cart': ['reissued'] }) }),
    kinds: ['order lines', 'availabilities that change'],
  })),
  lines(
    'stale-twice',
    'the availabilities change before each checkout: the second refusal is the last',
    () => ({
      ...one({ apiFault: requests({ checkout: ['reissued', 'reissued'] }) }),
      kinds: ['order lines', 'availabilities that change'],
    }),
  ),
  ...linesEach(
    'stale-then-lost',
    'a repaired cart, whose checkout is executed and its answer lost',
    () => one({ apiFault: requests({ checkout: ['reissued', 'drop-after'] }) }),
    ['availabilities that change'],
  ),
  ...linesEach(
    'lost-then-stale',
    'a checkout that was never executed, whose repeat finds an availability gone',
    () => one({ apiFault: requests({ checkout: ['drop-before', 'reissued'] }) }),
    ['availabilities that change'],
  ),
  lines(
    'stale-partly',
    'a checkout that is refused for one availability buys the other line all the same',
    () => ({
      ...one({
        nature: nature('replay', { staleBuysOthers: true }),
        reissues: [10 * minute],
        apiFault: requests({ checkout: ['reissued'] }),
      }),
      kinds: [
        'order lines',
        'availabilities that change',
        'a checkout refused for a gone availability that bought a part',
      ],
    }),
  ),
  lines('bad-line', 'a line that the catalogue does not know, and one in error: nothing is bought', () => ({
    orders: [orderPlan(1, { mayFail: true }), orderPlan(2, { mayFail: true })],
    sends: [sendOrder(1, [seats, unknown]), sendOrder(2, [limited, phones])],
    kinds: ['order lines', 'lines that cannot be bought'],
  })),
  lines('bad-line-drop', 'the same, and the producer asked to drop such lines', () => ({
    orders: [orderPlan(1), orderPlan(2), orderPlan(3, { mayFail: true })],
    sends: [
      sendOrder(1, [seats, unknown], { onBadLine: 'drop' }),
      sendOrder(2, [limited, phones, seats], { onBadLine: 'drop' }),
      sendOrder(3, [limited, unknown], { onBadLine: 'drop' }),
    ],
    kinds: ['order lines', 'lines that cannot be bought'],
  })),
  lines('ceiling', 'a price above its ceiling, and one below', () => ({
    orders: [orderPlan(1, { mayFail: true }), orderPlan(2)],
    sends: [
      sendOrder(1, [seats, phones], { maxTotal: '42.49' }),
      sendOrder(2, [seats, phones], { maxTotal: '42.5' }),
    ],
    kinds: ['order lines', 'lines that cannot be bought'],
  })),
  lines('unpriced', 'a line without a price under a ceiling is held, until people give up on it', () => ({
    orders: [orderPlan(1)],
    sends: [sendOrder(1, [unpriced, seats], { maxTotal: '1000' })],
    kinds: ['order lines', 'lines that cannot be bought'],
  })),
  lines('refused', 'the checkout is refused for good, and people try again', () => ({
    orders: [orderPlan(1, { refused: { status: 403, code: 800069, fromCheckout: 1 } }), orderPlan(2)],
    sends: [sendOrder(1, [seats, phones]), sendOrder(2, [phones])],
    people: { retries: 2, twice: 0.5, wrong: 0, weary: 0, rash: () => 0 },
  })),
  lines('refused-other', 'the same, and the order is sent with other lines then', () => ({
    orders: [orderPlan(1, { refused: { status: 403, code: 800069, fromCheckout: 1 } })],
    sends: [sendOrder(1, [seats, phones]), sendOrder(1, [seats], { at: 10 * minute })],
    check: rejects(1),
    kinds: ['order lines', 'one order number with equal or with other lines'],
  })),
  lines('half', 'one order group is refused twice with a code that passes, the other is bought', () => ({
    orders: [orderPlan(1, { fates: [{}, { refusal: { code: 800005, times: 2 } }] })],
    sends: [sendOrder(1, [seats, phones])],
  })),
  lines('twice-equal', 'one number is sent three times with equal lines, by two batches', () => ({
    orders: [orderPlan(1)],
    sends: [
      sendOrder(1, [seats, phones], { at: 0, batchId: 'night-1', batchSize: 1 }),
      sendOrder(1, [seats, phones], { at: 2 * second, batchId: 'night-1', batchSize: 1 }),
      sendOrder(1, [seats, phones], { at: 30 * minute, batchId: 'night-2', batchSize: 1 }),
    ],
    apiFault: requests({ checkout: ['drop-after'] }),
    kinds: ['order lines', 'one order number with equal or with other lines'],
  })),
  lines('twice-other', 'one number is sent with other lines while it is made, sent and bought', () => {
    const batch = { batchId: 'night', batchSize: 2 };
    return {
      orders: [orderPlan(1), orderPlan(2)],
      sends: [
        sendOrder(1, [seats, phones], { at: 0, ...batch }),
        sendOrder(1, [seats, { ...phones, quantity: 4 }], { at: 2.5 * second, ...batch }),
        sendOrder(1, [seats], { at: 5 * minute }),
        sendOrder(2, [phones], { at: 20 * minute, ...batch }),
      ],
      check: rejects(2),
      kinds: ['order lines', 'one order number with equal or with other lines'],
    };
  }),
  lines(
    'replaced',
    'an order that failed before any checkout gets other lines, then the first ones again',
    () => ({
      orders: [orderPlan(1, { mayFail: true })],
      sends: [
        sendOrder(1, [seats, unknown], { at: 0, batchId: 'night-1', batchSize: 1 }),
        sendOrder(1, [seats, phones], { at: 5 * minute, batchId: 'night-2', batchSize: 1 }),
        sendOrder(1, [seats, unknown], { at: 20 * minute }),
      ],
      check: rejects(1, 2),
      kinds: [
        'order lines',
        'one order number with equal or with other lines',
        'lines that cannot be bought',
      ],
    }),
  ),
  lines('made-cart', 'somebody sends the cart that the worker made, as a job of its own', () => ({
    ...one({ apiFault: requests({ checkout: ['throttled', 'drop-after'] }) }),
    madeCartSends: [madeCart(0), madeCart(30 * second), madeCart(90 * minute)],
    kinds: ['order lines', 'a message for a cart that the worker made'],
  })),
  lines('expired', 'a worker dies before the checkout, and the cart expires', () => {
    let stored = 0;
    return {
      ...one({
        nature: nature('replay', { cartLife: 12 * minute }),
        blow: (name) => (name === 'checkouts.transact' && stored++ === 0 ? 'after' : undefined),
      }),
      kinds: ['order lines', 'carts that expire within minutes'],
    };
  }),
  ...linesEach(
    'expired-lost',
    'the answer of the checkout is lost, the cart expires, and no other one is made',
    () => ({
      ...two(),
      nature: nature('replay', { cartLife: 11 * minute, listLag: 0 }),
      apiFault: requests({ checkout: ['drop-after'], cart: ['503', '503', '503', '503'] }),
    }),
    ['carts that expire within minutes'],
  ),
  lines('batch', 'orders and carts in one batch, one of them late', () => ({
    carts: [cartPlan(1, [groupPlan('0', 'a')])],
    orders: [orderPlan(1), orderPlan(2)],
    sends: [
      { at: 0, customerId: customer(1), cartId: cartPlan(1, []).id, batchId: 'night', batchSize: 3 },
      sendOrder(1, [seats, phones], { batchId: 'night', batchSize: 3 }),
      sendOrder(2, [seats], { batchId: 'night', batchSize: 3, at: 20 * minute, notAfter: 50 * minute }),
    ],
  })),
];

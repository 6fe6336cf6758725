import type { CartPlan, GroupPlan, OrderTruth } from './cart-plan.ts';
import type { Random } from './random.ts';
import {
  cartBody,
  checkoutBody,
  type DateStyle,
  errorBody,
  orderBody,
  ordersBody,
  toldDate,
} from './wire.ts';

export type { CartPlan, GroupPlan, OrderTruth };

/**
 * How the API answers a second checkout of an ordered cart. `replay` (2026 docs): the first result; `refuse` (2021
 * docs): 400/800065; `rebuy`: it makes the orders once more, as no document says but nothing forbids.
 */
export const contracts = ['replay', 'refuse', 'rebuy'] as const;
export type Contract = (typeof contracts)[number];

/** An order that a person places in the portal, with no cart of the plan. */
export interface PlacedOrder {
  readonly customerId: string;
  readonly plan: GroupPlan;
  /** ms after the start; an order of the days before has a negative one. */
  readonly at: number;
}

export interface CartTruth {
  readonly plan: CartPlan;
  status: 'Active' | 'Ordered';
  readonly orders: OrderTruth[];
  readonly tries: Map<string, number>;
  readonly answers: Map<string, Answer>;
  checkouts: number;
  busyUntil: number;
  goneAt: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface ApiNature {
  readonly contract: Contract;
  /** How a cart is left when some of its groups were refused. */
  readonly partialLeaves: 'Active' | 'Ordered';
  readonly remembersRequests: boolean;
  /** The longest time until a new order is in the list; the documents say 15 minutes. */
  readonly listLag: number;
  readonly readLag: number;
  /** How the API writes the dates of orders: each order draws one. */
  readonly dates: readonly [DateStyle, ...DateStyle[]];
}

/** What Partner Center really holds. */
export interface Truth {
  readonly nature: ApiNature;
  readonly carts: ReadonlyMap<string, CartTruth>;
  /** Those of the carts, and those that people place; the latter are there from the time at which they are placed. */
  readonly orders: readonly OrderTruth[];
  /** A checkout arrives: an answer at once, or work that ends with one. */
  arrive(cartId: string, requestId: string | undefined): Answer | Work;
  cart(cartId: string, stale: boolean): Answer;
  order(orderId: string, stale: boolean): Answer;
  list(customerId: string): Answer;
  statusOf(order: OrderTruth): 'pending' | 'completed' | 'cancelled';
}

/** The cart is busy until `finish` is called: it commits, and says what came of it. */
export interface Work {
  finish(): Answer;
}

export function createTruth(
  plans: readonly CartPlan[],
  placed: readonly PlacedOrder[],
  nature: ApiNature,
  now: () => number,
  random: Random,
  violated: (what: string) => void,
): Truth {
  const carts = new Map<string, CartTruth>();
  const start = now();
  for (const plan of plans)
    carts.set(plan.id, {
      plan,
      status: 'Active',
      orders: [],
      tries: new Map(),
      answers: new Map(),
      checkouts: 0,
      busyUntil: 0,
      goneAt: Number.POSITIVE_INFINITY,
    });
  const orders: OrderTruth[] = [];

  const statusOf = (order: OrderTruth) => (now() < order.endsAt ? 'pending' : order.plan.end);
  const gone: Answer = { status: 404, body: errorBody(800008, 'The cart cannot be retrieved') };

  function arrive(cartId: string, requestId: string | undefined): Answer | Work {
    const cart = carts.get(cartId);
    if (cart === undefined || now() >= cart.goneAt) return gone;
    const { plan } = cart;
    cart.checkouts += 1;
    if (plan.goneAfter !== undefined) cart.goneAt = Math.min(cart.goneAt, now() + plan.goneAfter);
    if (now() < cart.busyUntil)
      return { status: 409, body: errorBody(800064, 'Another request is processing this cart') };
    const remembered = requestId === undefined ? undefined : cart.answers.get(requestId);
    if (remembered !== undefined && nature.remembersRequests) return remembered;
    if (plan.refused !== undefined && cart.checkouts >= plan.refused.fromCheckout)
      return { status: plan.refused.status, body: errorBody(plan.refused.code, 'Refused for good') };
    if (plan.reviewUntil !== undefined && now() < start + plan.reviewUntil)
      return { status: 403, body: errorBody(800073, 'The customer account is under review') };
    if (cart.status === 'Ordered' && nature.contract === 'refuse')
      return {
        status: 400,
        body: errorBody(800065, `Cannot check out an already submitted cart ${cartId}.`),
      };
    cart.busyUntil = Number.POSITIVE_INFINITY;
    return {
      finish() {
        cart.busyUntil = 0;
        const answer = commit(cart);
        if (requestId !== undefined) cart.answers.set(requestId, answer);
        return answer;
      },
    };
  }

  function commit(cart: CartTruth): Answer {
    const buysAgain = cart.status === 'Ordered' && nature.contract === 'rebuy';
    const errors: { group: string; code: number }[] = [];
    const made: OrderTruth[] = [];
    for (const plan of cart.plan.groups) {
      const has = cart.orders.some((order) => order.plan.group === plan.group);
      if (has && !buysAgain) continue;
      const tries = (cart.tries.get(plan.group) ?? 0) + 1;
      cart.tries.set(plan.group, tries);
      if (plan.refusal !== undefined && tries <= plan.refusal.times) {
        errors.push({ group: plan.group, code: plan.refusal.code });
        continue;
      }
      if (has) violated(`1 one purchase: group ${plan.group} of cart ${cart.plan.id} was bought twice`);
      made.push(makeOrder(cart.plan.customerId, cart.plan.id, plan, now()));
    }
    cart.orders.push(...made);
    orders.push(...made);
    if (errors.length === 0 || (cart.orders.length > 0 && nature.partialLeaves === 'Ordered'))
      cart.status = 'Ordered';
    const told = nature.contract === 'replay' ? cart.orders : made;
    return {
      status: 201,
      body: checkoutBody(
        told.map((order) => ({ order, status: statusOf(order) })),
        errors,
      ),
    };
  }

  function makeOrder(
    customerId: string,
    cartId: string | undefined,
    plan: GroupPlan,
    createdAt: number,
  ): OrderTruth {
    const date = toldDate(createdAt, nature.dates, random);
    return {
      id: `${random.guid().slice(0, 8)}_Order-${orders.length}${plan.group}`,
      cartId,
      customerId,
      plan,
      createdAt,
      ...date,
      listedAt: createdAt + (random.happens(0.3) ? nature.listLag : random.fraction() * nature.listLag),
      readableAt: createdAt + random.fraction() * nature.readLag,
      endsAt: createdAt + plan.pendingMs,
    };
  }

  for (const { customerId, plan, at } of placed)
    orders.push(makeOrder(customerId, undefined, plan, start + at));

  return {
    nature,
    carts,
    orders,
    arrive,
    cart(cartId, stale) {
      const cart = carts.get(cartId);
      if (cart === undefined || now() >= cart.goneAt) return gone;
      return { status: 200, body: cartBody(cart.plan, stale ? 'Active' : cart.status, now()) };
    },
    order(orderId, stale) {
      const order = orders.find(({ id }) => id === orderId);
      if (order === undefined || now() < order.readableAt)
        return { status: 404, body: errorBody(20000, 'The order was not found') };
      return { status: 200, body: orderBody(order, stale ? 'pending' : statusOf(order)) };
    },
    list(customerId) {
      const listed = orders.filter((order) => order.customerId === customerId && now() >= order.listedAt);
      return { status: 200, body: ordersBody(listed.map((order) => ({ order, status: statusOf(order) }))) };
    },
    statusOf,
  };
}

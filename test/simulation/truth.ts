import type { CartContent } from '../../src/domain/cart/cart-content.ts';
import { customerOf, type JobKey, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Answer, CartPlan, GroupPlan, OrderTruth } from './cart-plan.ts';
import { type Catalogue, createCatalogue, itemsOnSale } from './catalogue.ts';
import { jobOfContent, type MadeCart, type OrderPlan, planOfContent, priceLines } from './made-carts.ts';
import type { Random } from './random.ts';
import {
  cartBody,
  checkoutBody,
  type DateStyle,
  errorBody,
  madeCartBody,
  orderBody,
  ordersBody,
  toldDate,
} from './wire.ts';

export type { Answer, CartPlan, GroupPlan, OrderTruth };

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
  /** Of a cart that the worker made, a PUT changes it. */
  plan: CartPlan;
  readonly made?: MadeCart;
  status: 'Active' | 'Ordered';
  readonly orders: OrderTruth[];
  readonly tries: Map<string, number>;
  readonly answers: Map<string, Answer>;
  checkouts: number;
  /** How many of them found an availability gone. */
  stale: number;
  busyUntil: number;
  goneAt: number;
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
  /** How long a cart lives that the worker made, ms. */
  readonly cartLife: number;
  /** A checkout that is refused for a gone availability buys the groups before that one all the same. */
  readonly staleBuysOthers: boolean;
}

/** What Partner Center really holds. */
export interface Truth {
  readonly nature: ApiNature;
  readonly carts: ReadonlyMap<string, CartTruth>;
  /** Those of the carts, and those that people place; the latter are there from the time at which they are placed. */
  readonly orders: readonly OrderTruth[];
  readonly catalogue: Catalogue;
  /** The job of a cart: that with its id, or the one whose lines the worker made it of. */
  jobOf(cartId: string): JobKey;
  /** The carts that the worker made for this job, in their order. */
  madeFor(jobKey: JobKey): readonly CartTruth[];
  /** Once made, a cart that the worker made and that has expired is as gone as one that somebody removed. */
  isGone(cart: CartTruth): boolean;
  /** `POST …/carts`. */
  create(customerId: string, content: CartContent): Answer;
  /** `PUT …/carts/{cart}`. `stale`: it is done, and the answer shows what the cart held before. */
  put(cartId: string, content: CartContent, stale: boolean): Answer;
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

/** A cart that nobody has checked out yet. */
const untouched = (): Omit<CartTruth, 'plan' | 'made'> => ({
  status: 'Active',
  orders: [],
  tries: new Map(),
  answers: new Map(),
  checkouts: 0,
  stale: 0,
  busyUntil: 0,
  goneAt: Number.POSITIVE_INFINITY,
});

export function createTruth(
  plans: readonly CartPlan[],
  placed: readonly PlacedOrder[],
  nature: ApiNature,
  now: () => number,
  random: Random,
  violated: (what: string) => void,
  orderPlans: readonly OrderPlan[] = [],
): Truth {
  const catalogue = createCatalogue(itemsOnSale, nature.staleBuysOthers);
  const planOf = new Map(orderPlans.map((plan) => [jobKeyOf(plan), plan]));
  /** `job line` of every line that was bought. */
  const boughtLines = new Set<string>();
  const carts = new Map<string, CartTruth>();
  const start = now();
  for (const plan of plans) carts.set(plan.id, { plan, ...untouched() });
  const orders: OrderTruth[] = [];

  const statusOf = (order: OrderTruth) => (now() < order.endsAt ? 'pending' : order.plan.end);
  const gone: Answer = { status: 404, body: errorBody(800008, 'The cart cannot be retrieved') };

  function arrive(cartId: string, requestId: string | undefined): Answer | Work {
    const cart = carts.get(cartId);
    if (cart === undefined || isGone(cart)) return gone;
    const { plan } = cart;
    cart.checkouts += 1;
    if (plan.goneAfter !== undefined) cart.goneAt = Math.min(cart.goneAt, now() + plan.goneAfter);
    if (now() < cart.busyUntil)
      return { status: 409, body: errorBody(800064, 'Another request is processing this cart') };
    const remembered = requestId === undefined ? undefined : cart.answers.get(requestId);
    if (remembered !== undefined && nature.remembersRequests) return remembered;
    const { fromCheckout = 1, toCheckout = Number.POSITIVE_INFINITY } = plan.refused ?? {};
    if (plan.refused !== undefined && cart.checkouts >= fromCheckout && cart.checkouts <= toCheckout)
      return { status: plan.refused.status, body: errorBody(plan.refused.code, 'Refused for good') };
    if (plan.reviewUntil !== undefined && now() < start + plan.reviewUntil)
      return { status: 403, body: errorBody(800073, 'The customer account is under review') };
    if (cart.status === 'Ordered' && nature.contract === 'refuse')
      return {
        status: 400,
        body: errorBody(800065, `Cannot check out an already submitted cart ${cartId}.`),
      };
    const unfit = whyUnfit(cart);
    if (unfit?.status === 400) return unfit;
    if (unfit !== undefined) cart.stale += 1;
    const staleFrom = unfit === undefined ? undefined : nature.staleBuysOthers ? firstStaleGroup(cart) : 0;
    if (unfit !== undefined && staleFrom === 0) return unfit;
    cart.busyUntil = Number.POSITIVE_INFINITY;
    return {
      finish() {
        cart.busyUntil = 0;
        const answer = commit(cart, staleFrom);
        if (unfit !== undefined) return unfit;
        if (requestId !== undefined) cart.answers.set(requestId, answer);
        return answer;
      },
    };
  }

  /** Why a cart of lines is refused as a whole: a line in error, or an availability that is gone. */
  function whyUnfit({ made }: CartTruth): Answer | undefined {
    if (made === undefined) return undefined;
    const errors = priceLines(made.content, catalogue).map(({ error }) => error);
    if (errors.some((error) => error !== undefined && error !== 10001))
      return { status: 400, body: errorBody(800002, 'This cart has line items with errors') };
    return errors.includes(10001)
      ? { status: 404, body: errorBody(400019, 'The availability was not found') }
      : undefined;
  }

  const firstStaleGroup = ({ plan }: CartTruth): number =>
    plan.groups.findIndex(({ offerId, addons = [] }) =>
      [offerId, ...addons.map((addon) => addon.offerId)].some((id) => !catalogue.isOnSale(id)),
    );

  /** `upTo`: only the groups before this one. */
  function commit(cart: CartTruth, upTo?: number): Answer {
    const buysAgain = cart.status === 'Ordered' && nature.contract === 'rebuy';
    const errors: { group: string; code: number }[] = [];
    const made: OrderTruth[] = [];
    for (const plan of cart.plan.groups.slice(0, upTo)) {
      // Another content in the place of what was bought is bought too.
      const has = cart.orders.some(
        (order) => order.plan.group === plan.group && order.plan.offerId === plan.offerId,
      );
      if (has && !buysAgain) continue;
      const tries = (cart.tries.get(plan.group) ?? 0) + 1;
      cart.tries.set(plan.group, tries);
      if (plan.refusal !== undefined && tries <= plan.refusal.times) {
        errors.push({ group: plan.group, code: plan.refusal.code });
        continue;
      }
      if (has) violated(`1 one purchase: group ${plan.group} of cart ${cart.plan.id} was bought twice`);
      for (const line of plan.lines ?? []) {
        const name = `line ${line} of ${cart.made?.jobKey}`;
        if (boughtLines.has(name)) violated(`1 one purchase: ${name} was bought twice`);
        boughtLines.add(name);
      }
      made.push(makeOrder(cart.plan.customerId, cart.plan.id, plan, now()));
    }
    cart.orders.push(...made);
    orders.push(...made);
    const isWhole = errors.length === 0 && upTo === undefined;
    if (isWhole || (cart.orders.length > 0 && upTo === undefined && nature.partialLeaves === 'Ordered'))
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

  const isGone = ({ goneAt, made }: CartTruth): boolean =>
    now() >= Math.min(goneAt, made?.expiresAt ?? Number.POSITIVE_INFINITY);

  const toldMade = (cart: CartTruth, made: MadeCart, content: CartContent, status: string): string =>
    madeCartBody({ id: cart.plan.id, status, ...made, content }, priceLines(content, catalogue));

  function create(customerId: string, content: CartContent): Answer {
    const id = random.guid();
    const jobKey = jobOfContent(customerId, content);
    const made: MadeCart = { jobKey, createdAt: now(), expiresAt: now() + nature.cartLife, content };
    const cart: CartTruth = {
      plan: planOfContent(id, customerId, content, planOf.get(jobKey)),
      made,
      ...untouched(),
    };
    carts.set(id, cart);
    return { status: 201, body: toldMade(cart, made, content, cart.status) };
  }

  function put(cartId: string, content: CartContent, stale: boolean): Answer {
    const cart = carts.get(cartId);
    const made = cart?.made;
    if (cart === undefined || made === undefined || isGone(cart)) return gone;
    if (now() < cart.busyUntil)
      return { status: 409, body: errorBody(800064, 'Another request is processing this cart') };
    if (cart.status === 'Ordered')
      return { status: 400, body: errorBody(800065, 'The cart was submitted earlier') };
    const before = made.content;
    made.content = content;
    cart.plan = planOfContent(cartId, customerOf(made.jobKey), content, planOf.get(made.jobKey));
    return { status: 200, body: toldMade(cart, made, stale ? before : content, cart.status) };
  }

  return {
    nature,
    carts,
    orders,
    catalogue,
    jobOf: (cartId) => {
      const cart = carts.get(cartId);
      return cart?.made?.jobKey ?? jobKeyOf({ customerId: cart?.plan.customerId ?? '', cartId });
    },
    madeFor: (jobKey) => [...carts.values()].filter(({ made }) => made?.jobKey === jobKey),
    isGone,
    create,
    put,
    arrive,
    cart(cartId, stale) {
      const cart = carts.get(cartId);
      if (cart === undefined || isGone(cart)) return gone;
      if (cart.made !== undefined) {
        const status = stale ? 'Active' : cart.status;
        return { status: 200, body: toldMade(cart, cart.made, cart.made.content, status) };
      }
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

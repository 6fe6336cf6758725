import type { ApiFault } from './faults.ts';
import type { OrderPlan } from './made-carts.ts';
import { orderPlan, sendOrder, wanted } from './order-plans.ts';
import type { Request } from './partner-center.ts';
import { customer, hour, minute } from './plans.ts';
import type { Random } from './random.ts';
import type { LineWanted, MadeCartSend, OrderSend, Setup, WorldKind } from './setup.ts';

/**
 * A third of the random worlds gets jobs with order lines beside its carts. Their stream of random numbers is one of its own, so
 * that the rest of the world, and each of the others, stays what it was.
 */
export function withLines(setup: Setup, random: Random): Setup {
  if (!random.happens(0.33)) return setup;
  const kinds = new Set<WorldKind>(['order lines']);
  const has = (kind: WorldKind, odds: number): boolean => {
    const happens = random.happens(odds);
    if (happens) kinds.add(kind);
    return happens;
  };
  const hasBad = has('lines that cannot be bought', 0.2);
  const isSentAgain = has('one order number with equal or with other lines', 0.4);
  const changes = has('availabilities that change', 0.5);
  const expires = has('carts that expire within minutes', 0.2);
  const isPartly = changes && has('a checkout refused for a gone availability that bought a part', 0.2);
  const batch = random.happens(0.3);
  const count = 1 + random.below(3);
  const numbers = Array.from({ length: count }, (_, nth) => nth + 1);
  const orders: OrderPlan[] = [];
  const sends: OrderSend[] = [];
  for (const n of numbers) {
    const customerId = customer(random.happens(0.8) ? 1 : 2);
    const first = randomOrder(n, random, hasBad);
    const at = random.between(0, 10_000);
    const named = batch ? { batchId: 'lines', batchSize: count } : {};
    const own: OrderSend[] = [{ ...first, ...named, customerId, at }];
    for (let again = isSentAgain ? random.below(3) : 0; again > 0; again -= 1) {
      const lines = random.happens(0.6) ? first : randomOrder(n, random, false);
      own.push({ ...lines, ...named, customerId, at: at + random.pick([0, 10_000, 10 * minute, hour]) });
    }
    sends.push(...own);
    orders.push({ ...randomPlan(n, random), customerId, mayFail: own.some(isRefusable) });
  }
  const madeCartSends = has('a message for a cart that the worker made', 0.2)
    ? numbers.flatMap((n) => madeCart(orders[n - 1], random))
    : [];
  return {
    ...setup,
    kinds: [...setup.kinds, ...kinds],
    orders,
    sends: [...setup.sends, ...sends],
    madeCartSends,
    reissues: changes ? [random.between(0, 5_000), random.between(0, 40) * minute] : [],
    nature: {
      ...setup.nature,
      staleBuysOthers: isPartly,
      ...(expires ? { cartLife: random.pick([11, 12, 20, 60]) * minute } : {}),
    },
    apiFault: (what, id, nth, draw) => {
      const fault = setup.apiFault(what, id, nth, draw);
      // Only requests that jobs with lines make, and checkouts of their carts, have something to do with availabilities.
      const isOwn = reissuedBy.includes(what) && !setup.carts.some((cart) => cart.id === id);
      if (fault !== undefined || !isOwn || !changes) return fault;
      return draw.happens(0.2) ? staleBy(what) : undefined;
    },
  };
}

const reissuedBy: readonly Request[] = ['availabilities', 'create-cart', 'put-cart', 'checkout'];

const staleBy = (what: Request): ApiFault => (what === 'availabilities' ? 'stale' : 'reissued');

const { seats, phones, limited, unpriced, unknown } = wanted;

function randomOrder(n: number, random: Random, hasBad: boolean): OrderSend {
  const all: readonly [LineWanted, ...LineWanted[]] = hasBad
    ? [seats, phones, limited, unpriced, unknown]
    : [seats, phones, { ...seats, billing: 'monthly' }];
  const lines = Array.from({ length: 1 + random.below(3) }, () => ({
    ...random.pick(all),
    quantity: 1 + random.below(3),
  }));
  return sendOrder(n, lines, {
    ...(random.happens(0.3) ? { maxTotal: random.pick(['15', '45', '1000']) } : {}),
    ...(random.happens(0.3) ? { onBadLine: 'drop' as const } : {}),
    ...(random.happens(0.1) ? { notBefore: random.between(0, 20) * minute } : {}),
    ...(random.happens(0.1) ? { notAfter: random.between(21, 60) * minute } : {}),
  });
}

const isRefusable = ({ lines, maxTotal }: OrderSend): boolean =>
  maxTotal !== undefined ||
  lines.some(({ product }) => [limited, unknown].some((bad) => bad.product === product));

const randomPlan = (n: number, random: Random): OrderPlan =>
  orderPlan(n, {
    fates: Array.from({ length: 2 }, () => ({
      pendingMs: random.pick([0, 0, 4 * minute, hour]),
      end: random.happens(0.1) ? ('cancelled' as const) : ('completed' as const),
      ...(random.happens(0.08) ? { refusal: { code: 800010, times: Number.POSITIVE_INFINITY } } : {}),
    })),
    ...(random.happens(0.08)
      ? { refused: { status: 403, code: 800069, fromCheckout: 1 + random.below(3) } }
      : {}),
  });

function madeCart(order: OrderPlan | undefined, random: Random): readonly MadeCartSend[] {
  if (order === undefined) return [];
  const { customerId, externalOrderId } = order;
  return [0, 1].map(() => ({
    customerId,
    externalOrderId,
    at: random.pick([random.between(0, 60_000), random.between(0, 90) * minute]),
  }));
}

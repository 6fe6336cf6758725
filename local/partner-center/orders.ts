import type { CartLine } from './cart-line.ts';
import { findOffer, type Offer, type OfferKind } from './catalogue.ts';
import { type Draw, type Range, within } from './random.ts';

/** An order that exists: the truth that clients may or may not have learned. */
export interface OrderRecord {
  /** Case-sensitive. */
  readonly id: string;
  readonly alternateId: string;
  readonly customerId: string;
  readonly cartId: string;
  readonly group: string;
  readonly lines: readonly { line: CartLine; offer: Offer; subscriptionId: string }[];
  /** The kind of its slowest line: says how the order looks and when it completes. */
  readonly kind: OfferKind;
  /** Epoch ms, as all times here. */
  readonly createdAt: number;
  /** The four digits of the creation date that follow the milliseconds. */
  readonly createdDigits: number;
  readonly endsAt: number;
  readonly end: 'completed' | 'cancelled';
  /** When lists show it, and when GET by id does. A hidden order is never listed. */
  readonly listedAt: number;
  readonly readableAt: number;
  /** Headers of the call that made it, and that call's number in the log. */
  readonly correlationId: string;
  readonly requestId: string;
  readonly call: number;
  /** Set by an operator through the admin port; stronger than the clock. */
  forcedStatus?: string;
}

export function statusOf(order: OrderRecord, now: number): string {
  return order.forcedStatus ?? (now >= order.endsAt ? order.end : 'pending');
}

/** Milliseconds, already scaled. */
export interface OrderTimes {
  readonly pending: Record<Exclude<OfferKind, 'legacy'>, Range>;
  readonly listLag: Range;
  readonly readLag: Range;
  /** The share of pending orders that end cancelled. */
  readonly cancelledShare: number;
}

const slowness: readonly OfferKind[] = ['legacy', 'licence', 'saas', 'reservation', 'software'];

export function makeOrder(
  origin: {
    customerId: string;
    cartId: string;
    group: string;
    attempt: number;
    correlationId: string;
    requestId: string;
    call: number;
    hidden: boolean;
  },
  cartLines: readonly CartLine[],
  times: OrderTimes,
  draw: Draw,
  now: number,
): OrderRecord {
  const seedOf = [origin.cartId, origin.group, origin.attempt] as const;
  const lines = cartLines.flatMap((line, index) => {
    const offer = findOffer(line.catalogItemId);
    return offer
      ? [{ line, offer, subscriptionId: draw.guid('subscription', ...seedOf, index).toUpperCase() }]
      : [];
  });
  const kind = slowness.findLast((slow) => lines.some(({ offer }) => offer.kind === slow)) ?? 'legacy';
  const guid = draw.guid('order', ...seedOf);
  const fraction = (what: string): number => draw.fraction(what, ...seedOf);
  return {
    id: kind === 'legacy' ? guid : draw.orderId('order', ...seedOf),
    alternateId: kind === 'legacy' ? guid : draw.hex12('order', ...seedOf),
    customerId: origin.customerId,
    cartId: origin.cartId,
    group: origin.group,
    lines,
    kind,
    createdAt: now,
    createdDigits: Math.floor(fraction('digits') * 10_000),
    endsAt: kind === 'legacy' ? now : now + within(times.pending[kind], fraction('pending')),
    end: kind !== 'legacy' && fraction('end') < times.cancelledShare ? 'cancelled' : 'completed',
    listedAt: origin.hidden ? Number.POSITIVE_INFINITY : now + within(times.listLag, fraction('list')),
    readableAt: now + within(times.readLag, fraction('read')),
    correlationId: origin.correlationId,
    requestId: origin.requestId,
    call: origin.call,
  };
}

export interface OrderStore {
  add(order: OrderRecord): void;
  /** By its exact id, whatever its age. */
  get(orderId: string): OrderRecord | undefined;
  ofCustomer(customerId: string): readonly OrderRecord[];
  all(): Iterable<OrderRecord>;
}

export function makeOrderStore(): OrderStore {
  const orders = new Map<string, OrderRecord>();
  const byCustomer = new Map<string, OrderRecord[]>();
  return {
    add(order) {
      orders.set(order.id, order);
      const own = byCustomer.get(order.customerId);
      if (own) own.push(order);
      else byCustomer.set(order.customerId, [order]);
    },
    get: (orderId) => orders.get(orderId),
    ofCustomer: (customerId) => byCustomer.get(customerId.toLowerCase()) ?? [],
    all: () => orders.values(),
  };
}

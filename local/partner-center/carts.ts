import type { CartLine, WantedLine } from './cart-line.ts';
import { findOffer, orderGroups } from './catalogue.ts';
import type { OrderRecord } from './orders.ts';

export interface GroupError {
  readonly orderGroupId: string;
  readonly code: number;
  readonly description: string;
}

/** What a checkout came to: the orders that the cart has then, and the groups that failed. */
export interface CheckoutResult {
  readonly orders: readonly OrderRecord[];
  readonly errors: readonly GroupError[];
}

export interface Cart {
  readonly id: string;
  readonly customerId: string;
  /** A client made it through the API. */
  readonly posted?: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  modifiedAt: number;
  status: 'Active' | 'Ordered';
  lines: readonly CartLine[];
  /** In the order of their groups' first appearance. */
  orders: readonly OrderRecord[];
  /** The checkout that holds the cart's lock. */
  running?: { readonly requestId: string; readonly ended: Promise<void> } | undefined;
  /** What the last checkout that reached its commit came to. */
  result?: CheckoutResult;
  /** Results by lower-cased MS-RequestId. */
  readonly remembered: Map<string, CheckoutResult>;
  /** How many checkouts began to work on it. */
  attempts: number;
}

/** Gives each line its number and order group; an unknown item or a bad quantity gets the cart error that the API would give. */
export function arrangeLines(
  wanted: readonly WantedLine[],
  check: (line: CartLine) => CartLine = (line) => line,
): CartLine[] {
  const cycled = wanted.map((line) => ({
    ...line,
    billingCycle: line.billingCycle ?? findOffer(line.catalogItemId)?.billingCycle ?? 'monthly',
  }));
  const groups = orderGroups(cycled);
  return cycled.map((line, index) => {
    const offer = findOffer(line.catalogItemId);
    const termDuration = line.termDuration ?? offer?.termDuration;
    return check({
      ...line,
      id: index,
      currencyCode: 'USD',
      orderGroup: groups[index] ?? '0',
      ...(termDuration === undefined ? {} : { termDuration }),
      ...(offer
        ? {}
        : {
            error: { errorCode: 10001, errorDescription: `Catalog item ${line.catalogItemId} is not valid.` },
          }),
    });
  });
}

/** The cart's groups in the order of first appearance, each with its lines. */
export function groupsOf(cart: Cart): Map<string, CartLine[]> {
  const groups = new Map<string, CartLine[]>();
  for (const line of cart.lines) {
    const group = groups.get(line.orderGroup);
    if (group) group.push(line);
    else groups.set(line.orderGroup, [line]);
  }
  return groups;
}

export interface CartStore {
  add(cart: Cart): void;
  /** Undefined when there is no such cart, it is another customer's, or it has expired: the API answers 404/800008 to all three. */
  find(customerId: string, cartId: string, now: number): Cart | undefined;
  readonly size: number;
  all(): Iterable<Cart>;
}

export function makeCartStore(): CartStore {
  const carts = new Map<string, Cart>();
  return {
    add: (cart) => void carts.set(cart.id, cart),
    find(customerId, cartId, now) {
      const cart = carts.get(cartId.toLowerCase());
      return cart && cart.customerId === customerId.toLowerCase() && now < cart.expiresAt ? cart : undefined;
    },
    get size() {
      return carts.size;
    },
    all: () => carts.values(),
  };
}

export function newCart(
  ids: { customerId: string; cartId: string },
  lines: readonly WantedLine[],
  createdAt: number,
  life: number,
  check?: (line: CartLine) => CartLine,
): Cart {
  return {
    id: ids.cartId.toLowerCase(),
    customerId: ids.customerId.toLowerCase(),
    posted: check !== undefined,
    createdAt,
    expiresAt: createdAt + life,
    modifiedAt: createdAt,
    status: 'Active',
    lines: arrangeLines(lines, check),
    orders: [],
    remembered: new Map(),
    attempts: 0,
  };
}

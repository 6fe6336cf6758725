/**
 * Reads what a reconciliation decides by: the cart, the customer's orders, our own books and equal carts. Used by `reconcile.ts`.
 */

import { decodeCart } from '../domain/answer/decode-cart.ts';
import { decodeOrder, decodeOrders } from '../domain/answer/decode-order.ts';
import { knownGroup, mergeMarks } from '../domain/checkout/apply-result.ts';
import { lackingOrders } from '../domain/checkout/claim-rules.ts';
import { earliestCreation } from '../domain/checkout/deadlines.ts';
import {
  type Evidence,
  equalCartsToRead,
  type OpenEqualCart,
  repeatsFirst,
} from '../domain/checkout/reconcile-rules.ts';
import {
  type CheckoutRecord,
  cartIdOf,
  isInDoubt,
  type KnownGroup,
  type Reason,
} from '../domain/checkout/record.ts';
import type { Order } from '../domain/order/order.ts';
import type { CustomerBooks } from '../ports/ledger.ts';
import { type Read, readApi } from './read-api.ts';
import { type RunWith, stoppedEverywhere } from './run.ts';
import type { Waiting } from './wait-for-permit.ts';

/** The ports of the reads, and those of our own books. */
type Gathering = Waiting | 'joinBatch' | 'ledger' | 'partnerCenter' | 'rules';

/** What was found out, or why it could not be. `record` holds what was learned either way. */
export type Gathered =
  | {
      readonly kind: 'evidence';
      readonly evidence: Evidence;
      readonly record: CheckoutRecord;
      /** Orders of this job that were read by id. */
      readonly inHand: readonly Order[];
    }
  | { readonly kind: 'later'; readonly at: number; readonly why: string; readonly record: CheckoutRecord }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly record: CheckoutRecord };

/** The cart first, the order list second, our own books last: an equal cart that starts in between keeps its order. */
export async function gatherEvidence(run: RunWith<Gathering>, before: CheckoutRecord): Promise<Gathered> {
  const { partnerCenter: api, ledger, times, clock, rules } = run.deps;
  const now = clock.now();
  const { customerId } = before;
  const cartId = cartIdOf(before);

  const cart = await readApi(
    run,
    before,
    'cart',
    (options) => api.cart(customerId, cartId, options),
    decodeCart,
  );
  if (cart.kind === 'later' || cart.kind === 'refused') return cart;
  const groups = cart.kind === 'value' ? cart.value.groups.map(knownGroup) : undefined;
  const since = earliestCreation(before, times);
  const orders = await readApi(
    run,
    withCart(cart.record, groups, now),
    'orders',
    (options) => api.orders(customerId, options),
    (body) => decodeOrders(body, { since }),
  );
  if (orders.kind === 'later' || orders.kind === 'refused') return orders;
  // No list is no empty list: without one nobody can say that nothing was bought.
  // guard: Evidence: no list is no empty list [replace: orders.kind === 'gone' && !Object.assign(orders, { value: [] })]
  if (orders.kind === 'gone') return { ...orders, kind: 'refused' };
  const listed = orders.value;
  // guard: Evidence: our own books are read last [earlier]
  const books = await ledger.customer(customerId);

  const carried = await readOrders(run, orders.record, ordersToRead(orders.record, books));
  if (carried.kind === 'later') return carried;
  const record = withInHand(carried.record, carried.orders, now);
  const own = new Set(record.orders.map((orderSummary) => orderSummary.id));
  const unowned = listed.filter(
    (order) =>
      !own.has(order.id) &&
      // guard: Evidence: an order of another record never counts
      !books.owners.has(order.id),
  );
  const seen = {
    now,
    record,
    stopped: run.stopped !== undefined,
    cart: cart.kind === 'value' ? cart.value.status : ('gone' as const),
    groups: record.groups,
    unowned,
  };
  // Whose is a listed order? Equal carts are read only if there is one, and no repeat answers that first.
  const isAsked = unowned.length > 0 && !repeatsFirst(seen, { times, ...rules });
  const equalCarts = await readEqualCarts(
    run,
    carried.record,
    books,
    isAsked ? openEqualCarts(books, record) : [],
  );
  if (equalCarts.kind === 'later') return equalCarts;
  return {
    kind: 'evidence',
    evidence: {
      ...seen,
      equalCarts: equalCarts.equalCarts,
      unreadable: books.unreadable.map(({ jobKey }) => jobKey),
    },
    record: equalCarts.record,
    inHand: carried.orders,
  };
}

/** What the cart taught goes with the next write of the record, whatever comes of the rest. */
function withCart(
  { goneSince, ...record }: CheckoutRecord,
  groups: readonly KnownGroup[] | undefined,
  now: number,
): CheckoutRecord {
  return groups === undefined ? { ...record, goneSince: goneSince ?? now } : { ...record, groups };
}

/**
 * Orders that an earlier delivery had in hand and could not record; and those of our own order rows that the record does not
 * name: their transaction was the first of several, and the record's never came.
 */
function ordersToRead(record: CheckoutRecord, books: CustomerBooks): readonly string[] {
  const named = new Set(record.orders.map((orderSummary) => orderSummary.id));
  const rows = [...books.owners].flatMap(([id, owner]) => (owner === record.jobKey ? [id] : []));
  return [...new Set([...lackingOrders(record), ...rows])].filter(
    (id) => !named.has(id) && (books.owners.get(id) ?? record.jobKey) === record.jobKey,
  );
}

/** Reads these orders by id; those that cannot be read are left out. */
export async function readOrders(
  run: RunWith<Gathering>,
  before: CheckoutRecord,
  orderIds: readonly string[],
): Promise<
  | { readonly kind: 'orders'; readonly orders: readonly Order[]; readonly record: CheckoutRecord }
  | Extract<Read<never>, { kind: 'later' }>
> {
  const orders: Order[] = [];
  let record = before;
  for (const orderId of orderIds) {
    const read = await readApi(
      run,
      record,
      'order',
      (options) => run.deps.partnerCenter.order(before.customerId, orderId, options),
      decodeOrder,
    );
    if (read.kind === 'later') return read;
    record = read.record;
    if (read.kind === 'value' && read.value.id === orderId) orders.push(read.value);
  }
  return { kind: 'orders', orders, record };
}

function withInHand(record: CheckoutRecord, orders: readonly Order[], now: number): CheckoutRecord {
  if (orders.length === 0) return record;
  const { revision } = record;
  return { ...record, orders: mergeMarks(record, orders, { now, revision, firstPoll: now }) };
}

/** Other records of this customer that may have been bought. */
const openEqualCarts = (books: CustomerBooks, own: CheckoutRecord): readonly CheckoutRecord[] =>
  books.records.filter(
    (other) => other.jobKey !== own.jobKey && (isInDoubt(other.state) || other.gaveUp === true),
  );

/** Their groups come from their records, else from their carts; one that cannot be read counts as equal. */
async function readEqualCarts(
  run: RunWith<Gathering>,
  before: CheckoutRecord,
  books: CustomerBooks,
  records: readonly CheckoutRecord[],
): Promise<
  | {
      readonly kind: 'equalCarts';
      readonly equalCarts: readonly OpenEqualCart[];
      readonly record: CheckoutRecord;
    }
  | Extract<Gathered, { kind: 'later' }>
> {
  const equalCarts: OpenEqualCart[] = [];
  const toRead = new Set(equalCartsToRead(cartIdOf(before), records));
  let current = before;
  for (const record of records) {
    const stopped = await stoppedEverywhere(run.deps, record);
    if (!toRead.has(record)) {
      const unread = record.groups === undefined && record.goneSince === undefined;
      equalCarts.push({ record, stopped, groups: record.groups, unread });
      continue;
    }
    const { customerId } = record;
    const cartId = cartIdOf(record);
    const cart = await readApi(
      run,
      current,
      'cart',
      (options) => run.deps.partnerCenter.cart(customerId, cartId, options),
      decodeCart,
    );
    if (cart.kind === 'later') return cart;
    current = cart.record;
    const groups = cart.kind === 'value' ? cart.value.groups.map(knownGroup) : undefined;
    // guard: Evidence: what an equal cart holds is kept
    if (groups !== undefined) await keepGroups(run, books, record, groups);
    equalCarts.push({ record, stopped, groups });
  }
  return { kind: 'equalCarts', equalCarts, record: current };
}

/** Nobody has to read this cart again. Whoever changed its record meanwhile goes first, and all else stays as it is. */
async function keepGroups(
  { deps }: RunWith<'ledger' | 'random'>,
  { etags }: CustomerBooks,
  record: CheckoutRecord,
  groups: readonly KnownGroup[],
): Promise<void> {
  const etag = etags.get(record.jobKey);
  if (etag !== undefined) await deps.ledger.replace({ ...record, groups }, etag, deps.random.guid());
}

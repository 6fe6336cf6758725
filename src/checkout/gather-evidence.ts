import { decodeCart, decodeOrder, decodeOrders } from '../domain/answer/decode-answer.ts';
import { knownGroup, mergeMarks } from '../domain/checkout/apply-result.ts';
import { earliestCreation } from '../domain/checkout/deadlines.ts';
import {
  type Findings,
  type OpenTwin,
  repeatsFirst,
  twinsToRead,
} from '../domain/checkout/reconcile-rules.ts';
import type { CheckoutRecord, KnownGroup, Reason } from '../domain/checkout/record.ts';
import type { Order } from '../domain/order/order.ts';
import type { CustomerBooks } from '../ports/ledger.ts';
import { readApi } from './read-api.ts';
import type { Held, Run } from './run.ts';
import { stoppedEverywhere } from './stopped.ts';

/** What a look found out, or why it could not. */
export type Looked =
  | {
      readonly kind: 'findings';
      readonly findings: Findings;
      readonly held: Held;
      readonly inHand: readonly Order[];
    }
  | { readonly kind: 'park'; readonly until: number; readonly why: string; readonly held: Held }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly held: Held };

/** The cart first, the order list second, our own books last: a twin that starts in between keeps its order. */
export async function look(run: Run, held: Held): Promise<Looked> {
  const { deps } = run;
  const { partnerCenter: api, ledger, times } = deps;
  const now = deps.clock.now();
  const { customerId, cartId } = held.record;

  const cart = await readApi(
    run,
    held,
    'cart',
    (options) => api.cart(customerId, cartId, options),
    decodeCart,
  );
  if (cart.kind === 'park' || cart.kind === 'refused') return cart;
  const learned = withCart(
    cart.held,
    cart.kind === 'value' ? cart.value.groups.map(knownGroup) : undefined,
    now,
  );
  const since = earliestCreation(held.record, times);
  const orders = await readApi(
    run,
    learned,
    'orders',
    (options) => api.orders(customerId, options),
    (body) => decodeOrders(body, { since }),
  );
  if (orders.kind === 'park' || orders.kind === 'refused') return orders;
  // No list is no empty list: without one nobody can say that nothing was bought.
  // guard: Evidence: no list is no empty list [replace: orders.kind === 'gone' && !Object.assign(orders, { value: [] })]
  if (orders.kind === 'gone') return { ...orders, kind: 'refused' };
  const listed = orders.value;
  // guard: Evidence: our own books are read last [earlier]
  const books = await ledger.customer(customerId);

  const carried = await readCarried(run, orders.held, books);
  if (carried.kind !== 'orders') return carried;
  const record = withInHand(carried.held.record, carried.orders, now);
  const own = new Set(record.orders.map((mark) => mark.id));
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
  // Twins tell whose a listed order is: nobody asks that without one, or before a repeat that tells it anyway.
  const isAsked = unowned.length > 0 && !repeatsFirst(seen, { times, ...deps.rules });
  const twins = await readTwins(run, carried.held, books, isAsked ? openTwins(books, record) : []);
  if (twins.kind !== 'twins') return twins;
  return {
    kind: 'findings',
    findings: {
      ...seen,
      twins: twins.twins,
      unreadable: books.unreadable.map((record) => record.cartId),
    },
    held: twins.held,
    inHand: carried.orders,
  };
}

/** What the cart taught goes with the next write of the record, whatever comes of the rest of the look. */
function withCart(held: Held, groups: readonly KnownGroup[] | undefined, now: number): Held {
  const { goneSince, ...record } = held.record;
  return groups === undefined
    ? { ...held, record: { ...record, goneSince: goneSince ?? now } }
    : { ...held, record: { ...record, groups } };
}

/**
 * Orders that an earlier delivery had in hand and could not record; and those of our own order rows that the record does not
 * name: their transaction was the first of several, and the record's never came.
 */
async function readCarried(
  run: Run,
  held: Held,
  books: CustomerBooks,
): Promise<
  | { readonly kind: 'orders'; readonly orders: readonly Order[]; readonly held: Held }
  | Exclude<Looked, { kind: 'findings' }>
> {
  const orders: Order[] = [];
  let current = held;
  const named = new Set(held.record.orders.map((mark) => mark.id));
  const isOpen = (orderId: string) =>
    !named.has(orderId) && (books.owners.get(orderId) ?? held.record.cartId) === held.record.cartId;
  const rows = [...books.owners].flatMap(([id, owner]) => (owner === held.record.cartId ? [id] : []));
  for (const orderId of new Set([...run.delivery.found, ...rows].filter(isOpen))) {
    const read = await readApi(
      run,
      current,
      'order',
      (options) => run.deps.partnerCenter.order(held.record.customerId, orderId, options),
      decodeOrder,
    );
    if (read.kind === 'park') return read;
    current = read.held;
    if (read.kind === 'value' && read.value.id === orderId) orders.push(read.value);
  }
  return { kind: 'orders', orders, held: current };
}

function withInHand(record: CheckoutRecord, orders: readonly Order[], now: number): CheckoutRecord {
  if (orders.length === 0) return record;
  return {
    ...record,
    orders: mergeMarks(record.orders, orders, { now, revision: record.revision, firstPoll: now }),
  };
}

/** Other records of this customer that may have been bought. */
const openTwins = (books: CustomerBooks, own: CheckoutRecord): readonly CheckoutRecord[] =>
  books.records.filter(
    (other) =>
      other.cartId !== own.cartId &&
      (other.state === 'submitting' || other.state === 'unresolved' || other.gaveUp === true),
  );

/** Their groups come from their records, else from their carts; one that cannot be read counts as equal. */
async function readTwins(
  run: Run,
  held: Held,
  books: CustomerBooks,
  records: readonly CheckoutRecord[],
): Promise<
  | { readonly kind: 'twins'; readonly twins: readonly OpenTwin[]; readonly held: Held }
  | Extract<Looked, { kind: 'park' }>
> {
  const twins: OpenTwin[] = [];
  const toRead = new Set(twinsToRead(held.record.cartId, records));
  let current = held;
  for (const record of records) {
    const stopped = await stoppedEverywhere(run.deps, record);
    if (!toRead.has(record)) {
      const unread = record.groups === undefined && record.goneSince === undefined;
      twins.push({ record, stopped, groups: record.groups, unread });
      continue;
    }
    const { customerId, cartId } = record;
    const cart = await readApi(
      run,
      current,
      'cart',
      (options) => run.deps.partnerCenter.cart(customerId, cartId, options),
      decodeCart,
    );
    if (cart.kind === 'park') return cart;
    current = cart.held;
    const groups = cart.kind === 'value' ? cart.value.groups.map(knownGroup) : undefined;
    if (groups !== undefined) await keepGroups(run, books, record, groups);
    twins.push({ record, stopped, groups });
  }
  return { kind: 'twins', twins, held: current };
}

/** No look has to read this cart again. Whoever changed its record meanwhile goes first, and all else stays as it is. */
async function keepGroups(
  { deps }: Run,
  { etags }: CustomerBooks,
  record: CheckoutRecord,
  groups: readonly KnownGroup[],
): Promise<void> {
  const etag = etags.get(record.cartId);
  if (etag !== undefined) await deps.ledger.replace({ ...record, groups }, etag, deps.chance.guid());
}

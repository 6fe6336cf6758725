import { joinText } from '../../src/adapters/azure-tables/chunks.ts';
import { type CheckoutRecord, cartIdOf, isFinal } from '../../src/domain/checkout/record.ts';
import type { StoredRow } from '../../src/ports/table.ts';
import type { Truth } from './truth.ts';

interface Span {
  readonly from: number;
  to: number;
}

/** What the books said and when: read after every write to them. */
export interface Doubts {
  see(rows: readonly StoredRow[]): void;
  /** All that can be read, as they stand. */
  records(): readonly CheckoutRecord[];
  /** In that time nobody knew for a moment whether the cart was bought, or its record missed what was. */
  wasUnknown(cartId: string, from: number, to: number): boolean;
  /** When a person was asked about the cart. */
  askedAt(cartId: string): readonly number[];
  /** The events that the results of the cart owe, those of results that a retry replaced too. */
  owed(cartId: string): ReadonlySet<string>;
}

export function createDoubts(now: () => number, truth: Truth): Doubts {
  const decoded = new Map<string, CheckoutRecord | undefined>();
  const records = new Map<string, CheckoutRecord>();
  const unknown = new Map<string, Span[]>();
  const asked = new Map<string, number[]>();
  const owed = new Map<string, Set<string>>();

  function seeRecord(record: CheckoutRecord): void {
    const cartId = cartIdOf(record);
    const before = records.get(cartId);
    if (before === record) return;
    records.set(cartId, record);
    const spans = listOf(unknown, cartId);
    const last = spans.at(-1);
    const isOpen = last?.to === Number.POSITIVE_INFINITY;
    const isUnknown = isInDoubt(record);
    if (isUnknown && !isOpen) spans.push({ from: now(), to: Number.POSITIVE_INFINITY });
    if (!isUnknown && isOpen) last.to = now();
    const isAsked = record.asked?.kind === 'needs-decision';
    if (isAsked && before?.asked?.kind !== 'needs-decision') listOf(asked, cartId).push(now());
    const events = owed.get(cartId) ?? new Set();
    owed.set(cartId, events);
    for (const id of eventsOf(record)) events.add(id);
  }

  function isInDoubt(record: CheckoutRecord): boolean {
    const { state, orders } = record;
    if (state === 'submitting' || state === 'unresolved') return true;
    const known = new Set(orders.map(({ id }) => id));
    // Somebody gave up on it: an order of it has no owner, whatever its record says.
    return (
      isFinal(state) && (truth.carts.get(cartIdOf(record))?.orders ?? []).some(({ id }) => !known.has(id))
    );
  }

  return {
    see(rows) {
      for (const row of rows) {
        if (!row.key.startsWith('cart:')) continue;
        if (!decoded.has(row.etag)) decoded.set(row.etag, recordIn(row));
        const record = decoded.get(row.etag);
        if (record !== undefined) seeRecord(record);
      }
    },
    records: () => [...records.values()],
    wasUnknown: (cartId, from, to) =>
      (unknown.get(cartId) ?? []).some((span) => span.from <= to && span.to >= from),
    askedAt: (cartId) => asked.get(cartId) ?? [],
    owed: (cartId) => owed.get(cartId) ?? new Set(),
  };
}

/** Read without the checks of the store, for speed: the product wrote it a moment ago. */
function recordIn(row: StoredRow): CheckoutRecord | undefined {
  try {
    const record: CheckoutRecord = JSON.parse(joinText('record', row.properties) ?? '');
    return record;
  } catch {
    return undefined;
  }
}

function* eventsOf({ jobKey, reached, state, orders }: CheckoutRecord): Generator<string> {
  const id = (type: string, revision: number) => `${type}:${jobKey}:${revision}`;
  if (reached.ordered !== undefined) yield id('checkout.ordered', reached.ordered);
  if (reached.final !== undefined && isFinal(state)) yield id(`checkout.${state}`, reached.final);
  for (const orderSummary of orders)
    if (orderSummary.wasPending && orderSummary.endedAt !== undefined)
      yield `order.${orderSummary.status}:${jobKey}:${orderSummary.id}:${orderSummary.endedAt}`;
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

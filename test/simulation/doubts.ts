import { joinText } from '../../src/adapters/azure-tables/chunks.ts';
import { type CheckoutRecord, isFinal } from '../../src/domain/checkout/record.ts';
import type { JobKey } from '../../src/domain/message/job-key.ts';
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
  /** In that time nobody knew for a moment whether the job was bought, or its record missed what was. */
  wasUnknown(jobKey: JobKey, from: number, to: number): boolean;
  /** From when on nobody knew, for the first time; infinite: it was known all the time. */
  unknownSince(jobKey: JobKey): number;
  /** When a person was asked about the job. */
  askedAt(jobKey: JobKey): readonly number[];
  /** The events that the results of the job owe, those of results that a retry replaced too. */
  owed(jobKey: JobKey): ReadonlySet<string>;
}

export function createDoubts(
  now: () => number,
  truth: Truth,
  changed: (before: CheckoutRecord | undefined, record: CheckoutRecord) => void = () => {},
): Doubts {
  const decoded = new Map<string, CheckoutRecord | undefined>();
  const records = new Map<JobKey, CheckoutRecord>();
  const unknown = new Map<JobKey, Span[]>();
  const asked = new Map<JobKey, number[]>();
  const owed = new Map<JobKey, Set<string>>();

  function seeRecord(record: CheckoutRecord): void {
    const { jobKey } = record;
    const before = records.get(jobKey);
    if (before === record) return;
    records.set(jobKey, record);
    changed(before, record);
    const spans = listOf(unknown, jobKey);
    const last = spans.at(-1);
    const isOpen = last?.to === Number.POSITIVE_INFINITY;
    const isUnknown = isInDoubt(record);
    if (isUnknown && !isOpen) spans.push({ from: now(), to: Number.POSITIVE_INFINITY });
    if (!isUnknown && isOpen) last.to = now();
    const isAsked = record.asked?.kind === 'needs-decision';
    if (isAsked && before?.asked?.kind !== 'needs-decision') listOf(asked, jobKey).push(now());
    const events = owed.get(jobKey) ?? new Set();
    owed.set(jobKey, events);
    for (const id of eventsOf(record)) events.add(id);
  }

  function isInDoubt(record: CheckoutRecord): boolean {
    const { state, orders } = record;
    if (state === 'submitting' || state === 'unresolved') return true;
    const known = new Set(orders.map(({ id }) => id));
    // Somebody gave up on it: an order of it has no owner, whatever its record says.
    return (
      isFinal(state) && (truth.carts.get(record.cartId ?? '')?.orders ?? []).some(({ id }) => !known.has(id))
    );
  }

  return {
    see(rows) {
      for (const row of rows) {
        if (!row.key.startsWith('cart:') && !row.key.startsWith('job:')) continue;
        if (!decoded.has(row.etag)) decoded.set(row.etag, recordIn(row));
        const record = decoded.get(row.etag);
        if (record !== undefined) seeRecord(record);
      }
    },
    records: () => [...records.values()],
    wasUnknown: (jobKey, from, to) =>
      (unknown.get(jobKey) ?? []).some((span) => span.from <= to && span.to >= from),
    unknownSince: (jobKey) => unknown.get(jobKey)?.[0]?.from ?? Number.POSITIVE_INFINITY,
    askedAt: (jobKey) => asked.get(jobKey) ?? [],
    owed: (jobKey) => owed.get(jobKey) ?? new Set(),
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

function listOf<T>(lists: Map<JobKey, T[]>, key: JobKey): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** `audit`: compares the order list of each customer with the records and order rows of the ledger. */
import pMap from 'p-map';
import { decodeOrder, decodeOrders } from '../../domain/answer/decode-order.ts';
import { contentOf } from '../../domain/checkout/apply-result.ts';
import type { CheckoutRecord, OrderSummary } from '../../domain/checkout/record.ts';
import { customerOf, idIn, type JobKey, jobInWords, readJobKey } from '../../domain/message/job-key.ts';
import { isTerminal, type Order } from '../../domain/order/order.ts';
import type { Times } from '../../domain/times.ts';
import type { CustomerBooks, Ledger } from '../../ports/ledger.ts';
import type { PartnerCenter } from '../../ports/partner-center.ts';
import { counted } from '../counted.ts';
import { budgetedRead, type ReadDeps, readsAtOnce } from './budgeted-read.ts';

/** Something that our rows and Partner Center do not say alike. */
export interface Difference {
  readonly kind: 'status' | 'not-there' | 'not-recorded' | 'rows' | 'unreadable';
  readonly customerId: string;
  /** Cart ids, or the producer's numbers. */
  readonly jobIds: readonly string[];
  readonly orderId?: string;
  readonly text: string;
}

export interface AuditDeps extends ReadDeps {
  readonly partnerCenter: Pick<PartnerCenter, 'order' | 'orders'>;
  readonly ledger: Pick<Ledger, 'customer'>;
  readonly times: Pick<Times, 'searchOverlap'>;
}

export interface Compared {
  /** Orders that both have, and that agree. */
  readonly agree: number;
  readonly differences: readonly Difference[];
}

/** Compares the orders of these carts, customer by customer: one list each. Throws as `budgetedRead`. */
export async function compareOrders(
  deps: AuditDeps,
  jobs: readonly JobKey[],
  onCustomer: (compared: Compared) => void,
): Promise<void> {
  const customers = Map.groupBy(jobs, customerOf);
  await pMap(
    customers,
    async ([customerId, mine]) => {
      if (deps.signal.aborted) return;
      onCustomer(await compareCustomer(deps, customerId, new Set(mine)));
    },
    { concurrency: readsAtOnce },
  );
}

async function compareCustomer(
  deps: AuditDeps,
  customerId: string,
  jobs: ReadonlySet<JobKey>,
): Promise<Compared> {
  const books = await deps.ledger.customer(customerId);
  const broken = books.unreadable.find(({ jobKey }) => jobs.has(jobKey));
  if (broken !== undefined) throw broken;
  const records = books.records.filter(({ jobKey }) => jobs.has(jobKey));
  const recorded = new Set(records.map(({ jobKey }) => jobKey));
  const unrecorded = [...jobs].filter((jobKey) => !recorded.has(jobKey));
  const differences: Difference[] = unrecorded.map((jobKey) => ({
    kind: 'rows',
    customerId,
    jobIds: [idIn(jobKey)],
    text: 'the batch names this job, which has no record: nothing of it was compared',
  }));
  if (records.length === 0) return { agree: 0, differences };
  // A job that was never sent has no order of its own.
  const since = Math.min(...records.map(({ firstSend = Infinity }) => firstSend)) - deps.times.searchOverlap;
  const list = await budgetedRead(
    deps,
    customerId,
    (options) => deps.partnerCenter.orders(customerId, options),
    (body) => decodeOrders(body, { since }),
  );
  if (list.kind !== 'value') {
    const { status, code, description } = list.reason;
    const text = `the customer's orders cannot be read: ${status} ${code}: ${description}`;
    return {
      agree: 0,
      differences: [...differences, { kind: 'unreadable', customerId, jobIds: [...jobs].map(idIn), text }],
    };
  }
  // The list may lag, or leave an order out: what it lacks is asked for by its id.
  const unread = new Set<string>();
  const listed = new Map(list.value.map((order) => [order.id, order]));
  for (const { id } of records.flatMap(({ orders }) => orders)) {
    if (listed.has(id)) continue;
    const send = (options: Parameters<PartnerCenter['order']>[2]) =>
      deps.partnerCenter.order(customerId, id, options);
    const answer = await budgetedRead(deps, customerId, send, decodeOrder);
    if (answer.kind === 'value') listed.set(id, answer.value);
    if (answer.kind !== 'refused') continue;
    // Only a 404 says that it is not there.
    const { status, code, description } = answer.reason;
    const text = `the order cannot be read: ${status} ${code}: ${description}`;
    const owners = records.filter(({ orders }) => orders.some((orderSummary) => orderSummary.id === id));
    const inQuestion = owners.map(({ jobKey }) => idIn(jobKey));
    differences.push({ kind: 'unreadable', customerId, jobIds: inQuestion, orderId: id, text });
    unread.add(id);
  }
  const compared = compareCustomerOrders(books, records, [...listed.values()]);
  const known = compared.differences.filter(
    ({ kind, orderId }) => kind !== 'not-there' || orderId === undefined || !unread.has(orderId),
  );
  return { agree: compared.agree, differences: [...differences, ...known] };
}

/** `records` are those in question; the customer's other records tell whose an order is. */
export function compareCustomerOrders(
  books: CustomerBooks,
  records: readonly CheckoutRecord[],
  orders: readonly Order[],
): Compared {
  const truth = new Map(orders.map((order) => [order.id, order]));
  const differences: Difference[] = [];
  let agree = 0;
  for (const record of records) {
    for (const orderSummary of record.orders) {
      const found = compareSummary(books, record, orderSummary, truth.get(orderSummary.id));
      if (found === undefined) agree += 1;
      else differences.push(found);
    }
    differences.push(...rowsWithoutSummary(books, record));
  }
  const marked = new Set(books.records.flatMap((record) => record.orders.map(({ id }) => id)));
  for (const order of orders) {
    if (books.owners.has(order.id) || marked.has(order.id)) continue;
    const found = inNoRow(books, records, order);
    if (found !== undefined) differences.push(found);
  }
  return { agree, differences };
}

function compareSummary(
  books: CustomerBooks,
  { customerId, jobKey }: CheckoutRecord,
  orderSummary: OrderSummary,
  order: Order | undefined,
): Difference | undefined {
  const about = { customerId, jobIds: [idIn(jobKey)], orderId: orderSummary.id };
  const owner = books.owners.get(orderSummary.id);
  if (owner !== jobKey) {
    const whose = owner === undefined ? 'has no row' : `has a row of ${nameOf(owner)}`;
    return { ...about, kind: 'rows', text: `the record names this order, which ${whose}` };
  }
  if (order === undefined)
    return {
      ...about,
      kind: 'not-there',
      text: `${orderSummary.status} here; Partner Center does not know it`,
    };
  if (order.status === orderSummary.status) return undefined;
  const later = isTerminal(orderSummary.status) ? '' : '; the poller will read it next time';
  return {
    ...about,
    kind: 'status',
    text: `${orderSummary.status} here, ${order.status} at Partner Center${later}`,
  };
}

const nameOf = (owner: string): string => {
  const key = readJobKey(owner);
  return key === undefined ? 'another job' : jobInWords(key);
};

function rowsWithoutSummary(
  books: CustomerBooks,
  { customerId, jobKey, orders }: CheckoutRecord,
): Difference[] {
  const named = new Set(orders.map(({ id }) => id));
  return [...books.owners]
    .filter(([orderId, owner]) => owner === jobKey && !named.has(orderId))
    .map(([orderId]) => {
      const text = 'there is a row of this order, which the record does not name';
      return { kind: 'rows' as const, customerId, jobIds: [idIn(jobKey)], orderId, text };
    });
}

/** An order that is in no row: whose may it be? Undefined: of none of these carts, somebody else bought it. */
function inNoRow(
  books: CustomerBooks,
  records: readonly CheckoutRecord[],
  order: Order,
): Difference | undefined {
  const content = contentOf(order);
  const equal = books.records.filter((record) => contentsOf(record).includes(content));
  const unknown = records.filter((record) => contentsOf(record).length === 0 && record.attempts > 0);
  const candidates = equal.length > 0 ? equal : unknown;
  if (!candidates.some(({ jobKey }) => records.some((record) => record.jobKey === jobKey))) return undefined;
  const [first, ...equalCarts] = candidates;
  if (first === undefined) return undefined;
  const { customerId } = first;
  const jobIds = candidates.map(({ jobKey }) => idIn(jobKey));
  const made = `${order.status}, made ${order.creationDate ?? 'at an unknown time'}, is in no row.`;
  return { kind: 'not-recorded', customerId, jobIds, orderId: order.id, text: `${made} ${whose()}` };

  function whose(): string {
    if (equal.length === 0) return `It may belong to ${named(candidates)}, whose content is not known.`;
    if (equalCarts.length === 0 && first !== undefined)
      return `It holds what ${jobInWords(first.jobKey)} (${first.state}) holds: it was bought twice, it was bought by hand, or its record is not complete yet.`;
    return `It equals each of these carts, so it may belong to any of them: ${named(candidates)}.`;
  }
}

const named = (records: readonly CheckoutRecord[]): string =>
  records
    .slice(0, 5)
    .map(
      ({ jobKey, state, orders }) => `${jobInWords(jobKey)} (${state}, ${counted(orders.length, 'order')})`,
    )
    .join(', ') + (records.length > 5 ? ` and ${records.length - 5} more` : '');

const contentsOf = ({ orders, groups = [] }: CheckoutRecord): readonly string[] => [
  ...orders.map((orderSummary) => orderSummary.content),
  ...groups.map((group) => group.content),
];

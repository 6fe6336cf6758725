/** What became of each line of a job: for result files, for the view over HTTP, and for the list to send again. */
import type { CheckedLine } from '../cart/cart-content.ts';
import { type CheckoutRecord, isFinal, type State } from '../checkout/record.ts';
import { isOrderJob } from '../message/job.ts';
import type { WantedLine } from '../message/order-lines.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Order, OrderLine, OrderStatus } from './order.ts';

export interface ResultLine {
  readonly wanted: WantedLine;
  /** A status of its order, `dropped`, or the state of its job. */
  readonly state: State | OrderStatus | 'dropped';
  readonly orderId?: string;
  readonly subscriptionId?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly remedy?: string;
  readonly price?: string;
  readonly currency?: string;
  /** Until when its subscription can be cancelled, as Partner Center says: ISO 8601. Null: it cannot. Absent: nobody knows yet. */
  readonly cancellableUntil?: string | null;
}

/** One for each line that the job wants, in its order; none for a job that carries a cart. `orders`: as their rows have them. */
export function resultLines(record: CheckoutRecord, orders: readonly Order[]): readonly ResultLine[] {
  if (!isOrderJob(record.job)) return [];
  const left = orders.map((order) => ({ order, lines: [...order.lines] }));
  return record.job.lines.map((wanted) => lineOf(record, wanted, left));
}

type Left = readonly { readonly order: Order; readonly lines: OrderLine[] }[];

function lineOf(record: CheckoutRecord, wanted: WantedLine, left: Left): ResultLine {
  const bad = record.badLines?.find(({ line }) => line === wanted.line);
  if (bad !== undefined) {
    const { code, description: reason, remedy } = bad;
    const state = isFinal(record.state) && record.state !== 'failed' ? 'dropped' : record.state;
    return { wanted, state, code, reason, remedy };
  }
  const checked = record.made?.lines.find(({ line }) => line === wanted.line);
  const priced = {
    ...(checked?.price === undefined ? {} : { price: checked.price }),
    ...(checked?.currency === undefined ? {} : { currency: checked.currency }),
  };
  const bought = checked === undefined ? undefined : takeOrderLine(checked, left);
  if (bought !== undefined) {
    const { order, line } = bought;
    const { subscriptionId } = line;
    const cancellableUntil = datesOf(record).get(subscriptionId);
    const subscription = omitUndefined({ subscriptionId, cancellableUntil });
    return { wanted, state: order.status, orderId: order.id, ...subscription, ...priced };
  }
  const group = record.failedGroups.find((failed) => failed.group === checked?.group);
  if (group !== undefined) {
    const { code, description: reason } = group;
    return { wanted, state: 'failed', code, reason, ...priced };
  }
  const { code, description, remedy } = record.reason ?? {};
  return {
    wanted,
    state: record.state,
    ...priced,
    ...(code === undefined ? {} : { code }),
    ...(description === undefined ? {} : { reason: description }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

/** Until when each subscription of a record can be cancelled, by its id; those that nobody knows are left out. */
export const datesOf = (record: Pick<CheckoutRecord, 'orders'>): ReadonlyMap<unknown, string | null> =>
  new Map(
    record.orders.flatMap(({ subscriptions = [] }) =>
      subscriptions.flatMap(({ id, cancellableUntil }): readonly (readonly [string, string | null])[] =>
        cancellableUntil === undefined ? [] : [[id, cancellableUntil]],
      ),
    ),
  );

/** Equal lines of one order are told apart by nothing: each takes the next one. */
function takeOrderLine(
  checked: CheckedLine,
  left: Left,
): { readonly order: Order; readonly line: OrderLine } | undefined {
  for (const { order, lines } of left) {
    const index = lines.findIndex(
      ({ offerId, quantity, term }) =>
        offerId.toLowerCase() === checked.catalogItemId.toLowerCase() &&
        // A cancelled order says 0.
        (quantity === checked.quantity || order.status === 'cancelled') &&
        (checked.term === 'none' || term.toLowerCase() === checked.term.toLowerCase()),
    );
    const [line] = index < 0 ? [] : lines.splice(index, 1);
    if (line !== undefined) return { order, line };
  }
  return undefined;
}

/**
 * The lines of a job that may be sent again. Of one that failed before anything was sent all lines, under their own number: a message
 * that differs replaces them. Dropped lines of one that was bought need a number of their own.
 */
export function linesToSendAgain(
  record: CheckoutRecord,
): { readonly externalOrderId: string; readonly lines: readonly WantedLine[] } | undefined {
  const { job, state, firstSend, badLines = [] } = record;
  if (!isOrderJob(job)) return undefined;
  const { externalOrderId, lines } = job;
  if (state === 'failed') return firstSend === undefined ? { externalOrderId, lines } : undefined;
  const dropped =
    isFinal(state) || state === 'ordered' ? lines.filter(({ line }) => isIn(badLines, line)) : [];
  return dropped.length === 0
    ? undefined
    : { externalOrderId: `${externalOrderId.slice(0, 60)}.2`, lines: dropped };
}

const isIn = (bad: readonly { readonly line: number }[], line: number): boolean =>
  bad.some((one) => one.line === line);

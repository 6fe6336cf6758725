/** Applies a result to the record: orders, state, revision. Used by the fifth step and by the poller. */

import { createHash } from 'node:crypto';
import { boughtIn, maxBoughtSubscriptions } from '../order/bought-subscription.ts';
import { forward, isLacking, isTerminal, type Order, type OrderLine } from '../order/order.ts';
import { pollEntryKey } from '../schedule-entry.ts';
import {
  type CheckoutRecord,
  type FailedGroup,
  isFinal,
  isRetryable,
  type KnownGroup,
  type OrderSummary,
  type Reason,
  type Step,
  transition,
} from './record.ts';

/** What an order holds, or an order group of a cart will: the same text for the same offers, quantities, terms and billing. */
export function contentOf(of: {
  readonly billingCycle: string;
  readonly lines: readonly Pick<OrderLine, 'offerId' | 'quantity' | 'term'>[];
}): string {
  const lines = of.lines.map(
    (line) => `${line.offerId.toLowerCase()}|${line.quantity}|${line.term.toLowerCase()}`,
  );
  return createHash('sha256')
    .update(`${of.billingCycle.toLowerCase()}\n${lines.sort().join('\n')}`)
    .digest('base64url')
    .slice(0, 22);
}

export const knownGroup = (
  group: Parameters<typeof contentOf>[0] & { readonly group: string },
): KnownGroup => ({
  group: group.group,
  content: contentOf(group),
});

/** The groups that are left when each of these contents has filled one. */
export function groupsWithoutOrder(
  groups: readonly KnownGroup[],
  contents: readonly string[],
): readonly KnownGroup[] {
  const left = [...groups];
  for (const content of contents) {
    const index = left.findIndex((group) => group.content === content);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}

/** A result of a checkout: orders are facts; `failedGroups` and `reason` are its negative part. */
export interface Result {
  readonly orders: readonly Order[];
  readonly failedGroups: readonly FailedGroup[];
  /** Why it failed, in part or whole; absent when all is well. */
  readonly reason?: Reason;
  readonly gaveUp?: boolean;
  /** Orders that the repeat of an ordered cart made beside equal ones: bought twice. */
  readonly boughtAgain?: CheckoutRecord['boughtAgain'];
}

/** Adds orders to the summaries that the record keeps; a status only moves forward. */
export function mergeMarks(
  record: Pick<CheckoutRecord, 'orders' | 'made'>,
  orders: readonly Order[],
  at: { readonly now: number; readonly revision: number; readonly firstPoll: number },
): readonly OrderSummary[] {
  const known = new Map(record.orders.map((orderSummary) => [orderSummary.id, orderSummary]));
  let room = maxBoughtSubscriptions - record.orders.flatMap(({ subscriptions = [] }) => subscriptions).length;
  for (const order of orders) {
    const orderSummary = known.get(order.id);
    const status = orderSummary === undefined ? order.status : forward(orderSummary.status, order.status);
    const ended = isTerminal(status);
    const bought =
      orderSummary?.subscriptions ?? boughtIn({ ...order, status }, record.made?.lines ?? [], room);
    if (orderSummary?.subscriptions === undefined) room -= bought.length;
    known.set(order.id, {
      id: order.id,
      status,
      ...(status === order.status && order.rawStatus !== undefined ? { word: order.rawStatus } : {}),
      content: orderSummary?.content ?? contentOf(order),
      wasPending: orderSummary?.wasPending === true || !ended,
      since: orderSummary?.since ?? at.now,
      ...(orderSummary?.endedAt !== undefined
        ? { endedAt: orderSummary.endedAt }
        : ended
          ? { endedAt: at.revision }
          : {}),
      ...(ended ? {} : { entryKey: orderSummary?.entryKey ?? pollEntryKey(at.firstPoll, order.id) }),
      ...(bought.length === 0 ? {} : { subscriptions: bought }),
      ...(orderSummary?.datesReadAt === undefined ? {} : { datesReadAt: orderSummary.datesReadAt }),
    });
  }
  return [...known.values()];
}

/** Where a record with these orders and failed groups stands. */
export function resultStep(
  orderSummaries: readonly OrderSummary[],
  failedGroups: readonly FailedGroup[],
): Step {
  if (orderSummaries.length === 0) return 'fail';
  if (orderSummaries.some((orderSummary) => !isTerminal(orderSummary.status))) return 'order';
  return failedGroups.length > 0 || orderSummaries.some((orderSummary) => isLacking(orderSummary.status))
    ? 'end-partly'
    : 'complete';
}

/**
 * The failed groups of a record with these orders. An order of a cart that a person gave up on shows that it was bought; whether that is
 * all of it, only its groups can say.
 */
export function stillFailed(
  { gaveUp, failedGroups, groups }: CheckoutRecord,
  orders: readonly OrderSummary[],
): readonly FailedGroup[] {
  if (gaveUp !== true || failedGroups.length > 0) return failedGroups;
  const contents = orders.map(({ content }) => content);
  if (groups !== undefined && groupsWithoutOrder(groups, contents).length === 0) return [];
  const description =
    'An order of this cart appeared after a person gave up on it. It is not known whether there are more.';
  return [{ group: '*', code: 'given-up', description, retryable: false }];
}

/** The record after a result: one revision on, its lease free, its counters 0, no decision pending. */
export function withResult(
  record: CheckoutRecord,
  result: Result,
  at: { readonly now: number; readonly firstPoll: number },
): CheckoutRecord {
  const revision = record.revision + 1;
  const orders = mergeMarks(record, result.orders, { ...at, revision });
  const {
    lease,
    nextTry,
    entryOrigin,
    asked,
    gaveUp,
    reason: before,
    decision,
    putOffAt,
    lastError,
    ordersInHand,
    ...rest
  } = record;
  const state = transition(record.state, resultStep(orders, result.failedGroups));
  const reason = result.reason ?? (isRetryable(state) ? before : undefined);
  return {
    ...rest,
    state,
    revision,
    orders,
    ...stillInHand(record, orders),
    unfinishedClaims: 0,
    unansweredSends: 0,
    failedGroups: result.failedGroups,
    reached: reachedBy(record, state, revision),
    updatedAt: at.now,
    ...(reason === undefined ? {} : { reason }),
    // guard: People: who gave up may have bought it
    ...(result.gaveUp === true ? { gaveUp: true } : {}),
    ...(result.boughtAgain === undefined ? {} : { boughtAgain: result.boughtAgain }),
  };
}

/** The record with more orders, or newer statuses, in the books, and all else as it was: facts in any state. */
export function withOrders(
  record: CheckoutRecord,
  orders: readonly Order[],
  at: { readonly now: number; readonly firstPoll: number },
): CheckoutRecord {
  const revision = record.revision + 1;
  const orderSummaries = mergeMarks(record, orders, { ...at, revision });
  const { ordersInHand, ...rest } = record;
  return {
    ...rest,
    ...stillInHand(record, orderSummaries),
    revision,
    orders: orderSummaries,
    updatedAt: at.now,
  };
}

/** Orders in hand that the record does not name yet. */
function stillInHand(
  { ordersInHand = [] }: CheckoutRecord,
  orderSummaries: readonly OrderSummary[],
): Pick<CheckoutRecord, 'ordersInHand'> {
  const left = ordersInHand.filter((id) => !orderSummaries.some((orderSummary) => orderSummary.id === id));
  return left.length === 0 ? {} : { ordersInHand: left };
}

export function reachedBy(
  record: CheckoutRecord,
  state: CheckoutRecord['state'],
  revision: number,
): CheckoutRecord['reached'] {
  if (isFinal(state)) return { ...record.reached, final: revision };
  return { ordered: record.reached.ordered ?? revision };
}

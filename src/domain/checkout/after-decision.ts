/**
 * Decides what follows from the decision of a person: named orders, or that they give up. Between the fourth and the fifth step.
 */

import type { Order } from '../order/order.ts';
import { contentOf, groupsWithoutOrder } from './apply-result.ts';
import { givenUp } from './endings.ts';
import { type Context, escalate, type NextAction } from './next-action.ts';
import type { CheckoutRecord, FailedGroup, KnownGroup, Reason } from './record.ts';

/** The orders that a person named, as they were read. */
export function afterNamedOrders(
  record: CheckoutRecord,
  orders: readonly Order[],
  groups: readonly { readonly group: string; readonly content: string }[],
  who: string,
  { now }: Context,
): NextAction {
  const named = new Set(orders.map((order) => order.id));
  const others = record.orders.filter((orderSummary) => !named.has(orderSummary.id));
  const contents = [...others.map((orderSummary) => orderSummary.content), ...orders.map(contentOf)];
  const failedGroups = groupsNotNamed(groups, contents).map(
    (group): FailedGroup => ({
      group: group.group,
      code: 'not-named',
      description: `${who} named the orders of this cart; this group has none.`,
      retryable: false,
    }),
  );
  const reason: Reason = {
    code: 'not-named',
    description: `${who} named the orders of this cart. Some of its order groups have none.`,
    remedy: 'Retry the missing groups if they are still needed.',
    at: now,
  };
  return {
    kind: 'record-result',
    result: { orders, failedGroups, ...(failedGroups.length === 0 ? {} : { reason }) },
  };
}

/** A person knows which order belongs to the cart, even where its lines differ from the cart's: it fills a group too. */
export function groupsNotNamed(
  groups: readonly KnownGroup[],
  contents: readonly string[],
): readonly KnownGroup[] {
  const missing = groupsWithoutOrder(groups, contents);
  const matched = groups.length - missing.length;
  return missing.slice(contents.length - matched);
}

/** The question stays open, with the reason why this answer to it does not hold. */
export function wrongOrder(description: string, context: Context): NextAction {
  const remedy = 'Look at the order in Partner Center, and name orders of this customer and cart.';
  const reason: Reason = { code: 'wrong-order', description, remedy, at: context.now };
  return escalate({ kind: 'needs-decision', reason }, {}, context);
}

export const afterGiveUp = (record: CheckoutRecord, who: string, { now }: Context): NextAction => ({
  kind: 'record-result',
  result: givenUp(record, who, now),
});

import { decodeCart, decodeOrder } from '../domain/answer/decode-answer.ts';
import { contentOf, knownGroup } from '../domain/checkout/apply-result.ts';
import { givenUp } from '../domain/checkout/given-up.ts';
import { groupsWithoutOrder } from '../domain/checkout/reconcile-rules.ts';
import type { FailedGroup, KnownGroup, Reason } from '../domain/checkout/record.ts';
import type { Order } from '../domain/order/order.ts';
import type { Claimed } from './claimed.ts';
import { recordResult } from './commit-result.ts';
import { askAndPark, whenAsked } from './escalate.ts';
import { park } from './park.ts';
import { type Read, readApi } from './read-api.ts';
import type { Held, Run } from './run.ts';

/** Carries out what a person decided about an unresolved job; the claim has written the decision and the name. */
export function decideByPerson(
  run: Run,
  claimed: Extract<Claimed, { kind: 'orders' | 'give-up' }>,
): Promise<void> {
  return claimed.kind === 'give-up'
    ? recordResult(run, claimed.held, givenUp(claimed.held.record, claimed.who, run.deps.clock.now()))
    : theseOrders(run, claimed.held, claimed.orderIds, claimed.who);
}

/** Orders that a person names are read, and must belong to this customer and to no other record. */
async function theseOrders(run: Run, held: Held, orderIds: readonly string[], who: string): Promise<void> {
  const { deps } = run;
  const { customerId, cartId } = held.record;
  const { owners } = await deps.ledger.customer(customerId);
  const orders: Order[] = [];
  let current = held;
  for (const orderId of new Set(orderIds)) {
    const owner = owners.get(orderId);
    // guard: People: an order of another record is refused
    if (owner !== undefined && owner !== cartId)
      return refuse(run, current, `order ${orderId}, named by ${who}, belongs to cart ${owner}`);
    const send = (options: Parameters<typeof deps.partnerCenter.order>[2]) =>
      deps.partnerCenter.order(customerId, orderId, options);
    const read = await readApi(run, current, 'order', send, decodeOrder);
    current = read.held;
    if (read.kind === 'park') return parkNamed(run, read, orderIds);
    if (read.kind !== 'value')
      return refuse(
        run,
        current,
        `order ${orderId}, named by ${who}, cannot be read: ${read.reason.description}`,
      );
    if (
      read.value.id !== orderId ||
      // guard: People: an order of another customer is refused
      (read.value.customerId ?? customerId).toLowerCase() !== customerId
    )
      return refuse(run, current, `order ${orderId}, named by ${who}, is not one of customer ${customerId}`);
    orders.push(read.value);
  }
  const groups = await readGroups(run, current);
  if (groups.kind === 'park') return parkNamed(run, groups, orderIds);
  const looked = groups.held;
  const named = new Set(orders.map((order) => order.id));
  const others = looked.record.orders.filter((mark) => !named.has(mark.id));
  const contents = [...others.map((mark) => mark.content), ...orders.map(contentOf)];
  const failedGroups = groupsNotNamed(groups.groups, contents).map(
    (group): FailedGroup => ({
      group: group.group,
      code: 'not-named',
      description: `${who} named the orders of this cart; this group has none.`,
      retryable: false,
    }),
  );
  const reason = failedGroups.length === 0 ? {} : { reason: notNamed(run, who) };
  return recordResult(run, looked, { orders, failedGroups, ...reason });
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

/** The claim has used the decision up, so the copy carries what it named, as it carries orders in hand. */
const parkNamed = (
  run: Run,
  { held, until, why }: Extract<Read<never>, { kind: 'park' }>,
  found: readonly string[],
): Promise<void> =>
  park(run, held, {
    step: 'doubt',
    until,
    why,
    // guard: People: names outlast a read that had to wait
    found,
  });

async function readGroups(run: Run, held: Held) {
  if (held.record.groups !== undefined) return { kind: 'groups' as const, groups: held.record.groups, held };
  const { customerId, cartId } = held.record;
  const send = (options: Parameters<typeof run.deps.partnerCenter.cart>[2]) =>
    run.deps.partnerCenter.cart(customerId, cartId, options);
  const cart = await readApi(run, held, 'cart', send, decodeCart);
  if (cart.kind === 'park') return cart;
  if (cart.kind !== 'value') return { kind: 'groups' as const, groups: [], held: cart.held };
  const groups = cart.value.groups.map(knownGroup);
  const learned = { ...cart.held, record: { ...cart.held.record, groups } };
  return { kind: 'groups' as const, groups, held: learned };
}

const notNamed = (run: Run, who: string): Reason => ({
  code: 'not-named',
  description: `${who} named the orders of this cart; some of its order groups have none.`,
  remedy: 'Retry the missing groups if they are still wanted.',
  at: run.deps.clock.now(),
});

/** The question stays open, with the reason why this answer to it does not hold. */
function refuse(run: Run, held: Held, description: string): Promise<void> {
  const remedy = 'Look at the order in Partner Center, and name orders of this customer and cart.';
  const reason: Reason = { code: 'wrong-order', description, remedy, at: run.deps.clock.now() };
  run.deps.telemetry.warn(description, { customerId: held.record.customerId, cartId: held.record.cartId });
  return askAndPark(run, held, { kind: 'needs-decision', reason }, { step: 'doubt', until: whenAsked(run) });
}

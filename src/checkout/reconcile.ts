/**
 * Fourth step of a delivery in place of a call: find out what became of an earlier call, or carry out what a person decided about it.
 */

import { decodeCart } from '../domain/answer/decode-cart.ts';
import { decodeOrder } from '../domain/answer/decode-order.ts';
import { afterNamedOrders, wrongOrder } from '../domain/checkout/after-decision.ts';
import { afterEvidence, evidenceLater, evidenceRefused } from '../domain/checkout/after-evidence.ts';
import { knownGroup } from '../domain/checkout/apply-result.ts';
import { lackingOrders } from '../domain/checkout/claim-rules.ts';
import { type NextAction, type Repeat, unsent } from '../domain/checkout/next-action.ts';
import {
  type CheckoutRecord,
  cartIdOf,
  type KnownGroup,
  type Reason,
  transition,
} from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import type { Order } from '../domain/order/order.ts';
import { gatherEvidence, readOrders } from './gather-evidence.ts';
import { type Read, readApi } from './read-api.ts';
import { contextOf, type Run, whileMine } from './run.ts';

/** In place of the fourth step, where the cart may have been bought: finds out what became of the call. */
export async function reconcile(run: Run, leased: LeasedRecord): Promise<NextAction> {
  if (leased.record.cartId === undefined) return recordOrdersInHand(run, leased);
  const gathered = await gatherEvidence(run, leased.record);
  const { record } = gathered;
  run.leased = { ...leased, record };
  switch (gathered.kind) {
    case 'later':
      return evidenceLater(record, gathered, contextOf(run));
    case 'refused':
      return evidenceRefused(record, gathered.reason, contextOf(run));
    case 'evidence':
      return afterEvidence(gathered.evidence, record, gathered.inHand, contextOf(run));
  }
}

/** The ledger has lost the record of a job with lines, and with it the cart: its orders are all that is left. */
async function recordOrdersInHand(run: Run, leased: LeasedRecord): Promise<NextAction> {
  const read = await readOrders(run, leased.record, lackingOrders(leased.record));
  const { record } = read;
  run.leased = { ...leased, record };
  if (read.kind === 'later') return evidenceLater(record, read, contextOf(run));
  if (read.orders.length > 0)
    return { kind: 'record-result', result: { orders: read.orders, failedGroups: [] } };
  const reason: Reason = {
    code: 'record-lost',
    description: `The record of this order was lost, and its orders ${lackingOrders(record).join(', ')} cannot be read.`,
    remedy: 'Look for the orders in Partner Center. Then name them, or say that nothing was bought.',
    at: run.deps.clock.now(),
  };
  return evidenceRefused(record, reason, contextOf(run));
}

/** The one POST after a doubt: its last send is written before it, and uses up a person's permission. Undefined: the lease is lost. */
export async function claimRepeat(
  run: Run,
  leased: LeasedRecord,
  repeat: Repeat,
): Promise<LeasedRecord | undefined> {
  const { clock, times } = run.deps;
  run.repeat = repeat;
  const written = await whileMine(run, leased).write((record) => {
    const { repeatAllowed: _, ...rest } = record;
    const now = clock.now();
    return {
      // guard: People: "not bought" allows one repeat [replace: record]
      ...rest,
      state: transition(record.state, 'submit'),
      firstSend: record.firstSend ?? now,
      // guard: Last send: written before a repeat
      lastSend: now,
      unansweredSends: record.unansweredSends + 1,
      lease: { id: leased.leaseId, until: now + times.lease },
      reconciliations: 0,
      updatedAt: now,
    };
  });
  return written === undefined ? undefined : run.leased;
}

/** Carries out a person's decision: the named orders are read, and must belong to this customer and to no other job. */
export async function readNamedOrders(run: Run, leased: LeasedRecord): Promise<NextAction> {
  const { deps } = run;
  const { customerId, jobKey, decision } = leased.record;
  const { orderIds = [], who = '' } = decision ?? {};
  const { owners } = await deps.ledger.customer(customerId);
  const orders: Order[] = [];
  let record = leased.record;
  const keep = (next: CheckoutRecord) => {
    record = next;
    run.leased = { ...leased, record };
  };
  const refuse = (description: string): NextAction => {
    deps.telemetry.warn(description, { jobKey });
    return wrongOrder(description, contextOf(run));
  };
  for (const orderId of new Set(orderIds)) {
    const owner = owners.get(orderId);
    // guard: People: an order of another record is refused
    if (owner !== undefined && owner !== jobKey)
      return refuse(`Order ${orderId}, named by ${who}, belongs to job ${owner}.`);
    const read = await readApi(
      run,
      record,
      'order',
      (options) => deps.partnerCenter.order(customerId, orderId, options),
      decodeOrder,
    );
    keep(read.record);
    if (read.kind === 'later') return unsent(read.at, read.why);
    if (read.kind !== 'value')
      return refuse(`Order ${orderId}, named by ${who}, cannot be read: ${read.reason.description}`);
    // guard: People: an order of another customer is refused
    if (read.value.id !== orderId || (read.value.customerId ?? customerId).toLowerCase() !== customerId)
      return refuse(`Order ${orderId}, named by ${who}, is not an order of customer ${customerId}.`);
    orders.push(read.value);
  }
  const groups = await readGroups(run, record);
  keep(groups.record);
  if (groups.kind === 'later') return unsent(groups.at, groups.why);
  return afterNamedOrders(record, orders, groups.groups, who, contextOf(run));
}

async function readGroups(
  run: Run,
  record: CheckoutRecord,
): Promise<
  | { readonly kind: 'groups'; readonly groups: readonly KnownGroup[]; readonly record: CheckoutRecord }
  | Extract<Read<never>, { kind: 'later' }>
> {
  if (record.groups !== undefined) return { kind: 'groups', groups: record.groups, record };
  if (record.cartId === undefined) return { kind: 'groups', groups: [], record };
  const { customerId } = record;
  const cartId = cartIdOf(record);
  const send = (options: Parameters<typeof run.deps.partnerCenter.cart>[2]) =>
    run.deps.partnerCenter.cart(customerId, cartId, options);
  const cart = await readApi(run, record, 'cart', send, decodeCart);
  if (cart.kind === 'later') return cart;
  if (cart.kind !== 'value') return { kind: 'groups', groups: [], record: cart.record };
  const groups = cart.value.groups.map(knownGroup);
  return { kind: 'groups', groups, record: { ...cart.record, groups } };
}

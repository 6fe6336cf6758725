import { decisionCopy } from '../../checkout/copies.ts';
import { leaseEnd } from '../../domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isInDoubt, isRetryable, takesDecision } from '../../domain/checkout/record.ts';
import type { Decision } from '../../domain/message/delivery.ts';
import type { CartKey } from '../../domain/message/job.ts';
import { maxOrderId } from '../../domain/order/order-id.ts';
import type { AttentionRow, AttentionRows } from '../../ports/attention-rows.ts';
import type { Chance } from '../../ports/chance.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { readEvidence } from './evidence.ts';

export interface ResolveDeps {
  readonly ledger: Pick<Ledger, 'customer'>;
  readonly attentionRows: Pick<AttentionRows, 'ofCart'>;
  readonly queue: CheckoutQueue;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface CaseFile {
  readonly record: CheckoutRecord;
  readonly attention: AttentionRow | undefined;
  /** As of the worker's last look; undefined: it has not asked yet. */
  readonly cart: string | undefined;
  /** The cart's order groups, with the orders that the record has for each. */
  readonly groups: readonly { readonly group: string; readonly orderId: string | undefined }[];
  /** Orders of no record that may be this cart's. */
  readonly candidates: readonly {
    readonly id: string;
    readonly status: string;
    readonly createdAt?: number | undefined;
  }[];
  /** Other carts of this customer that may have been bought too, and may own a candidate. */
  readonly twins: readonly CheckoutRecord[];
  /** orderId → cartId, of every order in the books of this customer. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Everything that is known about a job that may have been bought. Undefined: there is no such job. Throws `Unavailable`, `UnreadableRecord`. */
export async function openCase(deps: ResolveDeps, key: CartKey): Promise<CaseFile | undefined> {
  const { records, owners, unreadable } = await deps.ledger.customer(key.customerId);
  const broken = unreadable.find(({ cartId }) => cartId === key.cartId);
  if (broken !== undefined) throw broken;
  const record = records.find((other) => other.cartId === key.cartId);
  if (record === undefined) return undefined;
  const attention = await deps.attentionRows.ofCart(key);
  const evidence = readEvidence(attention?.evidence);
  const candidates = evidence.ordersFound ?? [];
  return {
    record,
    attention,
    cart: evidence.cart,
    groups: groupsOf(record),
    // Somebody may have recorded one since the worker looked.
    candidates: candidates.filter(({ id }) => !owners.has(id)),
    twins: records.filter((other) => other !== record && mayOwnOrders(other)),
    owners,
  };
}

const mayOwnOrders = ({ state, gaveUp }: CheckoutRecord): boolean => isInDoubt(state) || gaveUp === true;

function groupsOf({ groups = [], orders }: CheckoutRecord): CaseFile['groups'] {
  const left = [...orders];
  return groups.map(({ group, content }) => {
    const index = left.findIndex((order) => order.content === content);
    const [order] = index < 0 ? [] : left.splice(index, 1);
    return { group, orderId: order?.id };
  });
}

export type Resolution = Pick<Decision, 'decision' | 'orderIds'> & {
  readonly decision: Exclude<Decision['decision'], 'retry'>;
};

const mostOrders = 99;

/** Why this decision cannot be sent, in words for the person; undefined: it can. The worker checks all of it again. */
export function whyNotResolve(
  { record, owners }: CaseFile,
  { decision, orderIds }: Resolution,
  now: number,
): string | undefined {
  const { state, cartId } = record;
  if (!takesDecision(state, 'not-bought'))
    return `The job is ${state}: only one that is unresolved takes a decision.${isRetryable(state) ? ' To try it again: npx partner-checkout retry.' : ''}`;
  const leased = leaseEnd(record, now);
  if (leased !== undefined)
    return `A worker is looking at it now, until ${new Date(leased).toISOString()} at the latest, and a decision would come too late. Run this again then.`;
  if (decision !== 'orders') return undefined;
  if (orderIds.length === 0 || orderIds.length > mostOrders)
    return `--orders takes 1 to ${mostOrders} order ids, separated by commas.`;
  for (const id of orderIds) {
    if (id === '' || id.length > maxOrderId || !id.isWellFormed()) return `"${id}" is no order id.`;
    const owner = owners.get(id);
    if (owner !== undefined && owner !== cartId) return `Order ${id} is in the books of cart ${owner}.`;
  }
  return undefined;
}

/** Sends the decision; the worker decides whether it still applies. Throws `Unavailable`. */
export const resolve = (
  { queue, clock, chance }: ResolveDeps,
  record: CheckoutRecord,
  resolution: Resolution,
  who: string,
): Promise<void> =>
  queue.send(decisionCopy(record, { ...resolution, seen: record.state, who }, chance), clock.now());

/** Checks a person's decision about a job with an unknown outcome, and says what it will do. */
import { whyNotDecide } from '../../domain/checkout/decisions.ts';
import {
  type CheckoutRecord,
  type DecisionKind,
  isInDoubt,
  isRetryable,
  takesDecision,
} from '../../domain/checkout/record.ts';
import { customerOf, type JobKey, jobInWords, readJobKey } from '../../domain/message/job-key.ts';
import { maxOrderId } from '../../domain/order/order.ts';
import type { AttentionRow, AttentionRows } from '../../ports/attention-rows.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { readEvidence } from './evidence.ts';

export interface CaseDeps {
  readonly ledger: Pick<Ledger, 'customer'>;
  readonly attentionRows: Pick<AttentionRows, 'ofJob'>;
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
  readonly equalCarts: readonly CheckoutRecord[];
  /** orderId → job key, of every order in the books of this customer. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Everything that is known about a job that may have been bought. Undefined: there is no such job. Throws `Unavailable`, `UnreadableRecord`. */
export async function openCase(deps: CaseDeps, jobKey: JobKey): Promise<CaseFile | undefined> {
  const { records, owners, unreadable } = await deps.ledger.customer(customerOf(jobKey));
  const broken = unreadable.find((other) => other.jobKey === jobKey);
  if (broken !== undefined) throw broken;
  const record = records.find((other) => other.jobKey === jobKey);
  if (record === undefined) return undefined;
  const attention = await deps.attentionRows.ofJob(jobKey);
  const evidence = readEvidence(attention?.evidence);
  const candidates = evidence.ordersFound ?? [];
  return {
    record,
    attention,
    cart: evidence.cart,
    groups: groupsOf(record),
    // Somebody may have recorded one since the worker looked.
    candidates: candidates.filter(({ id }) => !owners.has(id)),
    equalCarts: records.filter((other) => other !== record && mayOwnOrders(other)),
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

export interface Resolution {
  readonly decision: Exclude<DecisionKind, 'retry'>;
  readonly orderIds: readonly string[];
}

const mostOrders = 99;

/** Why this decision cannot be made, in words for the person; undefined: it can. Pure. */
export function whyNotResolve(
  { record, owners }: CaseFile,
  { decision, orderIds }: Resolution,
  now: number,
): string | undefined {
  const { state, jobKey } = record;
  const why = whyNotDecide(record, { decision, orderIds, who: '' }, now);
  if (why !== undefined) {
    const hint =
      takesDecision(state, decision) || !isRetryable(state)
        ? ''
        : ` To try it again: npx partner-checkout retry ${jobKey}`;
    return `Nothing was decided: ${why}.${hint}`;
  }
  if (decision !== 'orders') return undefined;
  if (orderIds.length === 0 || orderIds.length > mostOrders)
    return `--orders takes 1 to ${mostOrders} order ids, separated by commas.`;
  for (const id of orderIds) {
    if (id === '' || id.length > maxOrderId || !id.isWellFormed()) return `"${id}" is not an order id.`;
    const owner = owners.get(id);
    if (owner !== undefined && owner !== jobKey) return `Order ${id} is in the books of ${nameOf(owner)}.`;
  }
  return undefined;
}

function nameOf(owner: string): string {
  const key = readJobKey(owner);
  return key === undefined ? 'another job' : jobInWords(key);
}

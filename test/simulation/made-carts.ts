import type { CartContent, ContentLine } from '../../src/domain/cart/cart-content.ts';
import { type JobKey, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { CartPlan, GroupPlan } from './cart-plan.ts';
import type { Catalogue } from './catalogue.ts';
import type { PricedLine } from './wire.ts';

/** What becomes of the carts that the worker makes of one order number. */
export interface OrderPlan {
  readonly customerId: string;
  readonly externalOrderId: string;
  /** Of its order groups, in their order; the last counts for those behind it. */
  readonly fates?: readonly Partial<Pick<GroupPlan, 'pendingMs' | 'end' | 'refusal'>>[];
  readonly refused?: CartPlan['refused'];
  /** Something in what is ordered is refused, in one of the versions at least: its job may fail. */
  readonly mayFail?: boolean;
}

/** A cart that the worker made, as Partner Center holds it. */
export interface MadeCart {
  readonly jobKey: JobKey;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** As the last create or PUT asked for it. */
  content: CartContent;
}

/** The name of each line in the model: Partner Center itself does not know of which order a cart is. */
export const nameOfLine = (externalOrderId: string, line: number): string => `${externalOrderId}/${line}`;

const numberIn = ({ lines: [first] }: CartContent): string => first?.friendlyName?.split('/')[0] ?? '';

/** The job that asked for this content. */
export const jobOfContent = (customerId: string, content: CartContent): JobKey =>
  jobKeyOf({ customerId, externalOrderId: numberIn(content) });

/** Lines of one billing become one order, the first of them its base line. */
const groupOf = (lines: readonly ContentLine[], { billing }: ContentLine): string =>
  String([...new Set(lines.map((line) => line.billing))].indexOf(billing));

/** The plan of a cart of this content: its order groups, and what becomes of them. */
export function planOfContent(
  id: string,
  customerId: string,
  { lines }: CartContent,
  plan: OrderPlan | undefined,
): CartPlan {
  const byGroup = Map.groupBy(lines, (line) => groupOf(lines, line));
  const groups = [...byGroup].map(([group, [base, ...others]], nth): GroupPlan => {
    const fate = plan?.fates?.[nth] ?? plan?.fates?.at(-1) ?? {};
    const inOrder = ({ catalogItemId: offerId, quantity, term }: ContentLine) => ({
      offerId,
      quantity,
      term,
    });
    return {
      group,
      ...(base === undefined ? { offerId: '', quantity: 0, term: '' } : inOrder(base)),
      billingCycle: base?.billing ?? '',
      ...(others.length === 0 ? {} : { addons: others.map(inOrder) }),
      lines: (byGroup.get(group) ?? []).map(({ line }) => line),
      pendingMs: 0,
      end: 'completed',
      ...fate,
    };
  });
  return {
    customerId,
    id,
    groups,
    ...(plan?.refused === undefined ? {} : { refused: plan.refused }),
  };
}

/** What Partner Center says of each line now. */
export const priceLines = ({ lines }: CartContent, catalogue: Catalogue): readonly PricedLine[] =>
  lines.map((line) => {
    const item = catalogue.item(line.catalogItemId);
    const isSold = catalogue.isOnSale(line.catalogItemId);
    return {
      group: groupOf(lines, line),
      extendedPrice: item?.price === undefined ? undefined : item.price * line.quantity,
      error: isSold ? item?.lineError : 10001,
    };
  });

import type { FaultInput, Sandbox } from '../partner-center/sandbox.ts';
import { orderPlan, type WantedOrder } from './orders.ts';

/** One line of the night: a message to send. `number` is its line in the list, from 1. */
export interface Line {
  readonly number: number;
  /** What goes into the message: an object, or text that is none. */
  readonly body: unknown;
  /** The cart that it names, when it names one. */
  readonly customerId?: string;
  readonly cartId?: string;
  /** Of a job that carries order lines. */
  readonly jobKey?: string;
}

export interface UnreadLine {
  readonly number: number;
  readonly field: string;
  readonly reason: string;
}

export interface Plan {
  readonly lines: readonly Line[];
  /** Lines of a list that cannot be read, so that nothing is sent for them. */
  readonly unread: readonly UnreadLine[];
  /** The list is the user's own: a line that is rejected or fails there is news. In the sample some are there for that. */
  readonly own: boolean;
  readonly about: string;
  /** Jobs that carry order lines. */
  readonly orders?: readonly WantedOrder[];
  /** What Partner Center does to some of them. */
  readonly faults: readonly FaultInput[];
}

/**
 * The sample night: ordinary carts of some customers, some of them equal, and the few that make a night interesting. It has
 * as many lines as carts: one line is no job, so its cart is not bought.
 */
export function samplePlan(
  sandbox: Sandbox,
  carts: number,
  customers: number,
  orders?: { readonly jobs: number; readonly lines: number },
): Plan {
  const few = Math.ceil(carts / 20);
  const special = (['reservation', 'software', 'saas'] as const).flatMap((basket) =>
    sandbox.createCarts({ count: few, customers, baskets: [basket] }),
  );
  const sample = sandbox.createCarts({ count: 1, baskets: ['sample'] });
  const expired = sandbox.createCarts({ count: 1, baskets: ['licence'], life: 1 });
  // In rounds over the customers, so that from the third round on each has equal carts.
  const usual = sandbox.createCarts({
    count: carts - 3 * few - 2,
    customers,
    baskets: ['licence', 'legacy', 'licence', 'licences'],
  });
  const refs = [...special, ...sample, ...expired, ...usual];
  const underReview = usual[customers - 1]?.customerId;
  const unsigned = usual[2]?.cartId;
  const noJob = Math.ceil(refs.length / 2);
  const ofLines = orders === undefined ? undefined : orderPlan(sandbox, orders.jobs, orders.lines);
  const batchSize = refs.length + (ofLines === undefined ? 0 : ofLines.wanted.length + ofLines.late.length);
  const batch = { batchId: 'sample-night', batchSize };
  const cartLines = refs.map((ref, index) => {
    const number = index + 1;
    const more = { reference: `PO-${number}`, ...batch };
    return number === noJob
      ? { number, body: { customerId: ref.customerId, cartID: ref.cartId, ...more } }
      : { number, body: { ...ref, ...more }, ...ref };
  });
  const orderLines = [...(ofLines?.lines ?? []), ...(ofLines?.late ?? [])].map(
    ({ body, jobKey }, index): Line => ({
      number: refs.length + 1 + index,
      body: { ...Object(body), ...batch },
      jobKey,
    }),
  );
  const last = ofLines?.late.length ?? 0;
  const usualOrders = orderLines.slice(0, orderLines.length - last);
  return {
    // Mixed: the kill meets both kinds. What comes late for its number comes last.
    lines: [...mixed(usualOrders, cartLines), ...orderLines.slice(orderLines.length - last)],
    ...(ofLines === undefined ? {} : { orders: ofLines.wanted }),
    unread: [],
    own: false,
    faults: [
      ...(ofLines?.faults ?? []),
      { kind: 'error', http: 403, code: 800073, description: review, customers: listOf(underReview) },
      { kind: 'error', http: 403, code: 13605, description: agreement, carts: listOf(unsigned) },
    ],
    about: `${carts} carts of ${customers} customers. Some customers have several equal carts. One cart makes three orders, one has expired, one customer is under review, one has not signed the agreement, and one line is not valid${ofLines === undefined ? '' : `. ${ofLines.wanted.length} jobs carry ${ofLines.wanted.reduce((sum, { lines }) => sum + lines.length, 0)} order lines. One line is wrong, one total is too high, and one number is used three times`}`,
  };
}

/** One of the first for every two of the second, so that both are under way at any time. */
const mixed = <T>(some: readonly T[], many: readonly T[]): readonly T[] => {
  const step = some.length === 0 ? 1 : Math.max(1, Math.round(many.length / some.length));
  return [
    ...some.flatMap((one, index) => [one, ...many.slice(index * step, (index + 1) * step)]),
    ...many.slice(some.length * step),
  ];
};

const listOf = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

const review = 'The customer account is under review. Check back in a few days.';
const agreement = 'The customer has not accepted the Microsoft Customer Agreement.';

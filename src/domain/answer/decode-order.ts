/** Reads what Partner Center says of orders: the answer to a checkout, one order, and a customer's list of orders. */
import * as z from 'zod/mini';
import { omitUndefined } from '../omit-undefined.ts';
import { maxOrderId, type Order, type OrderStatus, orderStatuses } from '../order/order.ts';
import { cutText } from '../text.ts';
import {
  anything,
  code,
  fields,
  list,
  needed,
  number,
  parseJson,
  read,
  shortText,
  text,
  textOf,
  whyIncomplete,
} from './answer-fields.ts';
import { errorIn, errorShape, toError } from './decode-error.ts';
import type { CheckoutBody, Decoded, GroupError } from './exchange.ts';
import { instantIn, intervalOf } from './instant.ts';

/**
 * How each status may be written, in lower case. Another spelling of a documented word is that word. Any other word, one
 * like "failed" too, says nothing that is documented: the order is followed until it says more, and a person is told.
 */
const spellings: Readonly<Record<Exclude<OrderStatus, 'unknown'>, readonly string[]>> = {
  pending: ['pending'],
  completed: ['completed'],
  cancelled: ['cancelled', 'canceled'],
};
const statuses = new Map(
  orderStatuses.flatMap((status) =>
    status === 'unknown' ? [] : spellings[status].map((word) => [word, status] as const),
  ),
);

/** Any text, or a number, is an id: an order that was bought is not refused for it. */
const orderId = needed(
  (value) => {
    const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOf(value);
    return id === undefined || id.length > maxOrderId ? undefined : id;
  },
  (value) => (typeof value === 'string' && value !== '' ? `has ${value.length} characters` : 'is missing'),
);

const orderLine = z.pipe(
  fields({ offerId: text, quantity: number, termDuration: text, subscriptionId: text, friendlyName: text }),
  z.transform(({ offerId = '', quantity = 0, termDuration: term = '', subscriptionId, friendlyName: name }) =>
    omitUndefined({ offerId, quantity, term, subscriptionId, name }),
  ),
);

/** Source: "Order resources": `Order` and `OrderLineItem`. */
const orderFields = fields({
  id: orderId,
  alternateId: shortText,
  referenceCustomerId: shortText,
  status: text,
  billingCycle: shortText,
  currencyCode: shortText,
  totalPrice: number,
  creationDate: shortText,
  lineItems: list(orderLine),
});

const order = z.pipe(
  orderFields,
  z.transform((found): Order => {
    const { id, alternateId, totalPrice, creationDate, status: word, lineItems: lines } = found;
    const created = intervalOf(creationDate);
    const status = statuses.get(word?.trim().toLowerCase() ?? '');
    return omitUndefined({
      id,
      alternateId,
      customerId: found.referenceCustomerId?.toLowerCase(),
      status: status ?? ('unknown' as const),
      rawStatus: status === undefined ? cutText(word ?? '(none)', 64) : undefined,
      billingCycle: found.billingCycle?.toLowerCase() ?? '',
      currency: found.currencyCode,
      totalPrice,
      creationDate,
      createdAt: created === undefined ? undefined : instantIn(created),
      created,
      lines,
    });
  }),
);
const orders = list(order);

/** An order that is told twice is one order. */
const distinct = (all: readonly Order[]): readonly Order[] => [
  ...new Map(all.map((one) => [one.id, one])).values(),
];

const groupError = z.pipe(
  fields({ ...errorShape, orderGroupId: code }),
  z.transform((found, { issues }): GroupError => {
    const { code: errorCode, description } = toError(found);
    // Taken for a refusal, it would end a job that was bought.
    if (errorCode === undefined && description === '') {
      issues.push({ code: 'custom', message: 'says neither a code nor a reason', input: found });
      return z.NEVER;
    }
    return { group: found.orderGroupId ?? '?', code: errorCode ?? 'none', description };
  }),
);

const envelope = fields({ orders: anything, orderErrors: anything, code: anything });
const checkoutResult = fields({ orders, orderErrors: list(groupError) });
const unreadable = (why: string): CheckoutBody => ({ kind: 'unreadable', why });

/**
 * The body of a 2xx answer to a checkout (Partner Center: "Checkout a cart"). One code, 400072, is documented with
 * HTTP 200: a body with a code and no orders is an error. An order without an id leaves the whole unreadable: something
 * was bought, and what it was has to be found out.
 */
export function decodeCheckout(body: string): CheckoutBody {
  const json = parseJson(body);
  const found = read(envelope, json);
  if (!found.ok) return unreadable(found.why);
  if (found.value.orders === undefined && found.value.orderErrors === undefined)
    return found.value.code === undefined
      ? unreadable('the body has neither orders nor a code')
      : { kind: 'error', error: errorIn(json) };
  const result = read(checkoutResult, json);
  if (!result.ok) return unreadable(result.why);
  const { orders: bought, orderErrors: errors } = result.value;
  return bought.length === 0 && errors.length === 0
    ? unreadable('the body has no order and no error')
    : { kind: 'result', orders: distinct(bought), errors };
}

export const decodeOrder = (body: string): Decoded<Order> => read(order, parseJson(body));

const collection = fields({ items: anything });
const dated = fields({ creationDate: text });

/**
 * The customer's orders made since `since` (epoch ms). An order is left out, readable or not, only if its date shows that it
 * is older. A list that says that it is not whole is no list.
 */
export function decodeOrders(body: string, { since }: { readonly since: number }): Decoded<readonly Order[]> {
  const json = parseJson(body);
  const found = read(collection, json);
  if (!found.ok) return found;
  const { items } = found.value;
  if (items === undefined) return { ok: false, why: 'the body has no items' };
  const why = whyIncomplete(json);
  if (why !== undefined) return { ok: false, why, incomplete: true };
  const young = Array.isArray(items) ? items.filter((item) => !isOlder(item, since)) : items;
  const listed = read(fields({ items: orders }), { items: young });
  return listed.ok ? { ok: true, value: distinct(listed.value.items) } : listed;
}

/** Even an order that cannot be read is not ours when its date is readable and too early. */
function isOlder(item: unknown, since: number): boolean {
  const created = intervalOf(dated.safeParse(item).data?.creationDate);
  return created !== undefined && created.latest < since;
}

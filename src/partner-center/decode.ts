import { compact } from '../compact.ts';
import { type Order, type OrderLine, type OrderStatus, orderStatuses } from '../orders/order.ts';
import { maxOrderId } from '../orders/order-id.ts';
import { cutText } from '../text.ts';
import type { ApiError, Cart, CartGroup, CheckoutBody, Decoded, GroupError } from './api.ts';
import { codeIn, type Fields, fieldsOf, has, listIn, numberIn, parseObject, textIn } from './json.ts';

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
const maxDescription = 1024;
/** Of a body that says nothing where a reason is looked for. */
const maxExcerpt = 200;

const unreadable = (why: string): CheckoutBody => ({ kind: 'unreadable', why });
const not = (why: string) => ({ ok: false, why }) as const;

/**
 * The body of a 2xx answer to a checkout (Partner Center: "Checkout a cart"). One code, 400072, is documented with
 * HTTP 200: a body with a code and no orders is an error. An order without an id leaves the whole unreadable: something
 * was bought, and what it was has to be found out.
 */
export function decodeCheckout(body: string): CheckoutBody {
  const fields = parseObject(body);
  if (fields === undefined) return unreadable('the body is not a JSON object');
  if (!has(fields, 'orders') && !has(fields, 'ordererrors'))
    return has(fields, 'code')
      ? { kind: 'error', error: errorIn(fields) }
      : unreadable('the body has neither orders nor a code');
  const orders = decodeList(listIn(fields, 'orders'), orderIn);
  if (!orders.ok) return unreadable(`orders: ${orders.why}`);
  const errors = decodeList(listIn(fields, 'ordererrors'), groupErrorIn);
  if (!errors.ok) return unreadable(`orderErrors: ${errors.why}`);
  if (orders.value.length === 0 && errors.value.length === 0)
    return unreadable('the body has no order and no error');
  return { kind: 'result', orders: each(orders.value), errors: errors.value };
}

export function decodeOrder(body: string): Decoded<Order> {
  const fields = parseObject(body);
  return fields === undefined ? not('the body is not a JSON object') : orderIn(fields);
}

/** The customer's orders made since `since` (epoch ms); one whose date cannot be read is kept. */
export function decodeOrders(body: string, { since }: { readonly since: number }): Decoded<readonly Order[]> {
  const fields = parseObject(body);
  if (fields === undefined) return not('the body is not a JSON object');
  if (!has(fields, 'items')) return not('the body has no items');
  const orders = decodeList(listIn(fields, 'items'), orderIn);
  if (!orders.ok) return orders;
  return {
    ok: true,
    value: each(orders.value).filter(({ createdAt }) => createdAt === undefined || createdAt >= since),
  };
}

export function decodeCart(body: string): Decoded<Cart> {
  const fields = parseObject(body);
  if (fields === undefined) return not('the body is not a JSON object');
  const id = textIn(fields, 'id');
  const status = textIn(fields, 'status')?.toLowerCase();
  if (id === undefined) return not('the cart has no id');
  if (status !== 'active' && status !== 'ordered')
    return not(`the cart has the status ${status ?? '(none)'}`);
  const groups = groupsIn(listIn(fields, 'lineitems'));
  return groups.ok ? { ok: true, value: { id, status, groups: groups.value } } : groups;
}

/**
 * The API says `code` and `description`, gateways `statusCode` and `message`, Azure `error.code` and `error.message`, ASP.NET
 * `title` and `detail`. Of a body in no such shape its beginning is kept: it may be all that a person has to go by.
 */
export function decodeError(body: string): ApiError {
  const fields = parseObject(body);
  const { code, description } = fields === undefined ? noWords : errorIn(fields);
  return { code, description: description === '' ? excerptOf(body) : description };
}

const noWords: ApiError = { code: undefined, description: '' };

function errorIn(fields: Fields): ApiError {
  const nested = fieldsOf(fields.get('error'));
  const inner = nested === undefined ? noWords : errorIn(nested);
  const title = [textIn(fields, 'title'), textIn(fields, 'detail')].filter((part) => part !== undefined);
  const description =
    textIn(fields, 'description') ??
    textIn(fields, 'message') ??
    textIn(fields, 'errormessage') ??
    textIn(fields, 'error_description') ??
    (inner.description !== '' ? inner.description : undefined) ??
    textIn(fields, 'error') ??
    title.join(': ');
  const code = codeIn(fields, 'code') ?? codeIn(fields, 'errorcode') ?? inner.code;
  return { code, description: cutText(description, maxDescription) };
}

const excerptOf = (body: string): string =>
  cutText(
    body
      .slice(0, 4 * maxExcerpt)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
    maxExcerpt,
  );

function decodeList<T>(
  list: readonly unknown[] | undefined,
  decode: (fields: Fields) => Decoded<T>,
): Decoded<readonly T[]> {
  if (list === undefined) return not('not a list');
  const values: T[] = [];
  for (const [index, entry] of list.entries()) {
    const fields = fieldsOf(entry);
    const decoded = fields === undefined ? not('not an object') : decode(fields);
    if (!decoded.ok) return not(`[${index}] ${decoded.why}`);
    values.push(decoded.value);
  }
  return { ok: true, value: values };
}

/** An order that is told twice is one order. */
const each = (orders: readonly Order[]): readonly Order[] => [
  ...new Map(orders.map((order) => [order.id, order])).values(),
];

function orderIn(fields: Fields): Decoded<Order> {
  const id = idIn(fields);
  if (id === undefined) return not('the order has no id');
  if (id.length > maxOrderId) return not(`the order has an id of ${id.length} characters`);
  const lines = decodeList(listIn(fields, 'lineitems'), orderLineIn);
  if (!lines.ok) return not(`order ${id}, lineItems: ${lines.why}`);
  const word = textIn(fields, 'status');
  const status = statuses.get(word?.trim().toLowerCase() ?? '');
  const creationDate = textIn(fields, 'creationdate');
  const createdAt = creationDate === undefined ? Number.NaN : Date.parse(creationDate);
  return {
    ok: true,
    value: compact({
      id,
      alternateId: textIn(fields, 'alternateid'),
      customerId: textIn(fields, 'referencecustomerid')?.toLowerCase(),
      status: status ?? ('unknown' as const),
      rawStatus: status === undefined ? cutText(word ?? '(none)', 64) : undefined,
      billingCycle: textIn(fields, 'billingcycle')?.toLowerCase() ?? '',
      currency: textIn(fields, 'currencycode'),
      totalPrice: numberIn(fields, 'totalprice'),
      creationDate,
      createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
      lines: lines.value,
    }),
  };
}

/** Any text, or a number, is an id: an order that was bought is not refused for it. */
function idIn(fields: Fields): string | undefined {
  const id = fields.get('id');
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : textIn(fields, 'id');
}

function orderLineIn(fields: Fields): Decoded<OrderLine> {
  return {
    ok: true,
    value: compact({
      offerId: textIn(fields, 'offerid') ?? '',
      quantity: numberIn(fields, 'quantity') ?? 0,
      term: textIn(fields, 'termduration') ?? '',
      subscriptionId: textIn(fields, 'subscriptionid'),
      name: textIn(fields, 'friendlyname'),
    }),
  };
}

function groupErrorIn(fields: Fields): Decoded<GroupError> {
  const { code, description } = errorIn(fields);
  return {
    ok: true,
    value: { group: codeIn(fields, 'ordergroupid') ?? '?', code: code ?? 'none', description },
  };
}

/** A cart's lines by order group: each group becomes one order. */
function groupsIn(list: readonly unknown[] | undefined): Decoded<readonly CartGroup[]> {
  const lines = decodeList(list, (fields) => {
    const line = {
      group: codeIn(fields, 'ordergroup') ?? '0',
      billingCycle: textIn(fields, 'billingcycle')?.toLowerCase() ?? '',
      offerId: textIn(fields, 'catalogitemid') ?? '',
      quantity: numberIn(fields, 'quantity') ?? 0,
      term: textIn(fields, 'termduration') ?? '',
    };
    return { ok: true, value: line };
  });
  if (!lines.ok) return not(`lineItems: ${lines.why}`);
  const groups = Map.groupBy(lines.value, (line) => line.group);
  return {
    ok: true,
    value: [...groups].map(([group, members]) => ({
      group,
      billingCycle: members[0]?.billingCycle ?? '',
      lines: members.map(({ offerId, quantity, term }) => ({ offerId, quantity, term })),
    })),
  };
}

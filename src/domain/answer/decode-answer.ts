import { omitUndefined } from '../omit-undefined.ts';
import { type Order, type OrderLine, type OrderStatus, orderStatuses } from '../order/order.ts';
import { maxOrderId } from '../order/order-id.ts';
import { cutText } from '../text.ts';
import type { ApiError, Cart, CartGroup, CheckoutBody, Decoded, GroupError } from './exchange.ts';
import { instantOf, intervalOf } from './instant.ts';
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

/**
 * The customer's orders made since `since` (epoch ms). An order is left out, readable or not, only if its date shows that it
 * is older. A list that says that it is not whole is no list.
 */
export function decodeOrders(body: string, { since }: { readonly since: number }): Decoded<readonly Order[]> {
  const fields = parseObject(body);
  if (fields === undefined) return not('the body is not a JSON object');
  if (!has(fields, 'items')) return not('the body has no items');
  const items = listIn(fields, 'items');
  const more = whyIncomplete(fields, items?.length ?? 0);
  if (more !== undefined) return { ...not(more), incomplete: true };
  const orders = decodeList(
    items?.filter((item) => !isOlder(item, since)),
    orderIn,
  );
  return orders.ok ? { ok: true, value: each(orders.value) } : orders;
}

/** Undefined: nothing says that the list goes on elsewhere. */
function whyIncomplete(fields: Fields, items: number): string | undefined {
  const total = numberIn(fields, 'totalcount') ?? 0;
  if (total > items) return `the list has ${items} of ${total} orders`;
  const links = fieldsOf(fields.get('links'));
  return links !== undefined && has(links, 'next') ? 'the list goes on at another address' : undefined;
}

/** Even an order that cannot be read is not ours when its date is readable and too early. */
function isOlder(item: unknown, since: number): boolean {
  const fields = fieldsOf(item);
  const created = fields === undefined ? undefined : intervalOf(textIn(fields, 'creationdate'));
  return created !== undefined && created.latest < since;
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

/** Whether an error was written by the API or its gateway, as opposed to a page that something in between made up. */
export function isApiError(body: string | undefined): boolean {
  const fields = body === undefined ? undefined : parseObject(body);
  if (fields === undefined) return false;
  return ['code', 'description', 'message', 'error', 'errorcode', 'errormessage', 'title'].some((key) =>
    has(fields, key),
  );
}

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
  return {
    ok: true,
    value: omitUndefined({
      id,
      alternateId: textIn(fields, 'alternateid'),
      customerId: textIn(fields, 'referencecustomerid')?.toLowerCase(),
      status: status ?? ('unknown' as const),
      rawStatus: status === undefined ? cutText(word ?? '(none)', 64) : undefined,
      billingCycle: textIn(fields, 'billingcycle')?.toLowerCase() ?? '',
      currency: textIn(fields, 'currencycode'),
      totalPrice: numberIn(fields, 'totalprice'),
      creationDate,
      createdAt: instantOf(creationDate),
      created: intervalOf(creationDate),
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
    value: omitUndefined({
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

type CartLine = CartGroup['lines'][number] & Pick<CartGroup, 'group' | 'billingCycle'>;

/** The line itself, then its add-ons: they are bought with it, in the one order of its group. */
function cartLinesIn(fields: Fields, groupOfBase: string): Decoded<readonly CartLine[]> {
  const group = codeIn(fields, 'ordergroup') ?? groupOfBase;
  const line: CartLine = {
    group,
    billingCycle: textIn(fields, 'billingcycle')?.toLowerCase() ?? '',
    offerId: textIn(fields, 'catalogitemid') ?? '',
    quantity: numberIn(fields, 'quantity') ?? 0,
    term: textIn(fields, 'termduration') ?? '',
  };
  const addons = decodeList(listIn(fields, 'addonitems'), (addon) => cartLinesIn(addon, group));
  return addons.ok ? { ok: true, value: [line, ...addons.value.flat()] } : not(`addonItems: ${addons.why}`);
}

/** A cart's lines by order group: each group becomes one order. */
function groupsIn(list: readonly unknown[] | undefined): Decoded<readonly CartGroup[]> {
  const lines = decodeList(list, (fields) => cartLinesIn(fields, '0'));
  if (!lines.ok) return not(`lineItems: ${lines.why}`);
  const groups = Map.groupBy(lines.value.flat(), (line) => line.group);
  return {
    ok: true,
    value: [...groups].map(([group, members]) => ({
      group,
      billingCycle: members[0]?.billingCycle ?? '',
      lines: members.map(({ offerId, quantity, term }) => ({ offerId, quantity, term })),
    })),
  };
}

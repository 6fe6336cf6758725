import type { Decoded } from '../answer/exchange.ts';
import { instantOf } from '../answer/instant.ts';
import { codeIn, type Fields, fieldsOf, listIn, numberIn, parseObject, textIn } from '../answer/json.ts';
import { decimalText, readDecimal } from '../decimal.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';

/** A cart as Partner Center answers it, before anybody compared it with what was asked for. */
export interface AnsweredCart {
  /** A GUID in lower case. */
  readonly id: string;
  readonly status: 'active' | 'ordered';
  readonly expiresAt?: number;
  readonly lines: readonly AnsweredLine[];
}

export interface AnsweredLine {
  /** As the request numbered it, from 0. */
  readonly id: number;
  readonly catalogItemId: string;
  /** 0 where the answer names none. */
  readonly quantity: number;
  readonly term: string;
  readonly billing: string;
  readonly price?: string;
  readonly currency?: string;
  readonly promotionId?: string;
  readonly group?: string;
  /** Of the line, and of its add-ons. */
  readonly errors: readonly { readonly code: string; readonly description: string }[];
}

const not = (why: string) => ({ ok: false, why }) as const;
const maxDescription = 500;

/** The answer to creating, replacing and reading a cart. Source: Partner Center, "Create a cart", "Cart resources". */
export function decodeMadeCart(body: string): Decoded<AnsweredCart> {
  const fields = parseObject(body);
  if (fields === undefined) return not('the body is not a JSON object');
  const id = textIn(fields, 'id')?.toLowerCase();
  // guard: Cart: an id that is no key is not stored
  if (id === undefined || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    return not(`the cart has the id ${id === undefined ? '(none)' : cutText(id, 64)}`);
  const status = textIn(fields, 'status')?.toLowerCase();
  if (status !== 'active' && status !== 'ordered')
    return not(`the cart has the status ${cutText(status ?? '(none)', 64)}`);
  const isActive = status === 'active';
  const items = listIn(fields, 'lineitems');
  if (items === undefined) return not('lineItems is not a list');
  const lines: AnsweredLine[] = [];
  for (const [index, item] of items.entries()) {
    const line = fieldsOf(item);
    if (line === undefined) return not(`lineItems[${index}] is not an object`);
    lines.push(lineIn(line, index));
  }
  const made = instantOf(textIn(fields, 'creationtimestamp'));
  const ends = instantOf(textIn(fields, 'expirationtimestamp'));
  const expiresAt = ends !== undefined && ends > (made ?? 0) ? ends : undefined;
  return {
    ok: true,
    value: omitUndefined({
      id,
      status: isActive ? ('active' as const) : ('ordered' as const),
      lines,
      expiresAt,
    }),
  };
}

function lineIn(fields: Fields, index: number): AnsweredLine {
  const pricing = fieldsOf(fields.get('pricing'));
  const price = readDecimal(pricing?.get('extendedprice'));
  return omitUndefined({
    id: numberIn(fields, 'id') ?? index,
    catalogItemId: textIn(fields, 'catalogitemid') ?? '',
    quantity: numberIn(fields, 'quantity') ?? 0,
    term: textIn(fields, 'termduration') ?? '',
    billing: textIn(fields, 'billingcycle') ?? '',
    price: price === undefined ? undefined : decimalText(price),
    currency: textIn(fields, 'currencycode')?.toUpperCase(),
    promotionId: textIn(fields, 'promotionid'),
    group: codeIn(fields, 'ordergroup'),
    errors: errorsIn(fields),
  });
}

/** A line may be good and its add-on bad: both would be bought together, so both count. */
function errorsIn(line: Fields): AnsweredLine['errors'] {
  const error = fieldsOf(line.get('error'));
  const own =
    error === undefined
      ? []
      : [
          {
            code: codeIn(error, 'errorcode') ?? 'none',
            description: cutText(textIn(error, 'errordescription') ?? '', maxDescription),
          },
        ];
  const addons = (listIn(line, 'addonitems') ?? []).flatMap((item) => {
    const addon = fieldsOf(item);
    return addon === undefined ? [] : errorsIn(addon);
  });
  return [
    ...own,
    // guard: Cart: an error inside addonItems counts
    ...addons,
  ];
}

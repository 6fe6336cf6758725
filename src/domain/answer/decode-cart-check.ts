import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';
import { decodeCart } from './decode-answer.ts';
import type { CartGroup, Decoded } from './exchange.ts';
import { instantOf } from './instant.ts';
import { codeIn, type Fields, fieldsOf, listIn, parseObject, textIn } from './json.ts';

/** What can be known of a cart before it is checked out. */
export interface CartCheck {
  readonly status: 'active' | 'ordered';
  readonly groups: readonly CartGroup[];
  /** Epoch ms; absent when the cart does not say, or says what cannot be: an old sample has the year 1. */
  readonly expiresAt?: number;
  readonly lineErrors: readonly LineError[];
}

export interface LineError {
  readonly line: string;
  readonly code: string;
  readonly description: string;
}

/** Source: Partner Center, "Cart resources": `expirationTimestamp`, and `error` of a line item (`CartError`). */
export function decodeCartCheck(body: string): Decoded<CartCheck> {
  const cart = decodeCart(body);
  const fields = parseObject(body);
  if (!cart.ok || fields === undefined)
    return cart.ok ? { ok: false, why: 'the body is not a JSON object' } : cart;
  const lineErrors = lineErrorsIn(fields, 'lineitems');
  const { status, groups } = cart.value;
  const made = instantOf(textIn(fields, 'creationtimestamp'));
  const ends = instantOf(textIn(fields, 'expirationtimestamp'));
  const expiresAt = ends !== undefined && ends > (made ?? 0) ? ends : undefined;
  return { ok: true, value: omitUndefined({ status, groups, lineErrors, expiresAt }) };
}

/** Of the lines, and of the add-ons of each. */
function lineErrorsIn(fields: Fields, list: string): readonly LineError[] {
  return (listIn(fields, list) ?? []).flatMap((entry, index) => {
    const line = fieldsOf(entry);
    if (line === undefined) return [];
    const ofAddons = lineErrorsIn(line, 'addonitems');
    const error = fieldsOf(line.get('error'));
    if (error === undefined) return ofAddons;
    const description = cutText(textIn(error, 'errordescription') ?? '', 1_024);
    const code = codeIn(error, 'errorcode') ?? 'none';
    return [{ line: codeIn(line, 'id') ?? String(index), code, description }, ...ofAddons];
  });
}

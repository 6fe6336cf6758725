/** Reads the cart that Partner Center made, for the check against what was wanted. */

import { type CartLine, endOf, readCart } from '../answer/decode-cart.ts';
import type { Decoded } from '../answer/exchange.ts';
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
  /** How many add-ons hang on it. They are bought with it. */
  readonly addons: number;
  /** Of the line, and of its add-ons. */
  readonly errors: readonly { readonly code: string; readonly description: string }[];
}

const maxDescription = 500;

/** The answer to creating, replacing and reading a cart. Source: Partner Center, "Create a cart". */
export function decodeMadeCart(body: string): Decoded<AnsweredCart> {
  const found = readCart(body);
  if (!found.ok) return found;
  const { status, lineItems } = found.value;
  const id = found.value.id.toLowerCase();
  // guard: Cart: an id that is no key is not stored
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    return { ok: false, why: `the cart has the id ${cutText(id, 64)}` };
  return {
    ok: true,
    value: omitUndefined({ id, status, lines: lineItems.map(lineIn), expiresAt: endOf(found.value) }),
  };
}

function lineIn(line: CartLine, index: number): AnsweredLine {
  const price = readDecimal(line.pricing?.extendedPrice);
  const number = Number(line.id);
  return omitUndefined({
    id: Number.isFinite(number) ? number : index,
    catalogItemId: line.catalogItemId ?? '',
    quantity: line.quantity ?? 0,
    term: line.termDuration ?? '',
    billing: line.billingCycle ?? '',
    // Below zero it would hide what another line costs.
    price: price === undefined || price.units < 0n ? undefined : decimalText(price),
    currency: line.currencyCode?.toUpperCase(),
    promotionId: line.promotionId,
    group: line.orderGroup,
    addons: line.addonItems.length,
    errors: errorsIn(line),
  });
}

/** A line may be good and its add-on bad: both would be bought together, so both count. */
const errorsIn = ({ error, addonItems }: CartLine): AnsweredLine['errors'] => [
  ...(error === undefined
    ? []
    : [
        {
          code: error.errorCode ?? 'none',
          description: cutText(error.errorDescription ?? '', maxDescription),
        },
      ]),
  // guard: Cart: an error inside addonItems counts
  ...addonItems.flatMap(errorsIn),
];

/** Reads a cart: what its orders will hold, and what can be known of it before it is checked out. */
import * as z from 'zod/mini';
import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';
import {
  anything,
  code,
  fields,
  list,
  lowerCaseText,
  needed,
  number,
  parseJson,
  part,
  read,
  text,
  textOf,
} from './answer-fields.ts';
import type { Cart, CartGroup, Decoded, LineError } from './exchange.ts';
import { instantOf } from './instant.ts';

/** A line of a cart, or an add-on, as Partner Center answers it. */
export interface CartLine {
  readonly id: string | undefined;
  readonly orderGroup: string | undefined;
  readonly billingCycle: string | undefined;
  readonly catalogItemId: string | undefined;
  readonly quantity: number | undefined;
  readonly termDuration: string | undefined;
  readonly currencyCode: string | undefined;
  readonly promotionId: string | undefined;
  readonly pricing: { readonly extendedPrice: unknown } | undefined;
  readonly error:
    | { readonly errorCode: string | undefined; readonly errorDescription: string | undefined }
    | undefined;
  readonly addonItems: readonly CartLine[];
}

const cartError = fields({ errorCode: code, errorDescription: text });

/** Whatever stands there counts: a line whose error comes in another shape is no line without one. */
const lineError = z.transform((value: unknown): CartLine['error'] => {
  const found: unknown = Array.isArray(value) ? value[0] : value;
  if (found === undefined || found === null || found === false || found === '') return undefined;
  return cartError.safeParse(found).data ?? { errorCode: undefined, errorDescription: JSON.stringify(found) };
});

const tooDeep = needed<CartLine>(
  () => undefined,
  () => 'is nested too deeply',
);

/** Add-ons are lines with add-ons of their own; no catalogue has so many levels. */
const cartLine = (levels: number): z.ZodMiniType<CartLine> =>
  fields({
    id: code,
    orderGroup: code,
    billingCycle: lowerCaseText,
    catalogItemId: text,
    quantity: number,
    termDuration: text,
    currencyCode: text,
    promotionId: text,
    pricing: part(fields({ extendedPrice: anything })),
    error: lineError,
    addonItems: list(levels === 0 ? tooDeep : cartLine(levels - 1)),
  });

const statuses: readonly Cart['status'][] = ['active', 'ordered'];

/** Source: Partner Center, "Cart resources". */
const cart = fields({
  id: needed(textOf, () => 'is missing'),
  status: needed(
    (value) => statuses.find((status) => status === textOf(value)?.toLowerCase()),
    (value) => `is ${textOf(value) ?? 'missing'}; expected: active or ordered`,
  ),
  creationTimestamp: text,
  expirationTimestamp: text,
  lineItems: list(cartLine(8)),
});

/** The cart of an answer, as far as its fields go. */
export const readCart = (body: string) => read(cart, parseJson(body));

/** When a cart expires, epoch ms; undefined when it does not say, or says what cannot be: an old sample has the year 1. */
export function endOf(found: {
  readonly creationTimestamp: string | undefined;
  readonly expirationTimestamp: string | undefined;
}): number | undefined {
  const made = instantOf(found.creationTimestamp) ?? 0;
  const ends = instantOf(found.expirationTimestamp);
  return ends !== undefined && ends > made ? ends : undefined;
}

export function decodeCart(body: string): Decoded<Cart> {
  const found = readCart(body);
  if (!found.ok) return found;
  const { id, status, lineItems } = found.value;
  // Of nothing, nothing is missing: every order would count as found.
  if (lineItems.length === 0) return { ok: false, why: 'the cart has no lines' };
  const lines = withAddons(lineItems);
  const expiresAt = endOf(found.value);
  return {
    ok: true,
    value: omitUndefined({
      id,
      status,
      groups: groupsOf(lines),
      lineErrors: lines.flatMap(errorsOf),
      expiresAt,
    }),
  };
}

interface PlacedLine {
  readonly line: CartLine;
  /** Its id, else its place in its list. */
  readonly name: string;
  readonly group: string;
}

/** Each line, then its add-ons: they are bought with it, in the one order of its group. */
const withAddons = (lines: readonly CartLine[], groupOfBase = '0'): readonly PlacedLine[] =>
  lines.flatMap((line, index) => {
    const group = line.orderGroup ?? groupOfBase;
    return [
      { line, name: line.id ?? String(index), group },
      // guard: Evidence: add-ons are lines of the group of their base
      ...withAddons(line.addonItems, group),
    ];
  });

/** A cart's lines by order group: each group becomes one order. */
const groupsOf = (lines: readonly PlacedLine[]): readonly CartGroup[] =>
  [...Map.groupBy(lines, ({ group }) => group)].map(([group, members]) => ({
    group,
    billingCycle: members[0]?.line.billingCycle ?? '',
    lines: members.map(({ line: { catalogItemId, quantity, termDuration } }) => ({
      offerId: catalogItemId ?? '',
      quantity: quantity ?? 0,
      term: termDuration ?? '',
    })),
  }));

function errorsOf({ line: { error }, name }: PlacedLine): readonly LineError[] {
  if (error === undefined) return [];
  const { errorCode = 'none', errorDescription = '' } = error;
  return [{ line: name, code: errorCode, description: cutText(errorDescription, 1_024) }];
}

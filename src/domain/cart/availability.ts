/** Reads what an offer is sold as for one customer, and matches a wanted line with it. */

import * as z from 'zod/mini';
import {
  anything,
  fields,
  list,
  number,
  parseJson,
  part,
  read,
  text,
  whyIncomplete,
} from '../answer/answer-fields.ts';
import type { Decoded } from '../answer/exchange.ts';
import type { WantedLine } from '../message/order-lines.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { BadLine } from './cart-content.ts';

/** What a SKU is sold as, for one customer. Ids are reissued on a regular basis, so none is kept for longer than an hour. */
export interface Availability {
  readonly id: string;
  readonly catalogItemId: string;
  readonly segment: string;
  readonly isPurchasable: boolean;
  /** In upper case. Empty: sold without a term. */
  readonly terms: readonly string[];
  /** Of its SKU, in lower case. Empty: the SKU does not say. */
  readonly billingCycles: readonly string[];
  readonly minimumQuantity?: number;
  readonly maximumQuantity?: number;
  readonly needsAttestation: boolean;
}

/** The product and SKU of a line: what the availabilities are asked for. */
export const itemOf = ({ product, sku }: Pick<WantedLine, 'product' | 'sku'>): string => `${product}:${sku}`;

/** `product:sku` of a catalogue item. */
export const itemIn = (catalogItemId: string): string => catalogItemId.split(':').slice(0, 2).join(':');

/** What was learned of one product and SKU. */
export type Offers =
  | { readonly kind: 'sold'; readonly availabilities: readonly Availability[] }
  /** Partner Center does not know it, or does not sell it to this customer. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly description: string;
      readonly remedy: string;
    };

const availability = z.pipe(
  fields({
    id: text,
    catalogItemId: text,
    productId: text,
    skuId: text,
    segment: text,
    isPurchasable: anything,
    terms: part(list(part(fields({ duration: text })))),
    sku: part(
      fields({
        supportedBillingCycles: part(list(text)),
        minimumQuantity: number,
        maximumQuantity: number,
        attestationProperties: part(fields({ enforceAttestation: anything })),
      }),
    ),
  }),
  z.transform((found, { issues }): Availability => {
    const { id, productId, skuId, sku, terms = [] } = found;
    const fromParts = `${productId ?? ''}:${skuId ?? ''}:${id ?? ''}`;
    const catalogItemId = found.catalogItemId ?? fromParts;
    if (id === undefined || !/^[^:]+:[^:]+:[^:]+$/.test(catalogItemId)) {
      issues.push({ code: 'custom', message: 'has no id or catalogItemId', input: found });
      return z.NEVER;
    }
    return omitUndefined({
      id: id.toUpperCase(),
      catalogItemId,
      segment: (found.segment ?? 'commercial').toLowerCase(),
      isPurchasable: !isWord(found.isPurchasable, 'false'),
      terms: [...new Set(terms.flatMap((term) => term?.duration?.toUpperCase() ?? []))],
      billingCycles: (sku?.supportedBillingCycles ?? []).flatMap((cycle) =>
        cycle === undefined ? [] : [spelling(cycle)],
      ),
      minimumQuantity: sku?.minimumQuantity,
      maximumQuantity: sku?.maximumQuantity,
      needsAttestation: isWord(sku?.attestationProperties?.enforceAttestation, 'true'),
    });
  }),
);
/** `false` and `"False"` say the same. */
const isWord = (value: unknown, word: 'true' | 'false'): boolean => String(value).toLowerCase() === word;

const envelope = fields({ items: anything });
const collection = fields({ items: list(availability) });

/** Source: Partner Center, "Get a list of availabilities for a SKU (by customer)". One sample shows a bare object: both are read. */
export function decodeAvailabilities(body: string): Decoded<readonly Availability[]> {
  const json = parseJson(body);
  const found = read(envelope, json);
  if (!found.ok) return found;
  // One of several availabilities would look like the only one.
  const why = whyIncomplete(json);
  if (why !== undefined) return { ok: false, why };
  const listed = read(collection, { items: found.value.items ?? [json] });
  return listed.ok ? { ok: true, value: listed.value.items } : listed;
}

/** `OneTime`, `one_time` and `Monthly` are written in several ways. */
export const spelling = (word: string): string =>
  word.toLowerCase().replaceAll(/[\s-]/g, '_').replace('onetime', 'one_time');

/** An availability that is listed twice is one. */
const distinct = (all: readonly Availability[]): readonly Availability[] => [
  ...new Map(all.map((one) => [`${one.id} ${one.catalogItemId}`, one])).values(),
];

type Chosen =
  | { readonly ok: true; readonly catalogItemId: string }
  /** `isOutdated`: the catalogue still lists what a cart has just refused. It may soon list another one. */
  | { readonly ok: false; readonly bad: BadLine; readonly isOutdated?: boolean };

/**
 * The one availability that a line means. Where it could be several, or none, the line is refused: a wrong guess would buy something
 * that nobody asked for.
 */
export function chooseAvailability(
  line: WantedLine,
  offers: Offers,
  refused: ReadonlySet<string> = new Set(),
): Chosen {
  const bad = (code: string, description: string, remedy: string): Extract<Chosen, { ok: false }> => ({
    ok: false,
    bad: { line: line.line, code, description, remedy },
  });
  if (offers.kind === 'refused') return bad(offers.code, offers.description, offers.remedy);
  const item = itemOf(line);
  const listed = distinct(offers.availabilities).filter(
    ({ isPurchasable, segment, catalogItemId }) =>
      isPurchasable && segment === line.segment && itemIn(catalogItemId).toUpperCase() === item,
  );
  const sold = listed.filter(({ catalogItemId }) => !refused.has(catalogItemId));
  if (sold.length === 0 && listed.length > 0)
    return {
      ...bad(
        '10001',
        `The catalogue lists ${listed.map(({ id }) => id).join(', ')} for ${item}, and a cart refuses it.`,
        'Send the order again later, or ask Microsoft support.',
      ),
      isOutdated: true,
    };
  if (sold.length === 0)
    return bad(
      'not-sold',
      `${item} is not on sale for this customer in the segment ${line.segment}.`,
      'Correct product, sku and segment, or check what the customer may buy.',
    );
  const ofTerm = sold.filter(({ terms }) =>
    line.term === 'none' ? terms.length === 0 : terms.includes(line.term),
  );
  if (ofTerm.length === 0) {
    const terms = [...new Set(sold.flatMap((one) => one.terms))];
    return bad(
      'term-not-sold',
      `${item} is not sold for the term ${line.term}: sold are ${terms.join(', ') || 'none'}.`,
      'Correct the term of the line.',
    );
  }
  const [only, ...others] = ofTerm;
  // guard: Lines: several availabilities are never guessed among
  if (only === undefined || others.length > 0)
    return bad(
      'several-availabilities',
      `${item} has ${ofTerm.length} availabilities for ${line.segment}, ${line.term}: ${ofTerm.map(({ id }) => id).join(', ')}.`,
      'Name the one that you mean in the field availability.',
    );
  const { billingCycles, minimumQuantity = 1, maximumQuantity = Number.POSITIVE_INFINITY } = only;
  if (billingCycles.length > 0 && !billingCycles.includes(line.billing))
    return bad(
      'billing-not-sold',
      `${item} is not billed ${line.billing} for ${line.term}: sold are ${billingCycles.join(', ')}.`,
      'Correct the billing of the line.',
    );
  if (line.quantity < minimumQuantity || line.quantity > maximumQuantity)
    return bad(
      'quantity',
      `${item} is sold from ${minimumQuantity} to ${maximumQuantity}; the line asks for ${line.quantity}.`,
      'Correct the quantity of the line.',
    );
  if (only.needsAttestation && line.attestation !== true)
    return bad(
      'attestation',
      `${item} needs an attestation.`,
      'Read what the SKU attests, then set attestation to true.',
    );
  return { ok: true, catalogItemId: only.catalogItemId };
}

import { findProduct } from './products.ts';

/** How an order for the offer behaves: `legacy` completes in the answer, the others stay pending for a while. */
export type OfferKind = 'legacy' | 'licence' | 'reservation' | 'software' | 'saas';

export interface Offer {
  /** `product:sku:availability`, or the id of a legacy offer. */
  readonly catalogItemId: string;
  readonly name: string;
  readonly kind: OfferKind;
  readonly billingCycle: string;
  readonly termDuration?: string;
  /** In USD, for one unit. */
  readonly price: number;
}

/** The first five offers are those of the sample cart in Microsoft's "Checkout a cart" (ids as published there or invented). */
const offers: readonly Offer[] = [
  {
    catalogItemId: 'MS-AZR-0145P',
    name: 'Contoso Azure',
    kind: 'legacy',
    billingCycle: 'monthly',
    termDuration: 'P1Y',
    price: 0,
  },
  {
    catalogItemId: 'DZH318Z0BQ36:004G:DZH318Z08C0S',
    name: 'VM reservation, NV12, East US 2, one year',
    kind: 'reservation',
    billingCycle: 'one_time',
    termDuration: 'P1Y',
    price: 6204,
  },
  {
    catalogItemId: 'DZH318Z0BQ36:004J:DZH318Z08B8X',
    name: 'VM reservation, NV12, East US 2, three years',
    kind: 'reservation',
    billingCycle: 'one_time',
    termDuration: 'P3Y',
    price: 12101,
  },
  {
    catalogItemId: 'DG7GMGF0DWM3:0002:DG7GMGF0DT1M',
    name: 'BizTalk Server 2016 Branch',
    kind: 'software',
    billingCycle: 'one_time',
    price: 2485,
  },
  {
    catalogItemId: 'DZH318Z0BXWC:0002:DZH318Z0BMRV',
    name: 'Web firewall SaaS, medium plan',
    kind: 'saas',
    billingCycle: 'monthly',
    termDuration: 'P1M',
    price: 899,
  },
  {
    catalogItemId: 'C0BD2E08-11AC-4836-BDC7-3712E744922F',
    name: 'Business Premium (legacy licence)',
    kind: 'legacy',
    billingCycle: 'monthly',
    price: 12.5,
  },
  {
    catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971',
    name: 'Business Basic (new commerce)',
    kind: 'licence',
    billingCycle: 'monthly',
    termDuration: 'P1Y',
    price: 6,
  },
  {
    catalogItemId: 'CFQ7TTC0LDPB:0001:CFQ7TTC0KP0N',
    name: 'Apps for business (new commerce)',
    kind: 'licence',
    billingCycle: 'annual',
    termDuration: 'P1Y',
    price: 99,
  },
];

const byId = new Map(offers.map((offer) => [offer.catalogItemId.toLowerCase(), offer]));

/** An offer with a fixed id, or a product of the new catalogue, whatever its availability. */
export function findOffer(catalogItemId: string): Offer | undefined {
  const offer = byId.get(catalogItemId.toLowerCase());
  const product = offer === undefined ? findProduct(catalogItemId) : undefined;
  if (product === undefined) return offer;
  return {
    catalogItemId,
    name: product.name,
    kind: product.terms.length === 0 ? 'software' : 'licence',
    billingCycle: product.billingCycles[0] ?? 'monthly',
    price: product.price,
  };
}

/** Ready-made contents for carts made in bulk. `sample` is the sample cart: three orders, one of them completed at once. */
export type Basket = OfferKind | 'sample' | 'licences';

const wanted = (catalogItemId: string, quantity = 1): { catalogItemId: string; quantity: number } => ({
  catalogItemId,
  quantity,
});

export const baskets: Record<Basket, readonly { catalogItemId: string; quantity: number }[]> = {
  legacy: [wanted('C0BD2E08-11AC-4836-BDC7-3712E744922F', 5)],
  licence: [wanted('CFQ7TTC0LH18:0001:CFQ7TTC0K971', 10)],
  licences: [wanted('CFQ7TTC0LH18:0001:CFQ7TTC0K971', 3), wanted('CFQ7TTC0LDPB:0001:CFQ7TTC0KP0N', 2)],
  reservation: [wanted('DZH318Z0BQ36:004G:DZH318Z08C0S')],
  software: [wanted('DG7GMGF0DWM3:0002:DG7GMGF0DT1M')],
  saas: [wanted('DZH318Z0BXWC:0002:DZH318Z0BMRV')],
  sample: offers.slice(0, 5).map((offer) => wanted(offer.catalogItemId)),
};

/**
 * The order group of each line: one order is made for each group. Legacy lines go to "OMS-n"; a SaaS plan has a group
 * of its own; other modern lines share one per billing cycle. Numbers run in the order of first appearance.
 */
export function orderGroups(lines: readonly { catalogItemId: string; billingCycle: string }[]): string[] {
  const legacy = new Map<string, string>();
  const modern = new Map<string, string>();
  return lines.map(({ catalogItemId, billingCycle }, index) => {
    const kind = findOffer(catalogItemId)?.kind;
    const [names, prefix] = kind === 'legacy' ? [legacy, 'OMS-'] : [modern, ''];
    const key = kind === 'saas' ? `saas ${index}` : billingCycle;
    const name = names.get(key) ?? `${prefix}${names.size}`;
    names.set(key, name);
    return name;
  });
}

import type { CartLine, WantedLine } from './cart-line.ts';
import type { Draw } from './random.ts';

/**
 * The new-commerce catalogue that order lines name: products whose availabilities are looked up, and reissued while the sandbox runs.
 * Shapes: Partner Center, "Product resources", "Cart resources" (`pricing`, `error`). Ids are invented.
 */
export interface Product {
  readonly product: string;
  readonly sku: string;
  readonly name: string;
  readonly terms: readonly string[];
  readonly billingCycles: readonly string[];
  readonly minimumQuantity: number;
  readonly maximumQuantity: number;
  /** For one seat and month; for one piece where there is no term. */
  readonly price: number;
  readonly currency: string;
  /** Joins lines of a year or more by itself. */
  readonly promotion?: { readonly id: string; readonly discount: number };
  /** More than one availability fits a line. */
  readonly doubled?: true;
  /** The cart has no `pricing` for it. */
  readonly unpriced?: true;
  /** The cart adds an add-on that cannot be bought. */
  readonly badAddon?: true;
}

const usual = {
  terms: ['P1M', 'P1Y', 'P3Y'],
  billingCycles: ['monthly', 'annual'],
  minimumQuantity: 1,
  maximumQuantity: 10_000,
  price: 10,
  currency: 'USD',
} as const;

export const products: readonly Product[] = [
  {
    ...usual,
    product: 'CFQ7TTC0AB12',
    sku: '0001',
    name: 'Business Standard',
    maximumQuantity: 300,
    price: 12.5,
    promotion: { id: '39NFJQT1AAAA:0002:39NFJQT1BBBB', discount: 0.1 },
  },
  { ...usual, product: 'CFQ7TTC0CD34', sku: '000P', name: 'Phone add-on', price: 4 },
  { ...usual, product: 'CFQ7TTC0CD35', sku: '0002', name: 'Security suite', price: 9.99 },
  {
    ...usual,
    product: 'CFQ7TTC0EF56',
    sku: '0001',
    name: 'Sold for a year, billed for a year',
    terms: ['P1Y'],
    billingCycles: ['annual'],
  },
  { ...usual, product: 'CFQ7TTC0GH78', sku: '0002', name: 'Sold from ten seats on', minimumQuantity: 10 },
  { ...usual, product: 'CFQ7TTC0JK90', sku: '0001', name: 'Two availabilities', doubled: true },
  { ...usual, product: 'CFQ7TTC0MN21', sku: '0001', name: 'Priced in euros', currency: 'EUR' },
  { ...usual, product: 'CFQ7TTC0PQ43', sku: '0001', name: 'Without a price', unpriced: true },
  { ...usual, product: 'CFQ7TTC0RS65', sku: '0001', name: 'With a bad add-on', badAddon: true },
  {
    ...usual,
    product: 'DG7GMGF0TU87',
    sku: '0002',
    name: 'Perpetual server licence',
    terms: [],
    billingCycles: ['one_time'],
    price: 2485,
  },
];

const byItem = new Map(
  products.map((product) => [`${product.product}:${product.sku}`.toUpperCase(), product]),
);

const itemIn = (catalogItemId: string): string =>
  catalogItemId.split(':').slice(0, 2).join(':').toUpperCase();

/** By its catalogue item, whatever its availability. */
export const findProduct = (catalogItemId: string): Product | undefined => byItem.get(itemIn(catalogItemId));

/** Which availability each product has at present. */
export interface Availabilities {
  current(product: Product): string;
  /** The catalogue issues another id: the one before is not on sale any more. */
  reissue(catalogItemId: string): void;
  /** False for one that was reissued since. Items of the old catalogue do not change. */
  isOnSale(catalogItemId: string): boolean;
}

export function makeAvailabilities(draw: Draw): Availabilities {
  const issues = new Map<string, number>();
  const idOf = (item: string): string =>
    `CFQ7${draw
      .hex12('availability', item, issues.get(item) ?? 0)
      .slice(0, 8)
      .toUpperCase()}`;
  const current = ({ product, sku }: Product): string => idOf(`${product}:${sku}`.toUpperCase());
  return {
    current,
    reissue(catalogItemId) {
      const item = itemIn(catalogItemId);
      issues.set(item, (issues.get(item) ?? 0) + 1);
    },
    isOnSale(catalogItemId) {
      const product = findProduct(catalogItemId);
      return product === undefined || catalogItemId.split(':')[2]?.toUpperCase() === current(product);
    },
  };
}

const months: Readonly<Record<string, number>> = { P1M: 1, P1Y: 12, P3Y: 36 };

/** What a line costs in all, in cents: the whole commitment. */
function centsOf(
  product: Product,
  { quantity, termDuration = '' }: Pick<WantedLine, 'quantity' | 'termDuration'>,
) {
  const discount = isPromoted(product, termDuration) ? 1 - (product.promotion?.discount ?? 0) : 1;
  const unit = Math.round(product.price * 100 * discount);
  return { unit, extended: unit * quantity * (months[termDuration] ?? 1) };
}

const isPromoted = ({ promotion }: Product, term: string): boolean =>
  promotion !== undefined && (months[term] ?? 0) >= 12;

/** `pricing` of a cart or order line; undefined: it has none. */
export function pricingOf(
  product: Product,
  line: Pick<WantedLine, 'quantity' | 'termDuration'>,
): Record<string, number> | undefined {
  if (product.unpriced === true) return undefined;
  const { unit, extended } = centsOf(product, line);
  return {
    listPrice: product.price,
    discountedPrice: unit / 100,
    proratedPrice: unit / 100,
    price: unit / 100,
    extendedPrice: extended / 100,
  };
}

/** What the server fills into a line of a cart, or the error that it finds in it. */
export function checkedLine(
  line: CartLine,
  { availabilities, seatsLeft }: { availabilities: Availabilities; seatsLeft: (product: Product) => number },
): CartLine {
  const product = findProduct(line.catalogItemId);
  if (product === undefined) return line;
  const error = (errorCode: number, errorDescription: string, additionalInformation?: object): CartLine => ({
    ...line,
    error: { errorCode, errorDescription, ...(additionalInformation ? { additionalInformation } : {}) },
  });
  if (!availabilities.isOnSale(line.catalogItemId))
    return error(10001, `Catalog item ${line.catalogItemId} is not on sale any more.`);
  if (line.termDuration !== undefined && !product.terms.includes(line.termDuration))
    return error(
      10010,
      `Term ${line.termDuration} is not supported. Supported: ${product.terms.join(', ')}.`,
    );
  if (!product.billingCycles.includes(line.billingCycle))
    return error(
      10013,
      `Billing ${line.billingCycle} is not supported. Supported: ${product.billingCycles.join(', ')}.`,
    );
  if (line.quantity < product.minimumQuantity)
    return error(10018, `At least ${product.minimumQuantity} seats are needed.`);
  const left = seatsLeft(product);
  if (line.quantity > left)
    return error(10015, `At most ${product.maximumQuantity} seats for all partners of this customer.`, {
      availableQuantity: left,
      purchasedQuantity: line.quantity,
    });
  const promoted = isPromoted(product, line.termDuration ?? '');
  return {
    ...line,
    currencyCode: product.currency,
    provisioningContext: line['provisioningContext'] ?? {},
    ...(promoted ? { promotionId: line['promotionId'] ?? product.promotion?.id } : {}),
    ...(pricingOf(product, line) === undefined ? {} : { pricing: pricingOf(product, line) }),
    ...(product.badAddon === true
      ? {
          addonItems: [
            {
              id: 90,
              catalogItemId: `${line.catalogItemId}-addon`,
              quantity: line.quantity,
              billingCycle: line.billingCycle,
              error: { errorCode: 10010, errorDescription: 'The add-on needs another base.' },
            },
          ],
        }
      : {}),
  };
}

/** "Get a list of availabilities for a SKU (by customer)". */
export function availabilitiesBody(
  product: Product,
  availabilities: Availabilities,
): Record<string, unknown>[] {
  const id = availabilities.current(product);
  const ids = product.doubled === true ? [id, `${id.slice(0, -1)}Z`] : [id];
  return ids.map((one) => ({
    id: one,
    productId: product.product,
    skuId: product.sku,
    catalogItemId: `${product.product}:${product.sku}:${one}`,
    defaultCurrency: { code: product.currency, symbol: product.currency === 'USD' ? '$' : '€' },
    segment: 'commercial',
    country: 'US',
    isPurchasable: true,
    isRenewable: true,
    terms: product.terms.map((duration, index) => ({
      id: `T${index}`,
      duration,
      description: `${duration}, for monthly/yearly billing`,
      billingCycle: 'Annual',
    })),
    product: productBody(product),
    sku: skuBody(product),
  }));
}

export const productBody = ({ product, name }: Product): Record<string, unknown> => ({
  id: product,
  title: name,
  description: name,
  productType: { id: 'OnlineServicesNCE', displayName: 'OnlineServicesNCE' },
  isMicrosoftProduct: true,
});

export const skuBody = (product: Product): Record<string, unknown> => ({
  id: product.sku,
  productId: product.product,
  title: product.name,
  minimumQuantity: product.minimumQuantity,
  maximumQuantity: product.maximumQuantity,
  isTrial: false,
  supportedBillingCycles: product.billingCycles,
  purchasePrerequisites: ['MicrosoftCustomerAgreement'],
  provisioningVariables: [],
  dynamicAttributes: { isAddon: false, prerequisiteSkus: [] },
});

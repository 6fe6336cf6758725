import type { CartContent } from '../../src/domain/cart/cart-content.ts';
import type { CartPlan, GroupPlan, ItemPlan, OrderTruth } from './cart-plan.ts';
import type { Random } from './random.ts';

/** Bodies in the shapes of `test/fixtures`, so that the real decoders read them. */
interface Told {
  readonly order: OrderTruth;
  readonly status: string;
}

const iso = (time: number): string => new Date(time).toISOString();

/** How the API may write when an order was created. The first is what its documents show; the others were seen elsewhere. */
export const dateStyles = ['iso', 'none', 'unreadable', 'year-one', 'no-zone', 'no-time'] as const;
export type DateStyle = (typeof dateStyles)[number];

/** Hours between UTC and the wall clock that a date without a zone was read from. */
const offsets = [-10, -3, 0, 5.5, 13] as const;

export function toldDate(
  createdAt: number,
  [first, ...others]: readonly [DateStyle, ...DateStyle[]],
  random: Random,
): Pick<OrderTruth, 'creationDate' | 'isDated'> {
  const style = others.length === 0 ? first : random.pick([first, ...others]);
  switch (style) {
    case 'iso':
      return { creationDate: iso(createdAt), isDated: true };
    case 'none':
      return { creationDate: undefined, isDated: false };
    case 'unreadable':
      return { creationDate: '/Date(…)/', isDated: false };
    case 'year-one':
      return { creationDate: '0001-01-01T00:00:00Z', isDated: false };
    case 'no-zone':
      return {
        creationDate: iso(createdAt + random.pick(offsets) * 3_600_000).slice(0, 19),
        isDated: false,
      };
    case 'no-time':
      return { creationDate: iso(createdAt).slice(0, 10), isDated: false };
  }
}

const orderLine = (
  { offerId, quantity, term }: Pick<GroupPlan, 'offerId' | 'quantity' | 'term'>,
  lineItemNumber: number,
) => ({
  lineItemNumber,
  offerId,
  ...(term === '' ? {} : { termDuration: term }),
  transactionType: 'New',
  friendlyName: 'An offer',
  quantity,
});

const order = ({ order: { id, customerId, plan, creationDate }, status }: Told) => ({
  id,
  alternateId: id.slice(0, 12),
  referenceCustomerId: customerId,
  billingCycle: plan.billingCycle,
  currencyCode: 'USD',
  currencySymbol: '$',
  lineItems: [plan, ...(plan.addons ?? [])].map(orderLine),
  ...(creationDate === undefined ? {} : { creationDate }),
  status,
  transactionType: 'UserPurchase',
  attributes: { objectType: 'Order' },
});

export const errorBody = (code: number, description: string): string =>
  JSON.stringify({ code, description, data: [], source: 'PartnerFD' });

export const orderBody = (truth: OrderTruth, status: string): string =>
  JSON.stringify(order({ order: truth, status }));

export const ordersBody = (told: readonly Told[]): string =>
  JSON.stringify({
    totalCount: told.length,
    items: told.map(order),
    attributes: { objectType: 'Collection' },
  });

export const checkoutBody = (
  told: readonly Told[],
  errors: readonly { group: string; code: number }[],
): string =>
  JSON.stringify({
    orders: told.map(order),
    ...(errors.length === 0
      ? {}
      : {
          orderErrors: errors.map(({ group, code }) => ({
            orderGroupId: group,
            code,
            description: 'This group was refused',
            attributes: { objectType: 'OrderError' },
          })),
        }),
    attributes: { objectType: 'CartCheckoutResult' },
  });

/** A list that says itself that it is not whole: it counts more orders than it holds, or it names a next page. */
export function partOfList(body: string, says: 'count' | 'next'): string {
  const { items, ...rest }: { readonly items: readonly unknown[] } = JSON.parse(body);
  // The last page of a list may lack the newest order, or all of them.
  const some = items.slice(0, Math.floor(items.length / 2));
  return JSON.stringify(
    says === 'count'
      ? { ...rest, totalCount: items.length + 1, items: some }
      : {
          ...rest,
          totalCount: some.length,
          items: some,
          links: { next: { uri: '/orders?next', method: 'GET' } },
        },
  );
}

/** A 2xx whose orders have no ids: done, details unknown. */
export const withoutIds = (body: string): string => body.replaceAll(/"id":"[^"]*",/g, '');

export const cartBody = (plan: CartPlan, status: string, now: number): string =>
  JSON.stringify({
    id: plan.id,
    creationTimestamp: iso(now - 3_600_000),
    lastModifiedTimestamp: iso(now),
    expirationTimestamp: iso(now + 6 * 86_400_000),
    lastModifiedUser: '5a40c1de-7d2b-4c0f-8d55-0e1f6f3c2b19',
    status,
    lineItems: plan.groups.map((group, id) => ({
      id,
      catalogItemId: group.offerId,
      quantity: group.quantity,
      currencyCode: 'USD',
      billingCycle: group.billingCycle,
      ...(group.term === '' ? {} : { termDuration: group.term }),
      orderGroup: group.group,
      ...(group.addons === undefined ? {} : { addonItems: addonItems(group, plan.groups.length + id) }),
    })),
    attributes: { objectType: 'Cart' },
  });

const addonItems = ({ addons = [], group, billingCycle }: GroupPlan, id: number) =>
  addons.map(({ offerId, quantity, term }, nth) => ({
    id: id + nth,
    catalogItemId: offerId,
    quantity,
    currencyCode: 'USD',
    billingCycle,
    ...(term === '' ? {} : { termDuration: term }),
    orderGroup: group,
  }));

/** The one availability of an item, in the words of "Get a list of availabilities for a SKU (by customer)". */
export const availabilitiesBody = (
  { product, sku, grows }: ItemPlan,
  availability: string,
  reissues: number,
): string =>
  JSON.stringify({
    totalCount: 1,
    items: [
      {
        id: availability,
        productId: product,
        skuId: sku,
        catalogItemId: `${product}:${sku}:${availability}`,
        segment: 'commercial',
        isPurchasable: true,
        terms: [{ duration: 'P1M' }, ...(grows === true && reissues === 0 ? [] : [{ duration: 'P1Y' }])],
        sku: {
          supportedBillingCycles: ['monthly', 'annual'],
          minimumQuantity: 1,
          maximumQuantity: 300,
        },
      },
    ],
    attributes: { objectType: 'Collection' },
  });

/** What Partner Center says of one line of a cart that it was asked to make. */
export interface PricedLine {
  readonly group: string;
  readonly extendedPrice: number | undefined;
  /** The code of an error of the line. */
  readonly error: number | undefined;
}

/** The answer to creating, replacing and reading a cart that was made of lines. */
export const madeCartBody = (
  cart: {
    readonly id: string;
    readonly status: string;
    readonly createdAt: number;
    readonly expiresAt: number;
    readonly content: CartContent;
  },
  priced: readonly PricedLine[],
): string =>
  JSON.stringify({
    id: cart.id,
    creationTimestamp: iso(cart.createdAt),
    lastModifiedTimestamp: iso(cart.createdAt),
    expirationTimestamp: iso(cart.expiresAt),
    status: cart.status,
    lineItems: cart.content.lines.map((line, id) => {
      const { group, extendedPrice, error } = priced[id] ?? {};
      return {
        id,
        catalogItemId: line.catalogItemId,
        friendlyName: line.friendlyName,
        quantity: line.quantity,
        currencyCode: 'USD',
        billingCycle: line.billing,
        ...(line.term === 'none' ? {} : { termDuration: line.term }),
        orderGroup: group,
        ...(extendedPrice === undefined ? {} : { pricing: { extendedPrice } }),
        ...(error === undefined
          ? {}
          : { error: { errorCode: error, errorDescription: 'This line cannot be bought as it is' } }),
      };
    }),
    attributes: { objectType: 'Cart' },
  });

import type { CartLine } from './cart-line.ts';
import type { Cart, CheckoutResult } from './carts.ts';
import type { OfferKind } from './catalogue.ts';
import { wireDate } from './dates.ts';
import { type OrderRecord, statusOf } from './orders.ts';
import { findProduct, pricingOf } from './products.ts';
import type { Switches } from './switches.ts';

/** JSON bodies in the shapes of Partner Center's REST reference ("Manage orders") and its published samples. */
export type Json = Record<string, unknown>;

const link = (uri: string, method = 'GET'): Json => ({ uri, method, headers: [] });

export const errorBody = (
  code: number | string,
  description: string,
  data: readonly string[] = [],
): Json => ({
  code,
  description,
  data,
  source: 'PartnerFD',
});

/** How the gateway in front of the service writes its errors. */
export const gatewayBody = (statusCode: number, message: string): Json => ({ statusCode, message });

export function cartBody(cart: Cart): Json {
  const date = (at: number): string => wireDate(at, 'ticks', 7719);
  return {
    id: cart.id,
    creationTimestamp: date(cart.createdAt),
    lastModifiedTimestamp: date(cart.modifiedAt),
    expirationTimestamp: date(cart.expiresAt),
    lastModifiedUser: '5a40c1de-7d2b-4c0f-8d55-0e1f6f3c2b19',
    status: cart.status,
    lineItems: cart.lines,
    links: { self: link(`/customers/${cart.customerId}/carts/${cart.id}`) },
    attributes: { objectType: 'Cart' },
  };
}

export function orderBody(order: OrderRecord, now: number, withPrice = false): Json {
  const modern = order.kind !== 'legacy';
  const self = `/customers/${order.customerId}/orders/${order.id}`;
  const total = totalOf(order);
  const dateForm = modern ? 'ticks' : order.lines.some(({ offer }) => offer.termDuration) ? 'utc' : 'offset';
  return {
    id: order.id,
    alternateId: order.alternateId,
    referenceCustomerId: order.customerId,
    billingCycle: order.lines[0]?.line.billingCycle ?? 'monthly',
    currencyCode: 'USD',
    ...(modern ? { currencySymbol: '$' } : {}),
    ...(withPrice ? { totalPrice: total } : {}),
    lineItems: order.lines.map((_, index) => orderLineBody(order, index, self, now, withPrice)),
    creationDate: wireDate(order.createdAt, dateForm, order.createdDigits),
    status: statusOf(order, now),
    transactionType: 'UserPurchase',
    links: {
      self: link(self),
      ...(modern ? { provisioningStatus: link(`${self}/provisioningstatus`) } : {}),
      patchOperation: link(self, 'PATCH'),
    },
    ...(modern
      ? {
          client: {
            marketplaceCountry: 'US',
            deviceFamily: 'UniversalStore-PartnerCenter',
            name: 'Partner Center API',
          },
          attributes: { objectType: 'Order' },
        }
      : {
          attributes: {
            etag: Buffer.from(JSON.stringify({ id: order.id, version: 1 })).toString('base64'),
            objectType: 'Order',
          },
        }),
  };
}

/** What a line costs in all. */
export function amountOf({ line, offer }: OrderRecord['lines'][number]): number {
  const product = findProduct(line.catalogItemId);
  const pricing = product === undefined ? undefined : pricingOf(product, line);
  return pricing?.['extendedPrice'] ?? offer.price * line.quantity;
}

/** In whole cents: a sum of doubles has more digits than money. */
export const totalOf = ({ lines }: OrderRecord): number =>
  Math.round(lines.reduce((sum, line) => sum + amountOf(line), 0) * 100) / 100;

/** The subscription that a line has by now: none for one-time goods, and for modern ones only once the order is completed. */
function subscriptionOf(order: OrderRecord, index: number, now: number): string | undefined {
  const entry = order.lines[index];
  if (!entry || entry.offer.kind === 'reservation' || entry.offer.kind === 'software') return undefined;
  return statusOf(order, now) === 'completed' ? entry.subscriptionId : undefined;
}

function orderLineBody(
  order: OrderRecord,
  index: number,
  self: string,
  now: number,
  withPrice: boolean,
): Json {
  const entry = order.lines[index];
  if (!entry) return {};
  const { line, offer } = entry;
  const subscriptionId = subscriptionOf(order, index, now);
  const kept = ['provisioningContext', 'renewsTo', 'promotionId', 'customTermEndDate', 'attestationAccepted'];
  const [product, sku] = offer.catalogItemId.split(':');
  const amount = amountOf(entry);
  const subscription =
    subscriptionId === undefined
      ? {}
      : { subscription: link(`/customers/${order.customerId}/subscriptions/${subscriptionId}`) };
  return {
    lineItemNumber: index,
    offerId: offer.catalogItemId,
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(line.termDuration === undefined ? {} : { termDuration: line.termDuration }),
    transactionType: 'New',
    friendlyName: line.friendlyName ?? offer.name,
    quantity: statusOf(order, now) === 'cancelled' ? 0 : line.quantity,
    ...Object.fromEntries(kept.filter((name) => line[name] !== undefined).map((name) => [name, line[name]])),
    ...(withPrice
      ? {
          pricing: {
            listPrice: offer.price,
            discountedPrice: offer.price,
            proratedPrice: offer.price,
            price: offer.price,
            extendedPrice: amount,
          },
        }
      : {}),
    links:
      offer.kind === 'legacy'
        ? subscription
        : {
            product: link(`/products/${product}?country=US`),
            sku: link(`/products/${product}/skus/${sku}?country=US`),
            availability: link(
              `/products/${product}/skus/${sku}/availabilities/${offer.catalogItemId.split(':')[2]}?country=US`,
            ),
            ...subscription,
            ...(offer.kind === 'saas'
              ? { activationLinks: link(`${self}/lineitems/${index}/activationlinks`) }
              : {}),
          },
  };
}

export function checkoutBody(result: CheckoutResult, now: number): Json {
  return {
    orders: result.orders.map((order) => orderBody(order, now)),
    ...(result.errors.length === 0
      ? {}
      : {
          orderErrors: result.errors.map((error) => ({ ...error, attributes: { objectType: 'OrderError' } })),
        }),
    attributes: { objectType: 'CartCheckoutResult' },
  };
}

export function collectionBody(items: readonly Json[], self?: string): Json {
  return {
    totalCount: items.length,
    items,
    ...(self === undefined ? {} : { links: { self: link(self) } }),
    attributes: { objectType: 'Collection' },
  };
}

export function provisioningBody(order: OrderRecord, now: number): Json {
  const words: Record<string, string> = { completed: 'fulfilled', cancelled: 'unfulfilled' };
  const status = words[statusOf(order, now)] ?? 'prefulfillment_pending';
  return collectionBody(
    order.lines.map(({ line }, index) => ({
      orderLineItemId: index,
      lineItemNumber: index,
      status,
      quantityProvisioningInformation: [{ quantity: line.quantity, status }],
    })),
  );
}

const day = 24 * 3_600_000;

/**
 * Until when a subscription can be cancelled: new-commerce licences for 7 days, SaaS for a day by the month and for 14 days by the year, the
 * old catalogue never. Source: Partner Center, "Cancel a subscription", "Cancel an Azure Marketplace subscription".
 */
function cancellation(
  { createdAt, kind }: Pick<OrderRecord, 'createdAt' | 'kind'>,
  line: CartLine,
  dates: Switches['cancellationDates'],
): Json {
  const of = (until: number | null): Json => ({
    cancellationAllowedUntilDate: until === null ? null : new Date(until).toISOString(),
  });
  switch (dates) {
    case 'null':
      return of(null);
    case 'missing':
      return {};
    case 'unreadable':
      return { cancellationAllowedUntilDate: '/Date(1796083200000)/' };
    case 'by-product': {
      const days: Partial<Record<OfferKind, number>> = {
        licence: 7,
        saas: line.billingCycle === 'monthly' ? 1 : 14,
      };
      const allowed = days[kind];
      return of(allowed === undefined ? null : createdAt + allowed * day);
    }
  }
}

/** The subscriptions that the lines of an order have by now. */
export function subscriptionsOf(
  order: OrderRecord,
  now: number,
  dates: Switches['cancellationDates'],
): Json[] {
  return order.lines.flatMap(({ line, offer }, index) => {
    const id = subscriptionOf(order, index, now);
    if (id === undefined) return [];
    return [
      {
        id,
        offerId: offer.catalogItemId,
        offerName: offer.name,
        friendlyName: line.friendlyName ?? offer.name,
        quantity: line.quantity,
        unitType: 'Licenses',
        creationDate: wireDate(order.createdAt, 'ticks', order.createdDigits),
        status: 'active',
        ...cancellation({ ...order, kind: offer.kind }, line, dates),
        autoRenewEnabled: true,
        billingCycle: line.billingCycle,
        billingType: 'license',
        orderId: order.id,
        attributes: { objectType: 'Subscription' },
      },
    ];
  });
}

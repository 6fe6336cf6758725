import type { CartPlan, OrderTruth } from './truth.ts';

/** Bodies in the shapes of `test/fixtures`, so that the real decoders read them. */
interface Told {
  readonly order: OrderTruth;
  readonly status: string;
}

const iso = (time: number): string => new Date(time).toISOString();

const order = ({ order: { id, customerId, plan, createdAt }, status }: Told) => ({
  id,
  alternateId: id.slice(0, 12),
  referenceCustomerId: customerId,
  billingCycle: plan.billingCycle,
  currencyCode: 'USD',
  currencySymbol: '$',
  lineItems: [
    {
      lineItemNumber: 0,
      offerId: plan.offerId,
      ...(plan.term === '' ? {} : { termDuration: plan.term }),
      transactionType: 'New',
      friendlyName: 'An offer',
      quantity: plan.quantity,
    },
  ],
  creationDate: iso(createdAt),
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
    })),
    attributes: { objectType: 'Cart' },
  });

import type { Send, Setup } from './setup.ts';
import type { ApiNature, CartPlan, Contract, GroupPlan } from './truth.ts';

export const minute = 60_000;
export const hour = 60 * minute;

const id = (head: string, n: number): string => `${head}-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const customer = (n: number): string => id('c0000000', n);
export const cartId = (n: number): string => id('ca000000', n);

/** What an order group can hold. Equal letters are equal content, in whatever cart. */
const offers = {
  a: { offerId: 'DZH318Z0BXWC:0002:DZH318Z0BMRV', quantity: 1, term: 'P1M', billingCycle: 'monthly' },
  b: { offerId: 'DZH318Z0BQ36:004G:DZH318Z08C0S', quantity: 2, term: 'P1Y', billingCycle: 'one_time' },
  c: { offerId: 'MS-AZR-0145P', quantity: 1, term: '', billingCycle: 'monthly' },
} as const;
export type Offer = keyof typeof offers;
export const offerNames = ['a', 'b', 'c'] as const;

export const groupPlan = (group: string, offer: Offer, plan: Partial<GroupPlan> = {}): GroupPlan => ({
  group,
  ...offers[offer],
  pendingMs: 0,
  end: 'completed',
  ...plan,
});

/** The n-th cart of a customer; equal group lists make equal carts. */
export const cartPlan = (
  n: number,
  groups: readonly GroupPlan[],
  plan: Partial<CartPlan> = {},
): CartPlan => ({ customerId: customer(1), id: cartId(n), groups, ...plan });

export const nature = (contract: Contract, plan: Partial<ApiNature> = {}): ApiNature => ({
  contract,
  partialLeaves: 'Active',
  remembersRequests: false,
  listLag: 15 * minute,
  readLag: 30_000,
  ...plan,
});

export const sendAll = (carts: readonly CartPlan[], plan: Partial<Send> = {}): readonly Send[] =>
  carts.map(({ customerId, id: cart }, index) => ({ customerId, cartId: cart, at: index * 1_500, ...plan }));

/** A world in which nothing goes wrong, unless the plan says so. */
export function world(carts: readonly CartPlan[], plan: Partial<Setup> = {}): Setup {
  const contract = plan.nature?.contract ?? 'replay';
  return {
    carts,
    nature: nature(contract),
    rules: { maxAttempts: 6, repeatOrderedCart: contract !== 'rebuy' },
    processes: 2,
    pollers: 2,
    slots: 2,
    sends: sendAll(carts),
    outages: [],
    people: { retries: 0, twice: 0, wrong: 0, weary: 0 },
    gate: 'open',
    calmAfter: 2 * hour,
    apiFault: () => undefined,
    blow: () => undefined,
    ...plan,
  };
}

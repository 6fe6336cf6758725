import type { ApiFault } from './faults.ts';
import type { Request } from './partner-center.ts';
import type { CartSend, Scenario, Setup, UnreadableRecord } from './setup.ts';
import {
  type ApiNature,
  type CartPlan,
  type Contract,
  contracts,
  type GroupPlan,
  type PlacedOrder,
} from './truth.ts';

export const second = 1_000;
export const minute = 60 * second;
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

/** What a person buys in the portal for the first customer, ms after the start. */
export const placed = (offer: Offer, at: number, plan: Partial<PlacedOrder> = {}): PlacedOrder => ({
  customerId: customer(1),
  plan: groupPlan('0', offer),
  at,
  ...plan,
});

export const unreadableRecord = (n: number): UnreadableRecord => ({
  customerId: customer(1),
  cartId: cartId(n),
});

export const nature = (contract: Contract, plan: Partial<ApiNature> = {}): ApiNature => ({
  contract,
  partialLeaves: 'Active',
  remembersRequests: false,
  listLag: 15 * minute,
  readLag: 30_000,
  dates: ['iso'],
  cartLife: 7 * 24 * hour,
  staleBuysOthers: false,
  ...plan,
});

export const sendAll = (carts: readonly CartPlan[], plan: Partial<CartSend> = {}): readonly CartSend[] =>
  carts.map(({ customerId, id: cart }, index) => ({ customerId, cartId: cart, at: index * 1_500, ...plan }));

/** A world in which nothing goes wrong, unless the plan says so. */
export function world(carts: readonly CartPlan[], plan: Partial<Setup> = {}): Setup {
  const contract = plan.nature?.contract ?? 'replay';
  return {
    kinds: [],
    carts,
    orders: [],
    madeCartSends: [],
    reissues: [],
    placed: [],
    customerLimits: [],
    unreadable: [],
    nature: nature(contract),
    rules: { maxAttempts: 6, repeatOrderedCart: contract !== 'rebuy' },
    processes: 2,
    pollers: 2,
    permits: 2,
    sends: sendAll(carts),
    outages: [],
    people: { retries: 0, twice: 0, wrong: 0, weary: 0, rash: () => 0 },
    gate: 'open',
    calmAfter: 2 * hour,
    apiFault: () => undefined,
    blow: () => undefined,
    watched: true,
    maxPortCalls: 30_000,
    ...plan,
  };
}

/** The first checkout of each cart ends so; everything after it is well. */
export const firstCheckout =
  (fault: ApiFault, only?: string) =>
  (what: Request, id: string, nth: number): ApiFault | undefined =>
    what === 'checkout' && nth === 1 && (only === undefined || id === only) ? fault : undefined;

/** The checkouts of each cart end so, one after the other; what comes after them is well. */
export const checkouts =
  (...faults: readonly ApiFault[]) =>
  (what: Request, _id: string, nth: number): ApiFault | undefined =>
    what === 'checkout' ? faults[nth - 1] : undefined;

/** Two equal carts of one customer, one group each: the smallest world in which an order can have two owners. */
export const equalCarts = () => [
  cartPlan(1, [groupPlan('0', 'a', { pendingMs: 3 * minute })]),
  cartPlan(2, [groupPlan('0', 'a')]),
];

/** One scenario for each contract. */
export function each(
  name: string,
  about: string,
  setup: (contract: Contract) => Partial<Setup> & Pick<Setup, 'carts'>,
): Scenario[] {
  return contracts.map((contract) => ({
    name: `${name}-${contract}`,
    about,
    setup: () => {
      const plan = setup(contract);
      return world(plan.carts, { nature: nature(contract), ...plan });
    },
  }));
}

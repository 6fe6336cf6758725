import * as z from 'zod/mini';
import { type Cart, newCart } from './carts.ts';
import { type Basket, baskets } from './catalogue.ts';
import type { World } from './world.ts';

const basketNames = ['legacy', 'licence', 'licences', 'reservation', 'software', 'saas', 'sample'] as const;

const requestSchema = z.union([
  z.strictObject({
    /** How many carts; they go to the customers and baskets in turn, so a customer gets many equal ones. */
    count: z.number().check(z.int(), z.positive()),
    /** How many customers, or their ids. */
    customers: z._default(z.union([z.number(), z.array(z.string())]), 1),
    baskets: z.optional(z.array(z.enum(basketNames))),
    /** Milliseconds, scaled; the switch `cartLife` when absent. */
    life: z.optional(z.number()),
  }),
  z.strictObject({
    /** Carts as on the wire (`lineItems` is enough), with the ids that they are to have. */
    carts: z.array(
      z.strictObject({
        customerId: z.string(),
        cartId: z.optional(z.string()),
        lineItems: z.array(z.looseObject({ catalogItemId: z.string(), quantity: z.number() })),
        life: z.optional(z.number()),
      }),
    ),
  }),
]);

export type CartsRequest = z.input<typeof requestSchema>;

export interface CartRef {
  readonly customerId: string;
  readonly cartId: string;
}

const usualBaskets: readonly Basket[] = [
  'licence',
  'licences',
  'licence',
  'legacy',
  'licence',
  'sample',
  'licence',
  'software',
  'licence',
  'saas',
];

/** Makes carts past the API, quickly; throws a ZodError that names the path when the request is not valid. */
export function createCarts(world: World, request: unknown): CartRef[] {
  const wanted = requestSchema.parse(request);
  const now = world.clock.now();
  const lifeOf = (life: number | undefined): number => world.scaled(life ?? world.switches.cartLife);
  const nextId = (): string => world.draw.guid('cart', world.carts.size);
  const add = (cart: Cart): CartRef => {
    world.carts.add(cart);
    return { customerId: cart.customerId, cartId: cart.id };
  };
  if ('carts' in wanted) {
    return wanted.carts.map(({ customerId, cartId, lineItems, life }) =>
      add(newCart({ customerId, cartId: cartId ?? nextId() }, lineItems, now, lifeOf(life))),
    );
  }
  const customers =
    typeof wanted.customers === 'number'
      ? Array.from({ length: wanted.customers }, (_, index) => world.draw.guid('customer', index))
      : wanted.customers;
  const contents = wanted.baskets ?? usualBaskets;
  return Array.from({ length: wanted.count }, (_, index) => {
    const customerId = customers[index % customers.length] ?? world.draw.guid('customer', 0);
    // The basket changes once the round of customers is done: equal carts of one customer are common at night.
    const basket = contents[Math.floor(index / customers.length) % contents.length] ?? 'licence';
    return add(newCart({ customerId, cartId: nextId() }, baskets[basket], now, lifeOf(wanted.life)));
  });
}

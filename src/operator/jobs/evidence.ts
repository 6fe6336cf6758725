/** What the worker found out about a cart, in words for the person who decides. */
import * as z from 'zod/mini';

const evidenceShape = z.object({
  cart: z.optional(z.string()),
  groups: z.optional(z.array(z.object({ group: z.string(), content: z.string() }))),
  ordersFound: z.optional(
    z.array(z.object({ id: z.string(), status: z.string(), createdAt: z.optional(z.number()) })),
  ),
  equalCartsInDoubt: z.optional(z.array(z.string())),
});

export type Evidence = z.infer<typeof evidenceShape>;

/** What the worker wrote beside its question, as of its last look. Whatever is missing or edited reads as absent. */
export function readEvidence(text: string | undefined): Evidence {
  try {
    const parsed = z.safeParse(evidenceShape, JSON.parse(text ?? '{}'));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

/** In one sentence; undefined: there is none. */
export function evidenceInWords({
  cart,
  ordersFound = [],
  equalCartsInDoubt = [],
}: Evidence): string | undefined {
  if (cart === undefined) return undefined;
  const orders = ordersFound.map(({ id, status }) => `${id} ${status}`).join(', ');
  const equalCarts =
    equalCartsInDoubt.length === 0 ? '' : `; equal carts in doubt: ${equalCartsInDoubt.join(', ')}`;
  return `the cart is ${cart}; orders that no record has: ${orders === '' ? 'none' : orders}${equalCarts}`;
}

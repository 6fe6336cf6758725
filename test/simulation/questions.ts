import type { CartTruth } from './truth.ts';
import type { World } from './world.ts';

/** How often a person had to be asked, by what made it necessary. */
export interface Questions {
  /** A cart, or an equal one, that is gone or refused for good, so that a repeat told nothing. */
  readonly goneOrRefused: number;
  readonly tooLate: number;
  readonly outOfAttempts: number;
  /** With an API that answers 800065: equal carts that were unknown at the same time. */
  readonly equalUnknown: number;
  /** With an API that buys again, an ordered cart is never repeated. */
  readonly mayNotRepeat: number;
  readonly needless: number;
}

export const noQuestions: Questions = {
  goneOrRefused: 0,
  tooLate: 0,
  outOfAttempts: 0,
  equalUnknown: 0,
  mayNotRepeat: 0,
  needless: 0,
};

export function countQuestions(world: World): Questions {
  const counts: Record<keyof Questions, number> = { ...noQuestions };
  const asked = new Set(
    world.events
      .filter(({ type }) => type === 'checkout.needs-decision')
      .map(({ data }) => String(data['cartId'])),
  );
  for (const cartId of asked) {
    const cart = world.truth.carts.get(cartId);
    if (cart !== undefined) counts[whyAsked(world, cart)] += 1;
  }
  return counts;
}

function whyAsked(world: World, cart: CartTruth): keyof Questions {
  const { setup, truth } = world;
  const equals = [...truth.carts.values()].filter((other) => isEqualInPart(other, cart));
  const isLost = ({ plan, goneAt }: CartTruth) =>
    plan.refused !== undefined || goneAt < Number.POSITIVE_INFINITY || world.watch.refused.has(plan.id);
  if (equals.some(isLost)) return 'goneOrRefused';
  if (equals.some(({ plan }) => world.watch.jobTimes.get(plan.id)?.notAfter !== undefined)) return 'tooLate';
  // A stopped batch repeats nothing either.
  if (setup.stop !== undefined && setup.sends.some(({ batchId }) => batchId === setup.stop?.batchId))
    return 'tooLate';
  const checkouts = world.watch.calls.filter(
    ({ what, id }) => what === 'checkout' && equals.some(({ plan }) => plan.id === id),
  );
  const most = Math.max(...equals.map(({ plan }) => checkouts.filter(({ id }) => id === plan.id).length));
  if (most >= setup.rules.maxAttempts) return 'outOfAttempts';
  if (!setup.rules.repeatOrderedCart) return 'mayNotRepeat';
  if (truth.nature.contract === 'refuse' && equals.length > 1) return 'equalUnknown';
  return 'needless';
}

/** The cart itself, or one of the same customer that shares an order group's content with it. */
function isEqualInPart(other: CartTruth, cart: CartTruth): boolean {
  if (other.plan.customerId !== cart.plan.customerId) return false;
  return other.plan.groups.some((a) =>
    cart.plan.groups.some(
      (b) =>
        a.offerId === b.offerId &&
        a.quantity === b.quantity &&
        a.term === b.term &&
        a.billingCycle === b.billingCycle,
    ),
  );
}

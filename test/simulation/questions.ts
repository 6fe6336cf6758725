import { type JobKey, jobKeyOf, readJobKey } from '../../src/domain/message/job-key.ts';
import type { CartTruth, GroupPlan, OrderTruth } from './truth.ts';
import type { World } from './world.ts';

/** How often a person had to be asked, by what made it necessary. */
export interface Questions {
  /** A cart, or an equal one, that is gone or refused for good, so that a repeat told nothing. */
  readonly goneOrRefused: number;
  readonly tooLate: number;
  readonly outOfAttempts: number;
  /** With an API that answers 800065: equal carts that were unknown at the same time. */
  readonly equalUnknown: number;
  /** With the same API: somebody bought the same in the portal after the call, or the date of the order does not tell when. */
  readonly placedByPeople: number;
  /** Another group was refused: the repeat of a cart that stays active names that one alone, and not whose the listed orders are. */
  readonly partlyTold: number;
  /** A group was refused, and somebody bought something else in the portal after the call: its lines may differ from the cart's. */
  readonly otherLines: number;
  /** The customer's list of orders never came whole. */
  readonly noList: number;
  /** Something kept the worker from a repeat for as long as the API is trusted to remember its answer. */
  readonly repeatsOver: number;
  /** With an API that buys again, an ordered cart is never repeated. */
  readonly mayNotRepeat: number;
  /** Of a job with order lines: a line of its cart has no price, so nobody can compare it with its ceiling. */
  readonly unpriced: number;
  /** A checkout that was refused for a gone availability bought a part of its cart, or may have. */
  readonly partlyStale: number;
  readonly needless: number;
}

export const noQuestions: Questions = {
  goneOrRefused: 0,
  tooLate: 0,
  outOfAttempts: 0,
  equalUnknown: 0,
  placedByPeople: 0,
  partlyTold: 0,
  otherLines: 0,
  noList: 0,
  repeatsOver: 0,
  mayNotRepeat: 0,
  unpriced: 0,
  partlyStale: 0,
  needless: 0,
};

export function countQuestions(world: World): Questions {
  const counts: Record<keyof Questions, number> = { ...noQuestions };
  const asked = new Set(
    world.events
      .filter(({ type }) => type === 'checkout.needs-decision')
      .map(({ data }) => readJobKey(data['jobKey'])),
  );
  for (const jobKey of asked) {
    if (jobKey === undefined || world.bugs.hasMet(jobKey)) continue;
    const { cartId } = world.doubts.records().find((record) => record.jobKey === jobKey) ?? {};
    const cart = world.truth.carts.get(cartId ?? '');
    if (isUnpriced(world, jobKey)) counts.unpriced += 1;
    else if (cart !== undefined) counts[whyAsked(world, cart)] += 1;
    else if (!isUnreadable(world, jobKey)) counts.needless += 1;
  }
  return counts;
}

/** One of its versions wants something without a price. */
const isUnpriced = ({ setup, truth }: World, jobKey: JobKey): boolean =>
  setup.sends.some(
    (send) =>
      jobKeyOf(send) === jobKey &&
      'lines' in send &&
      send.lines.some(({ product, sku }) => truth.catalogue.item(`${product}:${sku}`)?.price === undefined),
  );

const isUnreadable = ({ setup }: World, jobKey: JobKey): boolean =>
  setup.unreadable.some((record) => jobKeyOf(record) === jobKey);

function whyAsked(world: World, cart: CartTruth): keyof Questions {
  const { truth } = world;
  const why = whyUntold(world, cart);
  if (why !== undefined) return why;
  if (world.watch.unlisted.has(cart.plan.customerId)) return 'noList';
  const isAlike = truth.nature.contract === 'refuse' ? whyAlike(world, cart) : undefined;
  if (isAlike !== undefined) return isAlike;
  if (isPartlyTold(world, cart)) return 'partlyTold';
  if (mayHaveOtherLines(world, cart)) return 'otherLines';
  return wasKeptFromRepeat(world, cart) ? 'repeatsOver' : 'needless';
}

/** Why the orders that were found could not be told apart, with an API that answers 800065. */
function whyAlike(world: World, cart: CartTruth): 'equalUnknown' | 'placedByPeople' | undefined {
  const { setup } = world;
  if (isInHand(world, cart)) return undefined;
  const asked = world.doubts.askedAt(world.truth.jobOf(cart.plan.id));
  if (asked.every((at) => isDoubtful(world, cart, at))) return 'equalUnknown';
  // They look alike whenever the question comes: one of them may be listed later than the other.
  const placed = placedSince(world, cart);
  if (placed.some((order) => isLike(cart, order))) return 'placedByPeople';
  return setup.unreadable.some(({ customerId }) => customerId === cart.plan.customerId)
    ? 'equalUnknown'
    : undefined;
}

/** How long after a call its repeat is allowed, and a minute for the clocks and the way. */
const repeatedWithin = 11 * 60_000;

/** In that time after a call of the cart, or of an equal one, something went wrong. Without it the worker has to repeat in time. */
function wasKeptFromRepeat({ setup, truth, watch, time }: World, cart: CartTruth): boolean {
  const equals = [...truth.carts.values()].filter((other) => isEqualInPart(other, cart));
  const spans = [
    ...watch.obstacles.map((at) => ({ from: at, to: at })),
    ...[...setup.outages, ...setup.customerLimits].map(({ from, to }) => ({
      from: time(from),
      to: time(to),
    })),
    ...(setup.purge === undefined ? [] : [{ from: time(setup.purge.at), to: time(setup.purge.at) }]),
  ];
  return watch.calls.some(
    ({ what, id, at }) =>
      what === 'checkout' &&
      equals.some(({ plan }) => plan.id === id) &&
      spans.some(({ from, to }) => from <= at + repeatedWithin && to > at),
  );
}

/** Its worker had the answer, lived on, and could send a message: its orders are not forgotten. */
const isInHand = ({ watch, setup, lastBlow }: World, { plan }: CartTruth): boolean =>
  watch.answered.has(plan.id) && lastBlow() === 0 && setup.outages.every(({ what }) => what !== 'queue');

/** How long a look may take, from its first read to the write of the question. */
const lookTakes = 10 * 60_000;

/** An equal cart was unknown as well while the worker looked, or one that may be equal. */
function isDoubtful({ truth, doubts }: World, cart: CartTruth, askedAt: number): boolean {
  // Gone before anybody read it: what it held is not known.
  const wasRead = ({ plan }: CartTruth) =>
    doubts.records().some((record) => record.cartId === plan.id && record.groups !== undefined);
  const mayBeEqual = (other: CartTruth) =>
    isEqualInPart(other, cart) || (other.plan.customerId === cart.plan.customerId && !wasRead(other));
  return [...truth.carts.values()].some(
    (other) =>
      other !== cart &&
      mayBeEqual(other) &&
      doubts.wasUnknown(truth.jobOf(other.plan.id), askedAt - lookTakes, askedAt),
  );
}

/** The write of a claim may take so long, and clocks are measured to a few seconds. */
const beforeClaim = 70_000;

/**
 * Orders that people placed after the first claim of the cart, or of which nobody can read when. The call may have left from then on: a
 * worker that dies before it leaves the same doubt.
 */
function placedSince({ truth, doubts }: World, { plan }: CartTruth): readonly OrderTruth[] {
  const first = doubts.unknownSince(truth.jobOf(plan.id));
  if (first === Number.POSITIVE_INFINITY) return [];
  return truth.orders.filter(
    (order) =>
      order.cartId === undefined &&
      order.customerId === plan.customerId &&
      (!order.isDated || order.createdAt >= first - beforeClaim),
  );
}

/** With the content of one of its groups. */
const isLike = ({ plan }: CartTruth, order: OrderTruth): boolean =>
  plan.groups.some((group) => isSameContent(group, order.plan));

const isRefusedInPart = ({ plan }: CartTruth): boolean =>
  plan.groups.some(({ refusal }) => refusal !== undefined);

function isPartlyTold({ truth, watch, doubts }: World, cart: CartTruth): boolean {
  const { contract, partialLeaves } = truth.nature;
  if (contract !== 'refuse' || partialLeaves !== 'Active') return false;
  if (cart.orders.length === 0 || !isRefusedInPart(cart)) return false;
  const calls = watch.calls.filter(({ what, id }) => what === 'checkout' && id === cart.plan.id);
  return doubts
    .askedAt(truth.jobOf(cart.plan.id))
    .every((askedAt) => calls.filter(({ at }) => at < askedAt).length > 1);
}

/** Of a group that was refused no order is found, and each time the list showed one that nobody can tell from it. */
function mayHaveOtherLines(world: World, cart: CartTruth): boolean {
  if (!isRefusedInPart(cart)) return false;
  const placed = placedSince(world, cart);
  return world.doubts
    .askedAt(world.truth.jobOf(cart.plan.id))
    .every((at) => placed.some(({ listedAt }) => listedAt <= at));
}

/**
 * The exception of "books agree": an order that a person placed after the call may have left, with the same content, where the API
 * offers no way to tell them apart. A repeat of an ordered cart tells them apart, with an API that replays.
 */
export function mayMistake(world: World, cart: CartTruth, orderId: string): boolean {
  const couldAsk = world.truth.nature.contract === 'replay' && whyUntold(world, cart) === undefined;
  const placed = placedSince(world, cart);
  return !couldAsk && placed.some((order) => order.id === orderId && isLike(cart, order));
}

/** A message of it has an end: of a job that begins after it, that is its result. */
const mayBeLate = ({ setup }: World, jobKey: JobKey): boolean =>
  setup.sends.some((send) => jobKeyOf(send) === jobKey && send.notAfter !== undefined);

/** Something in its lines may be refused before any checkout. */
const mayBeRefused = ({ setup }: World, jobKey: JobKey): boolean =>
  setup.orders.some((plan) => jobKeyOf(plan) === jobKey && plan.mayFail === true);

/** What its lines name is refused, or so it seems: a catalogue that keeps listing what carts refuse is believed after three waits. */
const mayBeOffSale = (world: World, jobKey: JobKey): boolean =>
  mayBeRefused(world, jobKey) || world.truth.catalogue.unrest() > 3;

/** The same for a job that never had a cart. */
export const mayFailUnsent = (world: World, jobKey: JobKey): boolean =>
  mayBeOffSale(world, jobKey) ||
  mayBeLate(world, jobKey) ||
  world.setup.stop !== undefined ||
  world.setup.people.weary > 0 ||
  // People give up on what the worker cannot price.
  isUnpriced(world, jobKey);

/** Whether anything at Partner Center, or any person, ever said no to it. */
export function mayFail(world: World, cart: CartTruth): boolean {
  const { setup, watch, truth } = world;
  const { plan } = cart;
  if (plan.refused !== undefined || cart.goneAt < Number.POSITIVE_INFINITY || truth.isGone(cart)) return true;
  if (cart.made !== undefined && (mayBeRefused(world, cart.made.jobKey) || cart.stale > 1)) return true;
  if (plan.groups.some(({ refusal, end }) => refusal !== undefined || end === 'cancelled')) return true;
  if (watch.denied.has(plan.id) || watch.abandoned.has(plan.id)) return true;
  if (mayBeLate(world, truth.jobOf(plan.id)) || setup.stop !== undefined) return true;
  if (setup.people.weary > 0) return true;
  const checkouts = watch.calls.filter(({ what, id }) => what === 'checkout' && id === plan.id);
  // The lines of a cart that expired unsent, or that is repaired, are resolved anew.
  const isAnew = cart.made !== undefined && (checkouts.length === 0 || cart.stale > 0);
  if (isAnew && mayBeOffSale(world, cart.made.jobKey)) return true;
  return checkouts.length >= setup.rules.maxAttempts;
}

/** Why no repeat could tell what became of the cart, or of an equal one. */
function whyUntold(world: World, cart: CartTruth): keyof Questions | undefined {
  const { setup, truth } = world;
  const equals = [...truth.carts.values()].filter((other) => isEqualInPart(other, cart));
  const isLost = (one: CartTruth) =>
    one.plan.refused !== undefined ||
    one.goneAt < Number.POSITIVE_INFINITY ||
    truth.isGone(one) ||
    world.watch.refused.has(one.plan.id);
  if (equals.some(({ stale }) => stale > 0)) return 'partlyStale';
  if (equals.some(isLost)) return 'goneOrRefused';
  if (equals.some(({ plan }) => mayBeLate(world, truth.jobOf(plan.id)))) return 'tooLate';
  // A stopped batch repeats nothing either.
  if (setup.stop !== undefined && setup.sends.some(({ batchId }) => batchId === setup.stop?.batchId))
    return 'tooLate';
  const checkouts = world.watch.calls.filter(
    ({ what, id }) => what === 'checkout' && equals.some(({ plan }) => plan.id === id),
  );
  const most = Math.max(...equals.map(({ plan }) => checkouts.filter(({ id }) => id === plan.id).length));
  if (most >= setup.rules.maxAttempts) return 'outOfAttempts';
  return setup.rules.repeatOrderedCart ? undefined : 'mayNotRepeat';
}

/** The cart itself, or one of the same customer that shares an order group's content with it. */
function isEqualInPart(other: CartTruth, cart: CartTruth): boolean {
  if (other.plan.customerId !== cart.plan.customerId) return false;
  return other.plan.groups.some((a) => cart.plan.groups.some((b) => isSameContent(a, b)));
}

const isSameContent = (a: GroupPlan, b: GroupPlan): boolean =>
  a.offerId === b.offerId &&
  a.quantity === b.quantity &&
  a.term === b.term &&
  a.billingCycle === b.billingCycle;

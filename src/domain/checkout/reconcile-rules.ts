/**
 * Decides what evidence says about a call that may have been executed. `after-evidence.ts` turns it into an action.
 */

import type { Order } from '../order/order.ts';
import type { Times } from '../times.ts';
import { contentOf, groupsWithoutOrder } from './apply-result.ts';
import { isLate } from './claim-rules.ts';
import { inFlightEnd, listLagEnd, repeatEnd, surelyAfterFirstSend } from './deadlines.ts';
import { type CheckoutRecord, cartIdOf, type KnownGroup } from './record.ts';

/** Another record of this customer that may have been bought too, and lacks an order: it may own what we found. */
export interface OpenEqualCart {
  readonly record: CheckoutRecord;
  /** Its batch is stopped: it will not be repeated. */
  readonly stopped: boolean;
  /** Undefined: its cart cannot be read, and may hold anything. */
  readonly groups: readonly KnownGroup[] | undefined;
  /** Its cart was not read this time, because a reconciliation reads only a few. */
  readonly unread?: boolean;
}

/** What a reconciliation read. */
export interface Evidence {
  /** When the reconciliation began: the in-flight window and the list lag are judged as of then. */
  readonly now: number;
  readonly record: CheckoutRecord;
  /** Its batch is stopped: as past its time, it is found out and never repeated. */
  readonly stopped: boolean;
  readonly cart: 'active' | 'ordered' | 'gone';
  /** Undefined: the cart is gone, and was never read before. */
  readonly groups: readonly KnownGroup[] | undefined;
  /** Orders of no record, made since shortly before the first send. */
  readonly unowned: readonly Order[];
  readonly equalCarts: readonly OpenEqualCart[];
  /** Carts of this customer whose records cannot be read: each may hold anything. */
  readonly unreadable: readonly string[];
}

export interface ReconcileRules {
  readonly times: Pick<
    Times,
    | 'lease'
    | 'callTimeout'
    | 'inFlightWindow'
    | 'listLag'
    | 'searchOverlap'
    | 'repeatWithin'
    | 'goneConfirm'
    | 'inProgressLater'
    | 'askedRetry'
  >;
  readonly repeatOrderedCart: boolean;
  readonly maxAttempts: number;
}

export type Reconciliation =
  | { readonly kind: 'repeat' }
  | { readonly kind: 'reschedule'; readonly until: number; readonly why: string }
  | { readonly kind: 'ask'; readonly why: string }
  /** These orders are ours, on top of those in the record; `missing` groups have none. */
  | { readonly kind: 'found'; readonly orders: readonly Order[]; readonly missing: readonly KnownGroup[] }
  /** Nothing was bought, and nothing will be. */
  | { readonly kind: 'nothing'; readonly why: 'gone' | 'too-late' }
  /** A person said that it was not bought, and it is not sent again. The person may be wrong. */
  | {
      readonly kind: 'denied';
      readonly why: 'refused' | 'too-late';
      readonly missing: readonly KnownGroup[];
    };

/** What the evidence says about a cart that may have been bought. */
export function decideReconciliation(evidence: Evidence, rules: ReconcileRules): Reconciliation {
  const { record, groups, now } = evidence;
  const status = statusOf(evidence);
  const listCompleteAt = listLagEnd(record, rules.times);

  if (groups === undefined) {
    // A cart that is gone, and that nobody read in time: any order could be its own.
    if (evidence.unowned.length > 0) return unsettled(evidence, rules);
    const goneAt = goneFrom(evidence, rules.times);
    if (now < goneAt) return untilGone(goneAt, listCompleteAt);
    if (record.orders.length === 0) return { kind: 'nothing', why: 'gone' };
    // What else it held, nobody can say any more: its orders stay, and a person hears of it.
    return { kind: 'found', orders: [], missing: [{ group: '*', content: '' }] };
  }

  const missing = missingGroups(groups, record);
  if (missing.length === 0) return { kind: 'found', orders: [], missing: [] };
  // The answer of the API itself is conclusive, and a list is not: somebody may have bought the same by hand.
  // guard: Evidence: an ordered cart is repeated before the list says anything
  if (repeatsFirst(evidence, rules)) return repeatAfterInFlight(evidence, rules);
  const { assigned, contested } = assign(missing, evidence, rules);
  if (contested) return repeatOrAsk(evidence, rules);
  return status === 'active' && record.orders.length === 0
    ? notBoughtYet(evidence, rules)
    : conclude(evidence, rules, missing, assigned);
}

/** The groups of the cart for which the record has no order. */
export const missingGroups = (
  groups: readonly KnownGroup[],
  { orders }: Pick<CheckoutRecord, 'orders'>,
): readonly KnownGroup[] =>
  groupsWithoutOrder(
    groups,
    orders.map((orderSummary) => orderSummary.content),
  );

/** The cart is ordered, and a repeat is still answered without buying: nothing is concluded before it. */
export function repeatsFirst(
  evidence: Omit<Evidence, 'equalCarts' | 'unreadable'>,
  rules: ReconcileRules,
): boolean {
  return statusOf(evidence) === 'ordered' && mayRepeat(evidence, rules);
}

/** Active, and no order can be its own. */
function notBoughtYet(evidence: Evidence, rules: ReconcileRules): Reconciliation {
  const { record, now } = evidence;
  const listCompleteAt = listLagEnd(record, rules.times);
  if (isOver(evidence))
    return now < listCompleteAt ? awaitList(listCompleteAt) : { kind: 'nothing', why: 'too-late' };
  if (record.attempts >= rules.maxAttempts) return unsettled(evidence, rules);
  // Past the time of a repeat the list must show that nothing was bought. Then this is a new call, and no repeat.
  if (!isInTimeToRepeat(evidence, rules) && now < listCompleteAt) return awaitList(listCompleteAt);
  return repeatAfterInFlight(evidence, rules);
}

/** No candidate is contested. These are all that there are, once the list lag is over. */
function conclude(
  evidence: Evidence,
  rules: ReconcileRules,
  missing: readonly KnownGroup[],
  assigned: readonly Order[],
): Reconciliation {
  const { record, now } = evidence;
  const status = statusOf(evidence);
  const listCompleteAt = listLagEnd(record, rules.times);
  const stillMissing = groupsWithoutOrder(missing, assigned.map(contentOf));
  if (stillMissing.length === 0) {
    const isProof = status === 'ordered' && assigned.every((order) => isSurelyLater(order, record, rules));
    return isProof || now >= listCompleteAt
      ? { kind: 'found', orders: assigned, missing: [] }
      : awaitList(listCompleteAt);
  }
  const foundNone = record.orders.length === 0 && assigned.length === 0;
  if (foundNone && status === 'ordered') return unsettled(evidence, rules);
  if (status === 'gone') {
    const goneAt = goneFrom(evidence, rules.times);
    // guard: Evidence: the list lag ends before gone means not bought
    if (now < goneAt) return untilGone(goneAt, listCompleteAt);
  } else {
    // guard: Evidence: the list lag ends before some groups count as failed
    if (now < listCompleteAt) return awaitList(listCompleteAt);
  }
  if (mayDiffer(evidence, assigned)) return repeatOrAsk(evidence, rules);
  return foundNone
    ? { kind: 'nothing', why: 'gone' }
    : { kind: 'found', orders: assigned, missing: stillMissing };
}

/** Past its time, or stopped: it is not sent again. */
const isOver = ({ record, stopped, now }: Pick<Evidence, 'record' | 'stopped' | 'now'>): boolean =>
  stopped || isLate(record.job.notAfter, now);

/** The repeat's answer stands in place of the cart's status: else its repeats would put off the end of the list lag for ever. */
function statusOf({ record, cart }: Pick<Evidence, 'record' | 'cart'>): Evidence['cart'] {
  const { repeated } = record;
  if (repeated === undefined) return cart;
  if (repeated.as === 'already-done') return 'ordered';
  return repeated.as === 'refused-once' && cart === 'ordered' ? 'ordered' : 'gone';
}

/**
 * From when on a gone cart counts as gone. One 404 proves nothing: the cart must be missing a second time, later, and after
 * the order list has caught up with the last send. A refusal for good needs the list alone.
 */
export function goneFrom({ record, cart, now }: Evidence, times: ReconcileRules['times']): number {
  const listCompleteAt = listLagEnd(record, times);
  if (cart !== 'gone' || record.repeated?.as === 'refused') return listCompleteAt;
  // guard: Evidence: gone is a 404 seen twice [replace: listCompleteAt]
  return Math.max(listCompleteAt, (record.goneSince ?? now) + times.goneConfirm);
}

/** Both documented contracts answer a repeat without buying: the orders, or 800065. A cart that is gone cannot. */
function mayRepeat(evidence: Omit<Evidence, 'equalCarts' | 'unreadable'>, rules: ReconcileRules): boolean {
  const { record, cart } = evidence;
  return (
    // guard: Evidence: the setting that allows the repeat of an ordered cart
    rules.repeatOrderedCart &&
    isRepeatOpen(record) &&
    cart !== 'gone' &&
    record.attempts < rules.maxAttempts &&
    isInTimeToRepeat(evidence, rules) &&
    // guard: Too late: nothing is sent past notAfter, a repeat neither
    !isOver(evidence)
  );
}

/** The API is trusted to remember the last call. */
const isInTimeToRepeat = (
  { record, now }: Pick<Evidence, 'record' | 'now'>,
  { times }: Pick<ReconcileRules, 'times'>,
): boolean => now <= repeatEnd(record, times);

/** No answer has said yet what a repeat could say. */
const isRepeatOpen = ({ repeated }: CheckoutRecord): boolean =>
  repeated === undefined || repeated.as === 'refused-once';

/** Equal carts wait for the one that can still repeat, so whoever can must do it: else they wait for each other. */
const repeatOrAsk = (evidence: Evidence, rules: ReconcileRules): Reconciliation =>
  mayRepeat(evidence, rules) ? repeatAfterInFlight(evidence, rules) : unsettled(evidence, rules);

/** The repeat left it open, or there can be none: wait for the equal carts, then for the list lag to end, then ask a person. */
function unsettled(evidence: Evidence, rules: ReconcileRules): Reconciliation {
  const { record, now, unreadable } = evidence;
  const equalCarts = rivals(evidence);
  const awaited = equalCarts.filter((equalCart) => canStillRepeat(equalCart, now, rules));
  // guard: Evidence: an equal cart that can still repeat is waited for
  if (awaited.length > 0)
    return {
      kind: 'reschedule',
      until: nextNews(awaited, now, rules),
      why: 'an equal cart is being found out',
    };
  const listCompleteAt = Math.max(
    ...[record, ...equalCarts.map((equalCart) => equalCart.record)].map((one) =>
      listLagEnd(one, rules.times),
    ),
  );
  if (now < listCompleteAt) return awaitList(listCompleteAt);
  if (record.repeatAllowed === true) return afterDenial(evidence);
  if (equalCarts.some((equalCart) => equalCart.unread === true))
    return {
      kind: 'reschedule',
      until: now + rules.times.inProgressLater,
      why: 'carts of this customer are still to be read',
    };
  const why = whyUnsettled(evidence);
  return { kind: 'ask', why: unreadable.length === 0 ? why : `${why}, and ${unreadableInWords(unreadable)}` };
}

/** What a person is told must agree with the evidence beside it: of an ordered cart only its orders are unknown. */
function whyUnsettled(evidence: Evidence): string {
  if (statusOf(evidence) !== 'ordered')
    return 'the answers of Partner Center do not show whether this cart was bought';
  return evidence.unowned.length === 0
    ? 'Partner Center says that this cart was bought, but lists no order that can be its own'
    : 'Partner Center says that this cart was bought, but not which of the orders are its own';
}

/** A person said that it was not bought: it is sent once more, unless its time is over or its repeat was refused for good. */
function afterDenial(evidence: Evidence): Reconciliation {
  const { groups = [{ group: '*', content: '' }], record } = evidence;
  const why = isOver(evidence)
    ? ('too-late' as const)
    : record.repeated?.as === 'refused'
      ? ('refused' as const)
      : undefined;
  return why === undefined
    ? { kind: 'repeat' }
    : { kind: 'denied', why, missing: missingGroups(groups, record) };
}

const unreadableInWords = (cartIds: readonly string[]): string =>
  cartIds.length === 1
    ? `the ledger record of cart ${cartIds[0]} cannot be read`
    : `the ledger records of the carts ${cartIds.join(', ')} cannot be read`;

/** The equal carts that may own an order which this cart lacks. */
function rivals({ groups, record, equalCarts }: Evidence): readonly OpenEqualCart[] {
  if (groups === undefined) return equalCarts;
  const missing = missingGroups(groups, record);
  return equalCarts.filter((equalCart) => missing.some(({ content }) => lacks(equalCart, content)));
}

/** Before its next try an equal cart tells nothing new, unless a person decides on it. */
function nextNews(equalCarts: readonly OpenEqualCart[], now: number, { times }: ReconcileRules): number {
  const next = Math.min(...equalCarts.map(({ record }) => record.nextTry ?? 0));
  return Math.min(Math.max(next, now) + times.inProgressLater, now + times.askedRetry);
}

function canStillRepeat(
  { record: equalCart, stopped }: OpenEqualCart,
  now: number,
  rules: ReconcileRules,
): boolean {
  return (
    !stopped &&
    rules.repeatOrderedCart &&
    isRepeatOpen(equalCart) &&
    // guard: Evidence: equal carts that repeat soon or never are not waited for for ever
    (!isSoonOrNever(equalCart) || now < listLagEnd(equalCart, rules.times)) &&
    equalCart.attempts < rules.maxAttempts &&
    isInTimeToRepeat({ record: equalCart, now }, rules) &&
    equalCart.asked?.kind !== 'needs-decision' &&
    equalCart.gaveUp !== true &&
    !isLate(equalCart.job.notAfter, now)
  );
}

/** Its cart is gone, or its repeat was refused: if a reconciliation does not repeat soon, it waits as well, and perhaps for this very cart. */
const isSoonOrNever = ({ goneSince, repeated }: CheckoutRecord): boolean =>
  goneSince !== undefined || repeated !== undefined;

/**
 * Candidates for the missing groups. They are contested when an open equal cart may own one, when there are more than we miss, or
 * while the cart is active. Of a cart that is gone, those too that somebody may have bought before our first send.
 */
function assign(
  missing: readonly KnownGroup[],
  evidence: Evidence,
  rules: ReconcileRules,
): { readonly assigned: readonly Order[]; readonly contested: boolean } {
  const { record, cart, unowned, equalCarts, unreadable } = evidence;
  const status = statusOf(evidence);
  const assigned: Order[] = [];
  for (const content of new Set(missing.map((group) => group.content))) {
    const candidates = unowned.filter((order) => contentOf(order) === content);
    if (candidates.length === 0) continue;
    const wanted = missing.filter((group) => group.content === content).length;
    // guard: Evidence: more candidates than groups are contested
    if (candidates.length > wanted) return { assigned: [], contested: true };
    if (unreadable.length > 0) return { assigned: [], contested: true };
    // guard: Evidence: an open equal cart may own what is found
    if (equalCarts.some((equalCart) => lacks(equalCart, content))) return { assigned: [], contested: true };
    // A cart that is active was not bought as a whole, whatever its call was answered: somebody may have bought the same by hand.
    // guard: Evidence: a listed order beside an active cart is contested
    if (cart === 'active' && status !== 'ordered') return { assigned: [], contested: true };
    if (status === 'gone' && !candidates.every((order) => isSurelyLater(order, record, rules)))
      return { assigned: [], contested: true };
    assigned.push(...candidates);
  }
  return { assigned, contested: false };
}

/** Nobody can have made this order before our first send, however far the clocks differ. */
const isSurelyLater = ({ created }: Order, record: CheckoutRecord, { times }: ReconcileRules): boolean =>
  created !== undefined && created.earliest >= surelyAfterFirstSend(record, times);

/**
 * Whether a missing group may have an order whose lines differ from the cart's: the API has answered this cart with an order
 * of no group, or an order in the list is neither ours nor an equal cart's.
 */
function mayDiffer(
  { groups = [], record, unowned, equalCarts }: Evidence,
  assigned: readonly Order[],
): boolean {
  const ofAnswers = record.orders.map((orderSummary) => orderSummary.content);
  const ofGroups = groups.map((group) => group.content);
  if (extra(ofAnswers, ofGroups).length > 0) return true;
  const others = unowned.filter((order) => !assigned.includes(order)).map(contentOf);
  const ofEqualCarts = equalCarts.flatMap((equalCart) =>
    missingGroups(equalCart.groups ?? [], equalCart.record),
  );
  return (
    extra(
      others,
      ofEqualCarts.map((group) => group.content),
    ).length > 0
  );
}

/** What is left of `contents` when each of `known` has taken one. */
function extra(contents: readonly string[], known: readonly string[]): readonly string[] {
  const left = [...contents];
  for (const content of known) {
    const index = left.indexOf(content);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}

function lacks({ record, groups }: OpenEqualCart, content: string): boolean {
  if (groups === undefined) return true;
  return missingGroups(groups, record).some((group) => group.content === content);
}

/** Other carts that a reconciliation reads at most: each read takes a call that other customers could have. */
export const maxEqualCartReads = 20;

/**
 * The equal carts that a reconciliation reads. It begins with the one after its own, so that reconciliations of many carts of a customer do not
 * all read the same ones. A cart that was not found is known to hold anything.
 */
export function equalCartsToRead(
  own: string,
  equalCarts: readonly CheckoutRecord[],
): readonly CheckoutRecord[] {
  const unknown = equalCarts.filter(
    ({ groups, goneSince }) => groups === undefined && goneSince === undefined,
  );
  const sorted = unknown.toSorted((one, other) => (cartIdOf(one) < cartIdOf(other) ? -1 : 1));
  const after = sorted.filter((equalCart) => cartIdOf(equalCart) > own);
  return [...after, ...sorted.filter((equalCart) => cartIdOf(equalCart) <= own)].slice(0, maxEqualCartReads);
}

/**
 * Until when a repeat may leave. Undefined: it is no repeat of a call that the API must remember. A person has allowed it, or
 * the cart is active and the list shows that nothing was bought.
 */
export function repeatDeadline(
  { record, now }: Pick<Evidence, 'record' | 'now'>,
  rules: ReconcileRules,
): number | undefined {
  return isInTimeToRepeat({ record, now }, rules) ? repeatEnd(record, rules.times) : undefined;
}

/** What a cart that a repeat was sent for looked like before. */
export const isOrdered = (evidence: Pick<Evidence, 'record' | 'cart'>): boolean =>
  statusOf(evidence) === 'ordered';

function repeatAfterInFlight({ record, now }: Evidence, { times }: ReconcileRules): Reconciliation {
  const idleAt = inFlightEnd(record, times);
  // guard: Evidence: no repeat within the window
  if (now < idleAt) return { kind: 'reschedule', until: idleAt, why: 'an earlier call may still run' };
  return { kind: 'repeat' };
}

const awaitList = (until: number): Reconciliation => ({
  kind: 'reschedule',
  until,
  why: 'the order list may lag',
});

const untilGone = (until: number, listCompleteAt: number): Reconciliation =>
  until <= listCompleteAt
    ? awaitList(until)
    : { kind: 'reschedule', until, why: 'the cart was not found, and is looked for once more' };

export interface Rules {
  /** Attempts that may fail before a person is asked. */
  readonly maxAttempts: number;
  /** Whether a cart that is ordered, its orders unknown, may be checked out again: both documented contracts answer without buying. */
  readonly repeatOrderedCart: boolean;
}

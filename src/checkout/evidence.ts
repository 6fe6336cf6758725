import type { Order } from '../orders/order.ts';
import type { Times } from '../times.ts';
import { copyIsLost, isLate } from './claim.ts';
import type { CheckoutRecord, KnownGroup } from './record.ts';
import { contentOf } from './settle.ts';
import { quietEnd, repeatEnd, surelyAfterFirstSend, windowEnd } from './window.ts';

/** Another record of this customer that may have been bought too, and lacks an order: it may own what we found. */
export interface OpenTwin {
  readonly record: CheckoutRecord;
  /** Its batch is stopped: it will not be repeated. */
  readonly stopped: boolean;
  /** Undefined: its cart cannot be read, and may hold anything. */
  readonly groups: readonly KnownGroup[] | undefined;
  /** Its cart was not read this time, because a look reads only a few. */
  readonly unread?: boolean;
}

/** What a look found out. */
export interface Findings {
  /** When the look began: window and quiet are judged as of then. */
  readonly now: number;
  readonly record: CheckoutRecord;
  /** Its batch is stopped: as past its time, it is found out and never repeated. */
  readonly stopped: boolean;
  readonly cart: 'active' | 'ordered' | 'gone';
  /** Undefined: the cart is gone, and was never read before. */
  readonly groups: readonly KnownGroup[] | undefined;
  /** Orders of no record, made since shortly before the first send. */
  readonly unowned: readonly Order[];
  readonly twins: readonly OpenTwin[];
  /** Carts of this customer whose records cannot be read: each may hold anything. */
  readonly unreadable: readonly string[];
}

export interface LookRules {
  readonly times: Pick<
    Times,
    | 'lease'
    | 'callTimeout'
    | 'window'
    | 'quiet'
    | 'lookBack'
    | 'repeatWithin'
    | 'goneConfirm'
    | 'reviveAfter'
    | 'inProgressLater'
    | 'askedRetry'
  >;
  readonly repeatOrderedCart: boolean;
  readonly maxAttempts: number;
}

export type LookVerdict =
  | { readonly kind: 'repeat' }
  | { readonly kind: 'park'; readonly until: number; readonly why: string }
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
export function weigh(findings: Findings, rules: LookRules): LookVerdict {
  const { record, groups, now } = findings;
  const status = statusOf(findings);
  const quietAt = quietEnd(record, rules.times);

  if (groups === undefined) {
    // A cart that is gone, and that nobody read in time: any order could be its own.
    if (findings.unowned.length > 0) return unsettled(findings, rules);
    const goneAt = goneFrom(findings, rules.times);
    if (now < goneAt) return untilGone(goneAt, quietAt);
    if (record.orders.length === 0) return { kind: 'nothing', why: 'gone' };
    // What else it held, nobody can say any more: its orders stay, and a person hears of it.
    return { kind: 'found', orders: [], missing: [{ group: '*', content: '' }] };
  }

  const missing = missingGroups(groups, record);
  if (missing.length === 0) return { kind: 'found', orders: [], missing: [] };
  // The answer of the API itself is conclusive, and a list is not: somebody may have bought the same by hand.
  if (repeatsFirst(findings, rules)) return repeatAfterWindow(findings, rules);
  const { assigned, contested } = assign(missing, findings, rules);
  if (contested)
    return mayRepeat(findings, rules) ? repeatAfterWindow(findings, rules) : unsettled(findings, rules);
  return status === 'active' && record.orders.length === 0
    ? notBoughtYet(findings, rules)
    : conclude(findings, rules, missing, assigned);
}

/** The groups of the cart for which the record has no order. */
export const missingGroups = (
  groups: readonly KnownGroup[],
  { orders }: Pick<CheckoutRecord, 'orders'>,
): readonly KnownGroup[] =>
  groupsWithoutOrder(
    groups,
    orders.map((mark) => mark.content),
  );

/** The cart is ordered, and a repeat is still answered without buying: nothing is concluded before it. */
export function repeatsFirst(findings: Omit<Findings, 'twins' | 'unreadable'>, rules: LookRules): boolean {
  return statusOf(findings) === 'ordered' && mayRepeat(findings, rules);
}

/** Active, and no order can be its own. */
function notBoughtYet(findings: Findings, rules: LookRules): LookVerdict {
  const { record, now } = findings;
  const quietAt = quietEnd(record, rules.times);
  if (isOver(findings)) return now < quietAt ? quiet(quietAt) : { kind: 'nothing', why: 'too-late' };
  if (record.attempts >= rules.maxAttempts) return unsettled(findings, rules);
  // Past the time of a repeat the list must show that nothing was bought. Then this is a new call, and no repeat.
  if (!isInTimeToRepeat(findings, rules) && now < quietAt) return quiet(quietAt);
  return repeatAfterWindow(findings, rules);
}

/** No candidate is contested. These are all that there are, once the list is quiet. */
function conclude(
  findings: Findings,
  rules: LookRules,
  missing: readonly KnownGroup[],
  assigned: readonly Order[],
): LookVerdict {
  const { record, now } = findings;
  const status = statusOf(findings);
  const quietAt = quietEnd(record, rules.times);
  const stillMissing = groupsWithoutOrder(missing, assigned.map(contentOf));
  if (stillMissing.length === 0) {
    const isProof = status === 'ordered' && assigned.every((order) => isSurelyLater(order, record, rules));
    return isProof || now >= quietAt ? { kind: 'found', orders: assigned, missing: [] } : quiet(quietAt);
  }
  const foundNone = record.orders.length === 0 && assigned.length === 0;
  if (foundNone && status === 'ordered') return unsettled(findings, rules);
  if (status === 'gone') {
    const goneAt = goneFrom(findings, rules.times);
    // guard: Evidence: quiet before gone means not bought
    if (now < goneAt) return untilGone(goneAt, quietAt);
  } else {
    // guard: Evidence: quiet before some groups count as failed
    if (now < quietAt) return quiet(quietAt);
  }
  if (mayDiffer(findings, assigned)) return unsettled(findings, rules);
  return foundNone
    ? { kind: 'nothing', why: 'gone' }
    : { kind: 'found', orders: assigned, missing: stillMissing };
}

/** Past its time, or stopped: it is not sent again. */
const isOver = ({ record, stopped, now }: Pick<Findings, 'record' | 'stopped' | 'now'>): boolean =>
  stopped || isLate(record.job.notAfter, now);

/** The repeat's answer stands in place of the cart's status: else its repeats would put off quiet for ever. */
function statusOf({ record, cart }: Pick<Findings, 'record' | 'cart'>): Findings['cart'] {
  const { repeated } = record;
  if (repeated === undefined) return cart;
  if (repeated.as === 'already-done') return 'ordered';
  return repeated.as === 'refused-once' && cart === 'ordered' ? 'ordered' : 'gone';
}

/**
 * From when on a gone cart counts as gone. One 404 proves nothing: the cart must be missing a second time, later, and after
 * the order list has caught up with the last send. A refusal for good needs the list alone.
 */
export function goneFrom({ record, cart, now }: Findings, times: LookRules['times']): number {
  const quietAt = quietEnd(record, times);
  if (cart !== 'gone' || record.repeated?.as === 'refused') return quietAt;
  return Math.max(quietAt, (record.goneSince ?? now) + times.goneConfirm);
}

/** Both documented contracts answer a repeat without buying: the orders, or 800065. A cart that is gone cannot. */
function mayRepeat(findings: Omit<Findings, 'twins' | 'unreadable'>, rules: LookRules): boolean {
  const { record, cart } = findings;
  return (
    // guard: Evidence: the setting that allows the repeat of an ordered cart
    rules.repeatOrderedCart &&
    isUntold(record) &&
    cart !== 'gone' &&
    record.attempts < rules.maxAttempts &&
    isInTimeToRepeat(findings, rules) &&
    // guard: Too late: nothing is sent past notAfter, a repeat neither
    !isOver(findings)
  );
}

/** The API is trusted to remember the last call. */
const isInTimeToRepeat = (
  { record, now }: Pick<Findings, 'record' | 'now'>,
  { times }: Pick<LookRules, 'times'>,
): boolean => now <= repeatEnd(record, times);

/** No answer has told yet what a repeat could tell. */
const isUntold = ({ repeated }: CheckoutRecord): boolean =>
  repeated === undefined || repeated.as === 'refused-once';

/** The repeat left it open, or there can be none: wait for the twins, then for quiet, then ask a person. */
function unsettled(findings: Findings, rules: LookRules): LookVerdict {
  const { record, now, unreadable } = findings;
  const twins = rivals(findings);
  const awaited = twins.filter((twin) => canStillRepeat(twin, now, rules));
  // guard: Evidence: a twin that can still repeat is waited for
  if (awaited.length > 0)
    return { kind: 'park', until: nextNews(awaited, now, rules), why: 'an equal cart is being found out' };
  const quietAt = Math.max(
    ...[record, ...twins.map((twin) => twin.record)].map((one) => quietEnd(one, rules.times)),
  );
  if (now < quietAt) return quiet(quietAt);
  if (record.repeatAllowed === true) return afterDenial(findings);
  if (twins.some((twin) => twin.unread === true))
    return {
      kind: 'park',
      until: now + rules.times.inProgressLater,
      why: 'carts of this customer are still to be read',
    };
  const why = 'the answers of Partner Center do not tell whether this cart was bought';
  return { kind: 'ask', why: unreadable.length === 0 ? why : `${why}, and ${unreadableInWords(unreadable)}` };
}

/** A person said that it was not bought: it is sent once more, unless its time is over or its repeat was refused for good. */
function afterDenial(findings: Findings): LookVerdict {
  const { groups = [{ group: '*', content: '' }], record } = findings;
  const why = isOver(findings)
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

/** The twins that may own an order which this cart lacks. */
function rivals({ groups, record, twins }: Findings): readonly OpenTwin[] {
  if (groups === undefined) return twins;
  const missing = missingGroups(groups, record);
  return twins.filter((twin) => missing.some(({ content }) => lacks(twin, content)));
}

/** Before its next try a twin tells nothing new, unless a person decides on it. */
function nextNews(twins: readonly OpenTwin[], now: number, { times }: LookRules): number {
  const next = Math.min(...twins.map(({ record }) => record.nextTry ?? 0));
  return Math.min(Math.max(next, now) + times.inProgressLater, now + times.askedRetry);
}

function canStillRepeat({ record: twin, stopped }: OpenTwin, now: number, rules: LookRules): boolean {
  return (
    !stopped &&
    rules.repeatOrderedCart &&
    isUntold(twin) &&
    twin.attempts < rules.maxAttempts &&
    isInTimeToRepeat({ record: twin, now }, rules) &&
    twin.asked?.kind !== 'needs-decision' &&
    twin.gaveUp !== true &&
    !isLate(twin.job.notAfter, now) &&
    !copyIsLost(twin, now, rules.times)
  );
}

/**
 * Candidates for the missing groups. They are contested when an open twin may own one, when there are more than we miss, or
 * while the cart is active. Of a cart that is gone, those too that somebody may have bought before our first send.
 */
function assign(
  missing: readonly KnownGroup[],
  findings: Findings,
  rules: LookRules,
): { readonly assigned: readonly Order[]; readonly contested: boolean } {
  const { record, unowned, twins, unreadable } = findings;
  const status = statusOf(findings);
  const assigned: Order[] = [];
  for (const content of new Set(missing.map((group) => group.content))) {
    const candidates = unowned.filter((order) => contentOf(order) === content);
    if (candidates.length === 0) continue;
    const wanted = missing.filter((group) => group.content === content).length;
    // guard: Evidence: more candidates than groups are contested
    if (candidates.length > wanted) return { assigned: [], contested: true };
    if (unreadable.length > 0) return { assigned: [], contested: true };
    // guard: Evidence: an open twin may own what is found
    if (twins.some((twin) => lacks(twin, content))) return { assigned: [], contested: true };
    if (status === 'active') return { assigned: [], contested: true };
    if (status === 'gone' && !candidates.every((order) => isSurelyLater(order, record, rules)))
      return { assigned: [], contested: true };
    assigned.push(...candidates);
  }
  return { assigned, contested: false };
}

/** Nobody can have made this order before our first send, however far the clocks differ. */
const isSurelyLater = ({ created }: Order, record: CheckoutRecord, { times }: LookRules): boolean =>
  created !== undefined && created.earliest >= surelyAfterFirstSend(record, times);

/**
 * Whether a missing group may have an order whose lines differ from the cart's: the API has answered this cart with an order
 * of no group, or an order in the list is neither ours nor a twin's.
 */
function mayDiffer({ groups = [], record, unowned, twins }: Findings, assigned: readonly Order[]): boolean {
  const ofAnswers = record.orders.map((mark) => mark.content);
  const ofGroups = groups.map((group) => group.content);
  if (extra(ofAnswers, ofGroups).length > 0) return true;
  const others = unowned.filter((order) => !assigned.includes(order)).map(contentOf);
  const ofTwins = twins.flatMap((twin) => missingGroups(twin.groups ?? [], twin.record));
  return (
    extra(
      others,
      ofTwins.map((group) => group.content),
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

function lacks({ record, groups }: OpenTwin, content: string): boolean {
  if (groups === undefined) return true;
  return missingGroups(groups, record).some((group) => group.content === content);
}

/** The groups that are left when each of these contents has filled one. */
export function groupsWithoutOrder(
  groups: readonly KnownGroup[],
  contents: readonly string[],
): readonly KnownGroup[] {
  const left = [...groups];
  for (const content of contents) {
    const index = left.findIndex((group) => group.content === content);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}

/** Other carts that a look reads at most: each read takes a call that other customers could have. */
export const maxTwinReads = 20;

/**
 * The twins whose carts a look reads. It begins with the one after its own, so that looks at many carts of a customer do not
 * all read the same ones. A cart that was not found is known to hold anything.
 */
export function twinsToRead(own: string, twins: readonly CheckoutRecord[]): readonly CheckoutRecord[] {
  const unknown = twins.filter(({ groups, goneSince }) => groups === undefined && goneSince === undefined);
  const sorted = unknown.toSorted((one, other) => (one.cartId < other.cartId ? -1 : 1));
  const after = sorted.filter(({ cartId }) => cartId > own);
  return [...after, ...sorted.filter(({ cartId }) => cartId <= own)].slice(0, maxTwinReads);
}

/**
 * Until when a repeat may leave. Undefined: it is no repeat of a call that the API must remember. A person has allowed it, or
 * the cart is active and the list shows that nothing was bought.
 */
export function repeatDeadline(
  { record, now }: Pick<Findings, 'record' | 'now'>,
  rules: LookRules,
): number | undefined {
  return isInTimeToRepeat({ record, now }, rules) ? repeatEnd(record, rules.times) : undefined;
}

/** What a cart that a repeat was sent for looked like before. */
export const isOrdered = (findings: Pick<Findings, 'record' | 'cart'>): boolean =>
  statusOf(findings) === 'ordered';

function repeatAfterWindow({ record, now }: Findings, { times }: LookRules): LookVerdict {
  const idleAt = windowEnd(record, times);
  // guard: Evidence: no repeat within the window
  if (now < idleAt) return { kind: 'park', until: idleAt, why: 'an earlier call may still run' };
  return { kind: 'repeat' };
}

const quiet = (until: number): LookVerdict => ({ kind: 'park', until, why: 'the order list may lag' });

const untilGone = (until: number, quietAt: number): LookVerdict =>
  until <= quietAt
    ? quiet(until)
    : { kind: 'park', until, why: 'the cart was not found, and is looked for once more' };

import type { Order } from '../orders/order.ts';
import type { Times } from '../times.ts';
import { copyIsLost, isLate } from './claim.ts';
import type { CheckoutRecord, KnownGroup } from './record.ts';
import { contentOf } from './settle.ts';
import { quietEnd, windowEnd } from './window.ts';

/** Another record of this customer that may have been bought too, and lacks an order: it may own what we found. */
export interface OpenTwin {
  readonly record: CheckoutRecord;
  /** Its batch is stopped: it will not be repeated. */
  readonly stopped: boolean;
  /** Undefined: its cart cannot be read, and may hold anything. */
  readonly groups: readonly KnownGroup[] | undefined;
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
}

export interface LookRules {
  readonly times: Pick<
    Times,
    'lease' | 'callTimeout' | 'window' | 'quiet' | 'reviveAfter' | 'inProgressLater' | 'askedRetry'
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
  | { readonly kind: 'nothing'; readonly why: 'gone' | 'too-late' };

/** What the evidence says about a cart that may have been bought. */
export function weigh(findings: Findings, rules: LookRules): LookVerdict {
  const { record, groups, now } = findings;
  const status = statusOf(findings);
  const idleAt = windowEnd(record, rules.times);
  const quietAt = quietEnd(record, rules.times);
  const late = isOver(findings);

  if (groups === undefined) {
    // A cart that is gone, and that nobody read in time: any order could be its own.
    if (findings.unowned.length > 0) return unsettled(findings, rules);
    if (now < quietAt) return quiet(quietAt);
    if (record.orders.length === 0) return { kind: 'nothing', why: 'gone' };
    // What else it held, nobody can say any more: its orders stay, and a person hears of it.
    return { kind: 'found', orders: [], missing: [{ group: '*', content: '' }] };
  }

  const missing = groupsWithoutOrder(
    groups,
    record.orders.map((mark) => mark.content),
  );
  if (missing.length === 0) return { kind: 'found', orders: [], missing: [] };
  const { assigned, contested } = assign(missing, findings);
  if (contested) return mayRepeat(findings, rules) ? repeatAfter(idleAt, now) : unsettled(findings, rules);

  const stillMissing = groupsWithoutOrder(missing, assigned.map(contentOf));
  if (stillMissing.length === 0) return { kind: 'found', orders: assigned, missing: [] };
  if (record.orders.length === 0 && assigned.length === 0) {
    if (status === 'active') {
      if (late) return now < quietAt ? quiet(quietAt) : { kind: 'nothing', why: 'too-late' };
      if (record.attempts >= rules.maxAttempts) return unsettled(findings, rules);
      return repeatAfter(idleAt, now);
    }
    if (status === 'ordered')
      return mayRepeat(findings, rules) ? repeatAfter(idleAt, now) : unsettled(findings, rules);
    // guard: Evidence: quiet before gone means not bought
    if (now < quietAt) return quiet(quietAt);
    return { kind: 'nothing', why: 'gone' };
  }
  // guard: Evidence: quiet before some groups count as failed
  if (now < quietAt) return quiet(quietAt);
  return { kind: 'found', orders: assigned, missing: stillMissing };
}

/** Past its time, or stopped: it is not sent again. */
const isOver = ({ record, stopped, now }: Findings): boolean => stopped || isLate(record.job.notAfter, now);

/** The repeat's answer stands in place of the cart's status: else its repeats would put off quiet for ever. */
function statusOf({ record, cart }: Findings): Findings['cart'] {
  const { repeated } = record;
  if (repeated === undefined) return cart;
  if (repeated.as === 'already-done') return 'ordered';
  return repeated.as === 'refused-once' && cart === 'ordered' ? 'ordered' : 'gone';
}

/** Both documented contracts answer a repeat without buying: the orders, or 800065. A cart that is gone cannot. */
function mayRepeat(findings: Findings, rules: LookRules): boolean {
  const { record, cart } = findings;
  return (
    // guard: Evidence: the setting that allows the repeat of an ordered cart
    rules.repeatOrderedCart &&
    isUntold(record) &&
    cart !== 'gone' &&
    record.attempts < rules.maxAttempts &&
    // guard: Too late: nothing is sent past notAfter, a repeat neither
    !isOver(findings)
  );
}

/** No answer has told yet what a repeat could tell. */
const isUntold = ({ repeated }: CheckoutRecord): boolean =>
  repeated === undefined || repeated.as === 'refused-once';

/** The repeat left it open, or there can be none: wait for the twins, then for quiet, then ask a person. */
function unsettled(findings: Findings, rules: LookRules): LookVerdict {
  const { record, twins, now } = findings;
  const awaited = twins.filter((twin) => canStillRepeat(twin, now, rules));
  // guard: Evidence: a twin that can still repeat is waited for
  if (awaited.length > 0)
    return { kind: 'park', until: nextNews(awaited, now, rules), why: 'an equal cart is being found out' };
  const quietAt = Math.max(
    ...[record, ...twins.map((twin) => twin.record)].map((one) => quietEnd(one, rules.times)),
  );
  if (now < quietAt) return quiet(quietAt);
  if (record.repeatAllowed === true && !isOver(findings)) return { kind: 'repeat' };
  return { kind: 'ask', why: 'the answers of Partner Center do not tell whether this cart was bought' };
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
    twin.asked?.kind !== 'needs-decision' &&
    twin.gaveUp !== true &&
    !isLate(twin.job.notAfter, now) &&
    !copyIsLost(twin, now, rules.times)
  );
}

/** Candidates for the missing groups; contested when an open twin may own one, or when there are more than we miss. */
function assign(
  missing: readonly KnownGroup[],
  { unowned, twins }: Findings,
): { readonly assigned: readonly Order[]; readonly contested: boolean } {
  const assigned: Order[] = [];
  for (const content of new Set(missing.map((group) => group.content))) {
    const candidates = unowned.filter((order) => contentOf(order) === content);
    const wanted = missing.filter((group) => group.content === content).length;
    // guard: Evidence: more candidates than groups are contested
    if (candidates.length > wanted) return { assigned: [], contested: true };
    // guard: Evidence: an open twin may own what is found
    if (candidates.length > 0 && twins.some((twin) => lacks(twin, content)))
      return { assigned: [], contested: true };
    assigned.push(...candidates);
  }
  return { assigned, contested: false };
}

function lacks({ record, groups }: OpenTwin, content: string): boolean {
  if (groups === undefined) return true;
  return groupsWithoutOrder(
    groups,
    record.orders.map((mark) => mark.content),
  ).some((group) => group.content === content);
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

function repeatAfter(idleAt: number, now: number): LookVerdict {
  // guard: Evidence: no repeat within the window
  if (now < idleAt) return { kind: 'park', until: idleAt, why: 'an earlier call may still run' };
  return { kind: 'repeat' };
}

const quiet = (until: number): LookVerdict => ({ kind: 'park', until, why: 'the order list may lag' });

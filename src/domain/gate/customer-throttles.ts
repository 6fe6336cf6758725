/** Customers that Partner Center throttles alone: the judgement of a 429, before it closes the gate for all. */
import { type GateSettings, minClosedMs } from './gate-settings.ts';

/** A customer that met a 429 while others passed. Times are the storage's. */
export interface ThrottledCustomer {
  readonly customer: string;
  /** Its last 429. */
  readonly at: number;
  /** Until when it was asked to wait. */
  readonly until: number;
  /** How many in a row, later ones after the calls that were under way at the first. */
  readonly times: number;
  /** It passed again since: then the limit it met is not its own. `until` is obeyed all the same. */
  readonly passed: boolean;
}

/** How many are remembered. More at one time are no matter of single customers. */
const most = 8;

export interface Judged {
  readonly alone: boolean;
  readonly throttledCustomers: readonly ThrottledCustomer[];
}

/**
 * Partner Center limits some calls per partner, others per partner and customer, and does not say which limit a 429
 * met. A customer alone is meant while others pass, no other customer met one lately, and the customer itself does not
 * pass again soon after. A customer refused twice in a row while others passed is known to have a limit of its own, and
 * its 429s say nothing of the others'.
 */
export function judge429(
  known: readonly ThrottledCustomer[],
  customer: string,
  now: number,
  until: number,
  openedAt: number,
  othersPassed: number | undefined,
  settings: GateSettings,
): Judged {
  // A Retry-After may be longer than what is remembered of a customer.
  const recent = known.filter((one) => one.at > now - 15 * settings.minuteMs || one.until > now);
  const before = recent.find((throttled) => throttled.customer === customer);
  const others = recent.filter((throttled) => throttled !== before);
  const straggles = before !== undefined && now < before.at + minClosedMs(settings);
  const times = before === undefined || before.passed ? 1 : before.times + (straggles ? 0 : 1);
  // A Retry-After that is longer than this one's is still to be obeyed, also after a call that was under way has passed.
  const heldUntil = before?.until ?? 0;
  const at = straggles ? before.at : now;
  const throttled = { customer, at, until: Math.max(until, heldUntil), times, passed: false };

  const since = Math.max(openedAt, now - 5 * settings.minuteMs);
  const general = recent.some(({ passed, at }) => passed && at > since);
  const otherToo = others.some((other) => other.times < 2 && other.at > since);
  const passLately = othersPassed !== undefined && othersPassed > now - settings.minuteMs / 2;
  return {
    alone: passLately && !general && !otherToo,
    throttledCustomers: [...others, throttled].slice(-most),
  };
}

/** The same list, itself, unless the customer is in it and passed though it was refused a while ago. */
export function withPass(
  known: readonly ThrottledCustomer[],
  customer: string,
  now: number,
  settings: GateSettings,
): readonly ThrottledCustomer[] {
  const grace = minClosedMs(settings);
  const clears = (throttled: ThrottledCustomer) =>
    throttled.customer === customer && !throttled.passed && now > throttled.at + grace;
  return known.some(clears)
    ? known.map((throttled) => (clears(throttled) ? { ...throttled, passed: true, times: 0 } : throttled))
    : known;
}

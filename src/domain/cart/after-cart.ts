/** What follows from an answer about a cart: the next action of a job with order lines. Pure. */

import { lookUp } from '../checkout/api-errors.ts';
import { withJitter } from '../checkout/deadlines.ts';
import { type Context, type FinalAction, orAlarm, whenAsked } from '../checkout/next-action.ts';
import type { CheckoutRecord, Reason } from '../checkout/record.ts';
import type { Stop } from './next-cart-step.ts';

/**
 * What follows when a job with lines cannot go on to its checkout. Pure. Nothing of its cart was bought: it was never sent, or
 * evidence has just said so. A `wait` of an unresolved job leaves it unresolved.
 */
export const cartFailed = (stop: Stop, { now }: Context): FinalAction => ({
  kind: 'record-result',
  result: { orders: [], failedGroups: [], reason: { ...stop, at: now } },
});

/** A person has to look. The cart is made again at the next wake-up, so a price that has come is seen. */
export function cartHeld(stop: Stop | Reason, context: Context): FinalAction {
  const reason: Reason = { ...stop, at: context.now };
  return {
    kind: 'escalate',
    question: { kind: 'needs-decision', reason },
    to: { step: 'wait', at: whenAsked(context), why: stop.description, change: { reason } },
  };
}

/** Nothing can be asked now. Another cart costs nothing, so there is no limit to the tries; after a day a person hears of it. */
export function cartLater(record: CheckoutRecord, at: number, why: string, context: Context): FinalAction {
  const reason: Reason = {
    code: 'no-cart-yet',
    description: `The cart of this order is not made yet: ${why}.`,
    remedy: 'Nothing to do: the worker keeps trying. It buys nothing until every line is checked.',
    at: context.now,
  };
  const to = {
    step: 'wait' as const,
    at,
    why,
    change: { reason, reconciliations: record.reconciliations + 1 },
  };
  return orAlarm(record, to, reason, context);
}

/** The catalogue lists what a cart has just refused. Every such wait is counted: the catalogue is believed in the end. */
export function catalogueLags(record: CheckoutRecord, context: Context): FinalAction {
  const why = 'Partner Center keeps refusing availabilities that it has just listed';
  const counted = { ...record, catalogueWaits: (record.catalogueWaits ?? 0) + 1 };
  const later = cartLater(counted, context.now + context.times.inProgressLater, why, context);
  return 'to' in later
    ? {
        ...later,
        to: { ...later.to, change: { ...later.to.change, catalogueWaits: counted.catalogueWaits } },
      }
    : later;
}

/** Partner Center refuses the request as a whole, not one line of it. */
export function cartRefused(record: CheckoutRecord, reason: Reason, context: Context): FinalAction {
  const { now, times, fraction } = context;
  const { action } = lookUp(reason.status ?? 0, reason.code);
  const later = (pause: number): FinalAction =>
    cartLater(record, now + withJitter(pause, fraction), reason.description, context);
  switch (action) {
    case 'slow':
      return later(times.slowRetry);
    case 'partner-wide':
    case 'credential':
    case 'renew-token':
      return later(times.partnerRetry);
    case 'in-progress':
    case 'unknown':
    case 'throttled':
    case 'already-done':
      return later(times.inProgressLater);
    case 'person':
      return cartHeld(reason, context);
    case 'stale-item':
    case 'permanent':
      return { kind: 'record-result', result: { orders: [], failedGroups: [], reason } };
  }
}

/** The whole request was refused because an availability in it is gone. */
export const isStaleItem = (reason: Reason): boolean =>
  lookUp(reason.status ?? 0, reason.code).action === 'stale-item';

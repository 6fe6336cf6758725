import { type Decision, type Delivery, ticketAfter } from '../message/delivery.ts';
import type { Times } from '../times.ts';
import { type CheckoutRecord, isInDoubt, isSettled, takesDecision } from './record.ts';

/** What a delivery may do with the record that it found. The order of the rules is the protocol's: see docs/protocol.md. */
export type Claim =
  | { readonly kind: 'insert' }
  | { readonly kind: 'decide'; readonly decision: Decision }
  /** Ordered or final: finish what may be unfinished, never submit. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'twin' }
  /** The record's own copy was lost: this twin sends it again. */
  | { readonly kind: 'revive' }
  | { readonly kind: 'leased'; readonly until: number }
  | { readonly kind: 'early'; readonly until: number }
  /** `inDoubt`: the cart may have been bought, so evidence comes before any POST. */
  | { readonly kind: 'take-over'; readonly inDoubt: boolean };

export function decideClaim(
  record: CheckoutRecord | undefined,
  delivery: Delivery,
  now: number,
  times: Pick<Times, 'reviveAfter'>,
): Claim {
  if (record === undefined) return { kind: 'insert' };
  if (delivery.decision !== undefined && applies(delivery.decision, record, delivery.ticket, now))
    return { kind: 'decide', decision: delivery.decision };
  // guard: Claim: settled is never submitted
  if (isSettled(record.state)) return { kind: 'settled' };
  // guard: Claim: an older ticket is a twin
  if (delivery.ticket < record.ticket) {
    // guard: Claim: a lost copy is revived
    if (copyIsLost(record, now, times)) return { kind: 'revive' };
    return { kind: 'twin' };
  }
  const leasedUntil = leaseEnd(record, now);
  // guard: Claim: a lease of another is waited for
  if (leasedUntil !== undefined) return { kind: 'leased', until: leasedUntil };
  // guard: Claim: a copy before its next try is parked again
  if (record.nextTry !== undefined && record.nextTry > now && delivery.found.length === 0)
    return { kind: 'early', until: record.nextTry };
  return {
    kind: 'take-over',
    // guard: Claim: evidence when it may have been bought [replace: false]
    inDoubt: isInDoubt(record.state),
  };
}

/** A decision counts only for the record that the person saw, and only once: its ticket is used up by it. */
function applies(decision: Decision, record: CheckoutRecord, ticket: number, now: number): boolean {
  // guard: People: a decision counts once, for the record that was seen
  if (record.state !== decision.seen || ticket !== ticketAfter(record.ticket)) return false;
  if (leaseEnd(record, now) !== undefined) return false;
  if (!takesDecision(record.state, decision.decision)) return false;
  return decision.decision !== 'retry' || !isLate(record.job.notAfter, now);
}

/** When the lease of somebody ends; undefined when nobody has it. */
export const leaseEnd = (record: CheckoutRecord, now: number): number | undefined =>
  record.lease !== undefined && record.lease.until > now ? record.lease.until : undefined;

export const isLate = (notAfter: number | undefined, now: number): boolean =>
  notAfter !== undefined && now > notAfter;

/** The copy of a record is lost when nobody has its lease, and its next try is long past. */
export function copyIsLost(record: CheckoutRecord, now: number, times: Pick<Times, 'reviveAfter'>): boolean {
  if (leaseEnd(record, now) !== undefined) return false;
  const due = record.nextTry ?? record.lease?.until ?? record.lastSend;
  return now > due + times.reviveAfter;
}

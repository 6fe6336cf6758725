/**
 * The points in time that follow from a send: in-flight window, list lag, repeat; and the back-off between attempts.
 */

import type { Times } from '../times.ts';
import type { CheckoutRecord } from './record.ts';

type Sent = Pick<CheckoutRecord, 'lastSend' | 'createdAt'>;
type Leaving = Pick<Times, 'lease' | 'callTimeout'>;

/**
 * When the last call for this record has left, if it ever did. The last send is written with the claim, and the call may wait for
 * its permit for as long as the claim still covers all of it.
 */
const leftBy = ({ lastSend, createdAt }: Sent, { lease, callTimeout }: Leaving): number =>
  // guard: Window: it begins when the call may have left last [replace: lastSend ?? createdAt]
  (lastSend ?? createdAt) + lease - callTimeout;

/** From then on no call of ours can be running at Partner Center. */
export const inFlightEnd = (record: Sent, times: Leaving & Pick<Times, 'inFlightWindow'>): number =>
  leftBy(record, times) + times.inFlightWindow;

/** From then on the order list shows what the last call made. */
export const listLagEnd = (record: Sent, times: Leaving & Pick<Times, 'listLag'>): number =>
  leftBy(record, times) + times.listLag;

/** Until then Partner Center is trusted to answer a repeat of the last call without buying. */
export const repeatEnd = (
  { createdAt, lastSend = createdAt }: Sent,
  { repeatWithin }: Pick<Times, 'repeatWithin'>,
): number => lastSend + repeatWithin;

/** The clock of the storage, which was compared with ours, and that of Partner Center may differ by so much. */
const betweenServices = 2_000;

type FirstSend = Pick<CheckoutRecord, 'firstSend' | 'firstSendSkew' | 'firstInDoubt' | 'createdAt'>;

/** By Partner Center's clock: an order that was created before this is none of this record's. */
export const earliestCreation = (
  { createdAt, firstSend = createdAt, firstSendSkew }: FirstSend,
  times: Pick<Times, 'searchOverlap'>,
): number =>
  firstSendSkew === undefined
    ? firstSend - times.searchOverlap
    : firstSend + firstSendSkew.low - Math.min(betweenServices, times.searchOverlap);

/**
 * By Partner Center's clock: an order that was created from then on was created after the first send that may have been
 * executed. Before it, somebody may have bought the same by hand.
 */
export function surelyAfterFirstSend(
  { createdAt, firstSend = createdAt, firstSendSkew, firstInDoubt }: FirstSend,
  times: Pick<Times, 'searchOverlap'>,
): number {
  const sent = firstInDoubt ?? { at: firstSend, skew: firstSendSkew };
  return sent.at + (sent.skew?.high ?? times.searchOverlap);
}

/** Full jitter: anywhere between nothing and a ceiling that doubles with each attempt. */
export function backOff(attempt: number, times: Times, fraction: number): number {
  const ceiling = Math.min(times.backoffMax, times.backoffBase * 2 ** Math.max(0, Math.min(30, attempt - 1)));
  return fraction * ceiling;
}

/** A length of time, up to a tenth longer or shorter: what starts together need not come back together. */
export const withJitter = (ms: number, fraction: number): number => ms * (0.9 + 0.2 * fraction);

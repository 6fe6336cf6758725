/**
 * What a person may decide about a job, and how the decision is written into its record. A delivery carries it out.
 */

import { isLate, leaseEnd } from './claim-rules.ts';
import { type CheckoutRecord, type Decided, type PendingDecision, takesDecision } from './record.ts';

/** What a person decides, before it is written. */
export interface Decision {
  readonly decision: Decided['decision'];
  readonly who: string;
  /** For `orders`: the ids that the person names. */
  readonly orderIds: readonly string[];
}

/** Why this decision cannot be made of this record now; undefined: it can. Pure. */
export function whyNotDecide(
  record: CheckoutRecord,
  { decision }: Decision,
  now: number,
): string | undefined {
  const { state, job, jobKey, asked } = record;
  const leased = leaseEnd(record, now);
  if (leased !== undefined)
    return `a worker has claimed job ${jobKey} until ${new Date(leased).toISOString()}; decide again after that`;
  if (record.decision !== undefined)
    return `${record.decision.who} decided "${record.decision.decision}" of job ${jobKey} at ${new Date(record.decision.at).toISOString()}, and no worker has carried it out yet`;
  const crashed = asked?.code === 'worker-crashed' && decision === 'retry';
  if (!crashed && !takesDecision(state, decision))
    return `job ${jobKey} is ${state}, and "${decision}" is not for that state`;
  if (decision === 'retry' && isLate(job.notAfter, now))
    return `job ${jobKey} is past its notAfter, and nothing is bought after that`;
  return undefined;
}

/** The record with the decision: due now, its counters 0. A delivery carries it out; any result removes it. Pure. */
export function withPendingDecision(record: CheckoutRecord, decision: Decision, now: number): CheckoutRecord {
  const { nextTry, putOffAt, ...rest } = record;
  const { orderIds, ...decided } = { ...decision, at: now };
  const pending: PendingDecision = { ...decided, orderIds };
  return {
    ...rest,
    decision: pending,
    decisions: [...record.decisions, orderIds.length === 0 ? decided : pending],
    unfinishedClaims: 0,
    unansweredSends: 0,
    attentionMayBeOpen: true,
    updatedAt: now,
  };
}

/**
 * The record without its pending decision, which led to a question instead of an outcome. The list of decisions keeps why: the reason of
 * the record soon is that of the next reconciliation. Pure.
 */
export function withoutRefusedDecision(record: CheckoutRecord, refused: string): CheckoutRecord {
  const { decision, ...rest } = record;
  if (decision === undefined) return record;
  const decisions = record.decisions.map((one) => (one.at === decision.at ? { ...one, refused } : one));
  return { ...rest, decisions };
}

/** Whether the record is, for the decision, still as the person saw it: a merged message or batch does not matter. Pure. */
export const isAsSeen = (record: CheckoutRecord, seen: CheckoutRecord): boolean =>
  record.state === seen.state &&
  record.revision === seen.revision &&
  record.lease?.id === seen.lease?.id &&
  record.decision?.at === seen.decision?.at;

/** What became of a job between a person's look and their decision. */
import type { CheckoutRecord } from '../../domain/checkout/record.ts';

/** What is not as the person saw it any more, in one sentence. */
export function whatChanged(seen: CheckoutRecord, now: CheckoutRecord): string {
  const parts = [
    ...(now.state === seen.state ? [] : [`it is ${now.state}, and was ${seen.state}`]),
    ...(now.revision === seen.revision
      ? []
      : [`its record is at revision ${now.revision}, and was at ${seen.revision}`]),
    ...(now.decision?.at === seen.decision?.at ? [] : [decisionOf(now)]),
    ...(now.lease?.id === seen.lease?.id ? [] : [leaseOf(now)]),
  ];
  return `Job ${now.jobKey} has changed: ${parts.join('; ')}. Look at it again, then decide.`;
}

const decisionOf = ({ decision }: CheckoutRecord): string =>
  decision === undefined
    ? 'the decision that was pending is carried out'
    : `${decision.who} decided "${decision.decision}"`;

const leaseOf = ({ lease }: CheckoutRecord): string =>
  lease === undefined
    ? 'the worker that had claimed it is done'
    : `a worker has claimed it until ${new Date(lease.until).toISOString()}`;

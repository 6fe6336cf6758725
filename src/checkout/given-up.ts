import type { CheckoutRecord, FailedGroup } from './record.ts';
import type { Result } from './settle.ts';

/** A person's end of a job: a negative result. Of one that was in doubt the record keeps that it may have been bought. */
export function givenUp(record: CheckoutRecord, who: string, at: number): Result {
  // A record that begins with this end is `submitting`, and nothing of it was sent.
  const inDoubt = record.state === 'unresolved';
  const description = inDoubt
    ? `${who} gave up on this cart; whether it was bought is not known.`
    : `${who} gave up on this cart before ${record.orders.length === 0 ? 'it was bought' : 'all of it was bought'}.`;
  const group: FailedGroup = { group: '*', code: 'given-up', description, retryable: false };
  return {
    orders: [],
    failedGroups:
      record.failedGroups.length > 0 || record.orders.length === 0 ? record.failedGroups : [group],
    reason: {
      ...record.reason,
      code: 'given-up',
      description,
      cure: inDoubt
        ? 'Nothing more is done; a retry looks for its orders first.'
        : 'Nothing more is done; if the cart is wanted after all, retry it.',
      at,
    },
    ...(inDoubt ? { gaveUp: true } : {}),
  };
}

/** Shortens texts that no rule reads, where a row would be too large. */

import { createHash } from 'node:crypto';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { cutText } from '../../domain/text.ts';
import { maxRowBytes, storedBytes } from './chunks.ts';

/** Texts that no rule reads. */
const forPeople = new Set(['description', 'remedy', 'failure']);
const maxText = 300;
const maxGroups = 500;

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

export interface Shortened {
  readonly text: string;
  /** Of the whole, as UTF-8. */
  readonly sha256: string;
}

/**
 * A record that does not fit a row, for the size of what Partner Center answered: its texts are cut, each with its
 * length, then the lists that only people read. The rows of its orders have its subscriptions. What the rules decide by is kept whole.
 */
export function shortenRecord(record: CheckoutRecord, whole: string): Shortened {
  const { history, deliveries, polls, failedGroups } = record;
  const kept: CheckoutRecord = {
    ...record,
    history: { ...history, first: history.first.slice(0, 5), last: history.last.slice(-20) },
    deliveries: { ...deliveries, last: deliveries.last.slice(-5) },
    polls: { ...polls, last: polls.last.slice(-5) },
    failedGroups: cutGroups(failedGroups),
    orders: record.orders.map(({ subscriptions: _, ...order }) => order),
  };
  const text = JSON.stringify(kept, (name, value: unknown) =>
    forPeople.has(name) && typeof value === 'string' ? shortText(value) : value,
  );
  if (storedBytes(text) > maxRowBytes)
    throw new RangeError(
      `The record of job ${record.jobKey} takes ${storedBytes(text)} bytes even when it is shortened; a row holds ${maxRowBytes}`,
    );
  return { text, sha256: sha256(whole) };
}

const shortText = (text: string): string =>
  text.length <= maxText ? text : `${cutText(text, maxText)}… (${text.length} characters)`;

/** The groups that may be tried again come first: they decide whether the job goes on. */
function cutGroups(groups: CheckoutRecord['failedGroups']): CheckoutRecord['failedGroups'] {
  if (groups.length <= maxGroups) return groups;
  const sorted = groups.toSorted((a, b) => Number(b.retryable) - Number(a.retryable));
  const more = `and ${groups.length - maxGroups} more`;
  return [
    ...sorted.slice(0, maxGroups),
    {
      group: more,
      code: 'truncated',
      description: `${more}; SHA-256 of all: ${sha256(JSON.stringify(groups))}`,
      retryable: false,
    },
  ];
}

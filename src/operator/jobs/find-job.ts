/** Finds the job of a customer by an order or by an id of a call. */
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { type JobKey, readJobKey } from '../../domain/message/job-key.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { callsOf } from './story.ts';

/** What a person has in hand when not the cart: an order, or the id of a call, a job or a problem. */
export type Clue =
  | { readonly kind: 'order'; readonly id: string }
  | { readonly kind: 'correlation'; readonly id: string };

/** The job of a customer that a clue leads to; undefined: none. Reads the customer's partition. Throws `Unavailable`. */
export async function findJob(
  ledger: Pick<Ledger, 'customer'>,
  customerId: string,
  clue: Clue,
): Promise<JobKey | undefined> {
  const { records, owners, unreadable } = await ledger.customer(customerId);
  if (clue.kind === 'order') return readJobKey(owners.get(clue.id));
  const found = records.find((record) => correlates(record, clue.id));
  // It may be the one that cannot be read.
  if (found === undefined && unreadable[0] !== undefined) throw unreadable[0];
  return found?.jobKey;
}

const correlates = (record: CheckoutRecord, id: string): boolean =>
  record.job.correlationId?.toLowerCase() === id ||
  record.reason?.correlationId === id ||
  [...callsOf(record), ...record.polls.last].some(
    (call) => call.correlationId === id || call.requestId === id,
  );

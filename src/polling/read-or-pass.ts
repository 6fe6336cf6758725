/** Reads the record of a job for a tick, and passes over what nobody can act on. `poll-batch.ts` and `repair.ts` use it. */

import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { JobKey } from '../domain/message/job-key.ts';
import { type Ledger, UnreadableRecord } from '../ports/ledger.ts';

/** Undefined: the record is not there, or a person has to fix it first. Throws `Unavailable`. */
export async function readOrPass(
  ledger: Pick<Ledger, 'read'>,
  jobKey: JobKey,
): Promise<CheckoutRecord | undefined> {
  try {
    return (await ledger.read(jobKey))?.value;
  } catch (error) {
    if (error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}

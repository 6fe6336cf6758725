/** Reads one job for the HTTP functions: its record and, where it carries lines, the rows of its orders. */

import { isOrderJob } from '../domain/message/job.ts';
import type { JobKey } from '../domain/message/job-key.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { JobView } from './api-shapes.ts';
import { jobView } from './job-view.ts';

/** Undefined: nothing is known of it. Throws `Unavailable` and `UnreadableRecord`. */
export async function readJob(
  ledger: Pick<Ledger, 'read' | 'orders'>,
  jobKey: JobKey,
): Promise<JobView | undefined> {
  const found = await ledger.read(jobKey);
  if (found === undefined) return undefined;
  const { value: record } = found;
  return jobView(record, isOrderJob(record.job) ? await ledger.orders(record) : []);
}

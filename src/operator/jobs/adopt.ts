/** An order that was bought and is in no record, as after a lost region: its job gets a record that names it, and is never sent again. */
import { leaseEnd } from '../../domain/checkout/claim-rules.ts';
import { withPendingDecision } from '../../domain/checkout/decisions.ts';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import type { Job } from '../../domain/message/job.ts';
import { customerOf, type JobKey } from '../../domain/message/job-key.ts';
import { jobEntry } from '../../domain/schedule-entry.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { type DecideDeps, recordOfPerson } from './decide-job.ts';

/** When it was bought nobody knows here; a cart lives for days. Every order since then may be its own. */
const longestAgo = 30 * 24 * 60 * 60_000;

export interface AdoptDeps extends Pick<DecideDeps, 'schedule' | 'times' | 'now' | 'random'> {
  readonly ledger: Pick<Ledger, 'insert' | 'replace' | 'customer'>;
}

export type Adopted =
  | { readonly kind: 'adopted'; readonly record: CheckoutRecord }
  /** Its record names all of these orders already. */
  | { readonly kind: 'known'; readonly record: CheckoutRecord }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Writes the entry, then an unresolved record with the decision that these orders are its own. The next delivery reads each order, refuses
 * one of another customer, and records the result. Until then the job is in doubt, so no message can buy it. Throws `Unavailable`.
 */
export async function adopt(
  deps: AdoptDeps,
  job: { readonly jobKey: JobKey; readonly job: Job; readonly body: string },
  orderIds: readonly string[],
  who: string,
): Promise<Adopted> {
  const { ledger, schedule, times, random } = deps;
  const { jobKey } = job;
  const { records, owners, etags } = await ledger.customer(customerOf(jobKey));
  const found = records.find((record) => record.jobKey === jobKey);
  if (found !== undefined) {
    const known = new Set(found.orders.map(({ id }) => id));
    if (orderIds.every((id) => known.has(id))) return { kind: 'known', record: found };
    if (!isNeverSent(found, deps.now()))
      return {
        kind: 'refused',
        why: `job ${jobKey} has a record, which is ${found.state}. Look at it: npx partner-checkout resolve ${jobKey}`,
      };
  }
  const owned = orderIds.find((id) => owners.has(id));
  if (owned !== undefined)
    return { kind: 'refused', why: `order ${owned} is in the books of job ${owners.get(owned)}` };
  const now = deps.now();
  const message = { job: job.job, body: job.body, firstEnqueued: now, urgent: false };
  const base = found ?? recordOfPerson(message, who, random.guid(), now);
  // In doubt, not waiting: it was bought, and only evidence or a person may end that.
  const doubtful: CheckoutRecord = {
    ...base,
    state: 'unresolved',
    firstSend: now - longestAgo,
    lastSend: now,
  };
  const entry = jobEntry(
    { jobKey, urgent: base.urgent, since: base.firstEnqueued, state: 'unresolved' },
    now,
  );
  // First the entry: a record without one would wait for ever.
  await schedule.ensure({ ...entry, dueAt: entry.origin + times.wakeRetry });
  const record = {
    ...withPendingDecision(doubtful, { decision: 'orders', who, orderIds }, now),
    entryOrigin: entry.origin,
  };
  const etag = etags.get(jobKey);
  const written =
    found === undefined || etag === undefined
      ? await ledger.insert(record, random.guid())
      : await ledger.replace(record, etag, random.guid());
  return written.kind === 'written'
    ? { kind: 'adopted', record }
    : {
        kind: 'refused',
        why: `a worker wrote the record of job ${jobKey} meanwhile; pause, then adopt again`,
      };
}

/** A message came again after the loss: this ledger has made no call for it, and no worker holds it. */
const isNeverSent = (record: CheckoutRecord, now: number): boolean =>
  record.state === 'waiting' && record.lastSend === undefined && leaseEnd(record, now) === undefined;

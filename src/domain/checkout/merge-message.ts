/** Merges another producer's message into a record, before the third step decides. */

import type { Job } from '../message/job.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { replacedBy } from './other-lines.ts';
import { type CheckoutRecord, isSettled, type MergedMessage } from './record.ts';

/** People read them; the strictest times are what counts. */
const keptMessages = 10;

/**
 * The record after another producer's message for the same job; the same record, itself, if the message changes nothing. The
 * strictest `notBefore` and `notAfter` of all accepted messages hold, and a new batch is added, even beside a result. Pure.
 */
export function mergeMessage(
  record: CheckoutRecord,
  job: Job,
  message: { readonly messageId: string; readonly at: number; readonly body: string },
): CheckoutRecord {
  const replacing = replacedBy(record, job, message);
  if (replacing !== undefined) return withBatch(replacing, job.batchId);
  return withBatch(isSettled(record.state) ? record : withTimes(record, job, message), job.batchId);
}

const withBatch = (record: CheckoutRecord, batchId: string | undefined): CheckoutRecord =>
  batchId === undefined || record.batches.includes(batchId)
    ? record
    : { ...record, batches: [...record.batches, batchId] };

function withTimes(
  record: CheckoutRecord,
  job: Job,
  message: { readonly messageId: string; readonly at: number },
): CheckoutRecord {
  const notBefore = strictest(record.job.notBefore, job.notBefore, Math.max);
  const notAfter = strictest(record.job.notAfter, job.notAfter, Math.min);
  if (notBefore === record.job.notBefore && notAfter === record.job.notAfter) return record;
  const { notBefore: _, notAfter: __, ...rest } = record.job;
  const merged = [
    ...(record.merged ?? [timesOf(record.job, { messageId: firstMessageOf(record), at: record.createdAt })]),
    timesOf(job, message),
  ];
  const [first, ...others] = merged;
  return {
    ...record,
    job: omitUndefined({ ...rest, notBefore, notAfter }),
    merged: first === undefined ? others : [first, ...others.slice(1 - keptMessages)],
  };
}

const timesOf = (
  job: Job,
  { messageId, at }: { readonly messageId: string; readonly at: number },
): MergedMessage => omitUndefined({ messageId, at, notBefore: job.notBefore, notAfter: job.notAfter });

const firstMessageOf = (record: CheckoutRecord): string =>
  record.deliveries.last.find(({ from }) => from === 'producer')?.messageId ?? 'the first message';

function strictest(
  one: number | undefined,
  other: number | undefined,
  choose: (a: number, b: number) => number,
): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : choose(one, other);
}

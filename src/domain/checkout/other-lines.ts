/** What becomes of a message that wants other lines under the number of a known job. Pure. */

import { createHash } from 'node:crypto';
import { isOrderJob, type Job, type OrderJob, type Rejection } from '../message/job.ts';
import { orderContent, type WantedLine } from '../message/order-lines.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';
import type { CheckoutRecord } from './record.ts';

/**
 * Two messages of one number that want different things. A job that failed before anything was sent takes the newer one; every other
 * job keeps what it has, and both are shown. Pure.
 */
const contentHash = (job: OrderJob): string => createHash('sha256').update(orderContent(job)).digest('hex');

/** People read them; rules read the hashes alone. */
const keptVersions = 5;
const maxBody = 4_000;

type Versions = { readonly before: OrderJob; readonly now: OrderJob };

/** Undefined: the message is for a cart, or wants the same. */
function versionsOf(record: CheckoutRecord, job: Job): Versions | undefined {
  if (!isOrderJob(record.job) || !isOrderJob(job)) return undefined;
  return orderContent(record.job) === orderContent(job) ? undefined : { before: record.job, now: job };
}

/** Nothing of it was ever sent, nothing runs, and it failed: its producer may correct it. */
const mayBeReplaced = (record: CheckoutRecord): boolean =>
  record.state === 'failed' &&
  // guard: Lines: nothing is replaced once a checkout may have been sent
  record.firstSend === undefined &&
  record.orders.length === 0 &&
  (record.ordersInHand ?? []).length === 0;

/** The record with the newer lines, to be tried again; undefined: the message replaces nothing. */
export function replacedBy(
  record: CheckoutRecord,
  job: Job,
  message: { readonly messageId: string; readonly at: number; readonly body: string },
): CheckoutRecord | undefined {
  const versions = versionsOf(record, job);
  if (versions === undefined || !mayReplace(record, versions.now)) return undefined;
  const {
    cartId: _,
    made: __,
    badLines: ___,
    repair: ____,
    groups: _____,
    merged: ______,
    catalogueWaits: _______,
    ...rest
  } = record;
  const { messageId, at, body } = message;
  const version = {
    at,
    messageId,
    content: contentHash(versions.before),
    body: cutText(record.body, maxBody),
  };
  const decided = { decision: 'retry' as const, who: `message ${cutText(messageId, 128)}`, at };
  return {
    ...rest,
    job: versions.now,
    body,
    replaced: [...(record.replaced ?? []), version].slice(-keptVersions),
    decision: { ...decided, orderIds: [] },
    decisions: [...record.decisions, decided],
  };
}

/** A version that was replaced does not come back: the queue may hand out an old message late. */
const mayReplace = (record: CheckoutRecord, job: OrderJob): boolean =>
  mayBeReplaced(record) && !(record.replaced ?? []).some(({ content }) => content === contentHash(job));

/** Why the message is refused: the order has other lines. Undefined: it is not. */
export function otherLines(record: CheckoutRecord, job: Job): Rejection | undefined {
  const versions = versionsOf(record, job);
  if (versions === undefined || mayReplace(record, versions.now)) return undefined;
  const { before, now } = versions;
  const { batchId, batchSize } = now;
  const why = mayBeReplaced(record) ? 'and this version was replaced before' : `and is ${record.state}`;
  return omitUndefined({
    kind: 'not-valid' as const,
    path: 'lines',
    reason: `order number ${before.externalOrderId} has other lines already, ${why}: ${differences(before, now).join('; ')}. Send additional purchases with a new number`,
    batchId,
    batchSize,
    isKnownLine: batchId !== undefined && record.batches.includes(batchId) ? true : undefined,
  });
}

const maxDifferences = 5;

/** In words, what the record has and what the message asks for. */
function differences(before: OrderJob, now: OrderJob): readonly string[] {
  const lines = new Set([...before.lines, ...now.lines].map(({ line }) => line));
  const ofLines = [...lines].flatMap((line) => {
    const [one, other] = [lineText(before, line), lineText(now, line)];
    return one === other ? [] : [`line ${line}: ${one} there, ${other} here`];
  });
  const rest = [
    ['maxTotal', ceilingText(before), ceilingText(now)],
    ['onBadLine', before.onBadLine ?? 'fail', now.onBadLine ?? 'fail'],
  ].flatMap(([name, one, other]) => (one === other ? [] : [`${name}: ${one} there, ${other} here`]));
  const all = [...ofLines, ...rest];
  const more = all.length - maxDifferences;
  return more > 0 ? [...all.slice(0, maxDifferences), `and ${more} more differences`] : all;
}

function lineText({ lines }: OrderJob, number: number): string {
  const found = lines.find(({ line }) => line === number);
  if (found === undefined) return 'nothing';
  const { line: _, product, sku, quantity, term, billing, segment, ...others } = found;
  const more: Partial<WantedLine> = others;
  const extra = Object.entries(more).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [`${quantity} × ${product}:${sku} ${segment} ${term} ${billing}`, ...extra].join(', ');
}

const ceilingText = ({ maxTotal, currency }: OrderJob): string =>
  maxTotal === undefined ? 'none' : `${maxTotal} ${currency}`;

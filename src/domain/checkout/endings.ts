/** The reasons in words with which a job ends: too late, stopped, given up, gone, partly found. */

import type { StoppedBy } from '../batch/batch.ts';
import { isLacking } from '../order/order.ts';
import { codeNeedsNewCart } from './api-errors.ts';
import type { Result } from './apply-result.ts';
import { isLate } from './claim-rules.ts';
import type { CheckoutRecord, FailedGroup, KnownGroup, MergedMessage, Reason } from './record.ts';

/** The codes of a job that ended because its time is over, or its cart is gone. */
const tooLateCode = 'too-late';
const goneCode = 'gone';

export interface StoppedBatch extends StoppedBy {
  readonly batchId: string;
}

/** The end of a job whose time is over, or whose batches are stopped: it keeps the orders that it has, and buys nothing more. */
export function tooLate(record: CheckoutRecord, stopped: StoppedBatch | undefined, now: number): Result {
  const reason = stopped === undefined ? tooLateReason(record, now) : stoppedReason(stopped, now);
  return { orders: [], failedGroups: record.failedGroups, reason };
}

function tooLateReason(record: CheckoutRecord, at: number): Reason {
  const { notBefore, notAfter } = record.job;
  if (
    record.merged !== undefined &&
    notBefore !== undefined &&
    notAfter !== undefined &&
    notAfter <= notBefore
  )
    return {
      code: tooLateCode,
      description: `The messages for this job leave no time for it: ${record.merged.map(timesInWords).join('; ')}.`,
      remedy:
        'If the cart is still needed, create a new cart and enqueue it once, with the times that you mean.',
      at,
    };
  const end = notAfter === undefined ? 'its time' : new Date(notAfter).toISOString();
  return {
    code: tooLateCode,
    description: `The job must not be checked out after ${end}.`,
    remedy:
      'If the cart is still needed, create a new cart and enqueue it with a later notAfter, or without one.',
    at,
  };
}

const timesInWords = ({ messageId, notBefore, notAfter }: MergedMessage): string =>
  `message ${messageId} asks for ${notBefore === undefined ? 'no notBefore' : `notBefore ${new Date(notBefore).toISOString()}`} and ${notAfter === undefined ? 'no notAfter' : `notAfter ${new Date(notAfter).toISOString()}`}`;

/** The code of a job that ended because a person stopped its batch. */
export const stoppedCode = 'stopped';

const stoppedReason = ({ batchId, who, at }: StoppedBatch, now: number): Reason => ({
  code: stoppedCode,
  description: `${who} stopped batch ${batchId} at ${new Date(at).toISOString()}.`,
  remedy:
    'If the cart is still needed, resume the batch (npx partner-checkout batch stop BATCH --undo), then retry the job.',
  at: now,
});

/** A person's end of a job. Of one whose outcome is unknown the record keeps that it may have been bought. */
export function givenUp(record: CheckoutRecord, who: string, at: number): Result {
  const unknown = record.state === 'unresolved' || record.state === 'submitting';
  const description = unknown
    ? `${who} gave up on this cart. It is not known whether it was bought.`
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
      remedy: unknown
        ? 'Nothing more is done. A retry looks for its orders first.'
        : 'Nothing more is done. If the cart is wanted after all, retry it.',
      at,
    },
    ...(unknown ? { gaveUp: true } : {}),
  };
}

export const gone = (record: CheckoutRecord, at: number): Reason => ({
  code: goneCode,
  description: `The cart can no longer be read, and no order of it was found${isLate(record.job.notAfter, at) ? '. Its time is over' : ''}.`,
  remedy: 'The cart has expired or was removed. Create a new cart if it is still needed.',
  at,
});

/** A group of which no order was found. */
export const notFound = (group: KnownGroup, record: CheckoutRecord): FailedGroup => ({
  group: group.group,
  code: record.repeated?.reason.code ?? 'not-found',
  description:
    record.repeated?.reason.description ??
    'No order of this group was found, and the order list had time to show it.',
  retryable: false,
});

export function partlyFound(record: CheckoutRecord, at: number): Reason {
  if (record.repeated !== undefined && record.repeated.as !== 'already-done')
    return { ...record.repeated.reason, at };
  return {
    code: 'not-found',
    description: 'Some order groups of this cart have an order, others have none.',
    remedy:
      'Compare the cart with its orders in Partner Center. Then retry the missing groups or order them anew.',
    at,
  };
}

/** Why a result lacks something. Orders can end without what was bought though no call failed. */
export function reasonOf(record: CheckoutRecord): Reason {
  if (record.reason !== undefined) return record.reason;
  const status = record.orders.find((order) => isLacking(order.status))?.status ?? 'cancelled';
  return {
    code: status,
    description: `Partner Center reports at least one order of this cart as ${status}.`,
    remedy: 'Look at the order in Partner Center. If the customer still wants it, create a new cart.',
    at: record.updatedAt,
  };
}

/** Words of ours that end a cart for good. */
const endOfCart: readonly string[] = [tooLateCode, goneCode];

/** The same cart would be refused again, so a retry is of no use. Pure. */
export function needsNewCart({ reason }: CheckoutRecord): boolean {
  // Its orders ended without what was bought.
  if (reason === undefined) return true;
  return endOfCart.includes(reason.code) || codeNeedsNewCart(reason.status, reason.code);
}

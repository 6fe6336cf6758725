import type { StoppedBatch } from '../../checkout/run.ts';
import type { Result } from './apply-result.ts';
import type { CheckoutRecord, Reason } from './record.ts';

/** The end of a job whose time is over, or whose batch is stopped: what it has, it keeps; nothing more is bought. */
export function tooLate(record: CheckoutRecord, stopped: StoppedBatch | undefined, now: number): Result {
  const reason = stopped === undefined ? tooLateReason(record, now) : stoppedReason(stopped, now);
  return { orders: [], failedGroups: record.failedGroups, reason };
}

function tooLateReason(record: CheckoutRecord, now: number): Reason {
  const notAfter = record.job.notAfter;
  return {
    code: 'too-late',
    description: `The job was not to be checked out after ${notAfter === undefined ? 'its time' : new Date(notAfter).toISOString()}.`,
    remedy:
      'If the cart is still wanted, enqueue it again with a later notAfter as a new cart, or without one.',
    at: now,
  };
}

const stoppedReason = ({ batchId, who, at }: StoppedBatch, now: number): Reason => ({
  code: 'stopped',
  description: `Batch ${batchId} was stopped by ${who} at ${new Date(at).toISOString()}.`,
  remedy:
    'If the cart is still wanted, let the batch go on (npx partner-checkout batch stop --undo), then retry it.',
  at: now,
});

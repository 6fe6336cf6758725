import type { CheckoutRecord, Reason } from './record.ts';
import type { Result } from './settle.ts';

/** The end of a job whose time is over: what it has, it keeps; nothing more is bought. */
export function tooLate(record: CheckoutRecord, now: number): Result {
  return { orders: [], failedGroups: record.failedGroups, reason: tooLateReason(record, now) };
}

function tooLateReason(record: CheckoutRecord, now: number): Reason {
  const notAfter = record.job.notAfter;
  return {
    code: 'too-late',
    description: `The job was not to be checked out after ${notAfter === undefined ? 'its time' : new Date(notAfter).toISOString()}.`,
    cure: 'If the cart is still wanted, enqueue it again with a later notAfter as a new cart, or without one.',
    at: now,
  };
}

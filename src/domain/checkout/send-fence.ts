/** The fence: the last check in the instant before a paid call leaves, within the fourth step. */

import type { Permit } from '../gate/permit.ts';
import type { Times } from '../times.ts';
import { isOver } from './claim-rules.ts';
import type { CheckoutRecord } from './record.ts';

/** A record that this run has claimed: `lease.id` is its own. */
export interface LeasedRecord {
  readonly record: CheckoutRecord;
  readonly etag: string;
  readonly leaseId: string;
}

export type Fence = 'go' | 'new-permit' | 'claim-again' | 'over' | 'too-early' | 'lock-ends';

/** Asked in the instant before a POST, by the local clock: nothing is awaited between the answer and the send. Pure. */
export function fence(
  leased: LeasedRecord,
  permit: Permit | undefined,
  lockEnd: number,
  now: number,
  times: Pick<Times, 'callTimeout' | 'permitLife'>,
  stopped: boolean,
  repeatUntil?: number,
): Fence {
  const { job, lease } = leased.record;
  // guard: Fence: not past notAfter
  if (isOver(job, now)) return 'over';
  if (stopped) return 'over';
  if (repeatUntil !== undefined && now > repeatUntil) return 'over';
  if (job.notBefore !== undefined && job.notBefore > now) return 'too-early';
  if (now + times.callTimeout > lockEnd) return 'lock-ends';
  // guard: Fence: the lease lasts as long as the call
  if (lease?.id !== leased.leaseId || now + times.callTimeout > lease.until) return 'claim-again';
  if (permit === undefined) return 'new-permit';
  // guard: Fence: a stale permit is not used
  if (isStale(permit, now, times)) return 'new-permit';
  return 'go';
}

/** A permit is good for a moment only: so every instance obeys a closing of the gate within seconds. */
export const isStale = (permit: Permit, now: number, times: Pick<Times, 'permitLife'>): boolean =>
  now >= permit.notBefore + times.permitLife;

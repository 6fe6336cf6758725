import type { Held } from '../../checkout/run.ts';
import type { Permit } from '../gate/permit.ts';
import type { Times } from '../times.ts';
import { isLate } from './claim-rules.ts';

export type Fence = 'go' | 'new-permit' | 'claim-again' | 'too-late' | 'lock-ends';

/** Asked in the instant before a POST, by the local clock: nothing is awaited between the answer and the send. */
export function fence(
  held: Held,
  permit: Permit | undefined,
  lockEnd: number,
  now: number,
  times: Pick<Times, 'callTimeout' | 'permitLife'>,
  stopped: boolean,
  repeatUntil?: number,
): Fence {
  // guard: Fence: not past notAfter
  if (isLate(held.record.job.notAfter, now)) return 'too-late';
  if (stopped) return 'too-late';
  if (repeatUntil !== undefined && now > repeatUntil) return 'too-late';
  if (now + times.callTimeout > lockEnd) return 'lock-ends';
  const lease = held.record.lease;
  // guard: Fence: the lease lasts as long as the call
  if (lease?.id !== held.leaseId || now + times.callTimeout > lease.until) return 'claim-again';
  if (permit === undefined) return 'new-permit';
  // guard: Fence: a stale permit is not used
  if (isStale(permit, now, times)) return 'new-permit';
  return 'go';
}

/** A permit is good for a moment only: so a closing of the gate is obeyed everywhere within seconds. */
export const isStale = (permit: Permit, now: number, times: Pick<Times, 'permitLife'>): boolean =>
  now >= permit.notBefore + times.permitLife;

import type { Slot } from '../gate/gate.ts';
import type { Times } from '../times.ts';
import { isLate } from './claim.ts';
import type { Held } from './run.ts';

export type Fence = 'go' | 'new-slot' | 'claim-again' | 'too-late' | 'lock-ends';

/** Asked in the instant before a POST, by the local clock: nothing is awaited between the answer and the send. */
export function fence(
  held: Held,
  slot: Slot | undefined,
  lockEnd: number,
  now: number,
  times: Pick<Times, 'callTimeout' | 'slotLife'>,
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
  if (slot === undefined) return 'new-slot';
  // guard: Fence: a stale slot is not used
  if (isStale(slot, now, times)) return 'new-slot';
  return 'go';
}

/** A slot is good for a moment only: so a closing of the gate is obeyed everywhere within seconds. */
export const isStale = (slot: Slot, now: number, times: Pick<Times, 'slotLife'>): boolean =>
  now >= slot.notBefore + times.slotLife;

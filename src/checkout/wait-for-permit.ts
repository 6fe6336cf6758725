/**
 * Second step of a delivery: wait for the gate's permit. Every other call to Partner Center begins here too.
 */

import { isStale } from '../domain/checkout/send-fence.ts';
import type { Permit } from '../domain/gate/permit.ts';
import { customerOf } from '../domain/message/job-key.ts';
import { leftToSleep, lockEnds, type RunWith, returnPermit } from './run.ts';

/** The ports that a wait for a permit takes. */
export type Waiting = 'clock' | 'clockSkew' | 'gate' | 'random' | 'telemetry' | 'times' | 'tokens';

export type Waited =
  | { readonly kind: 'permit'; readonly permit: Permit }
  | { readonly kind: 'none'; readonly until: number; readonly why: string };

/**
 * Second step of the way: a permit for one call of this delivery. While the gate is closed, or busy, the delivery is held for what
 * is left of its sleep budget: that brake keeps the other messages in the queue. Once it has made a call it is next in line, and
 * waits for as long as it holds its lock: rescheduled now, it would have made that call in vain. The jobs of a customer that alone
 * is throttled do not wait here, and hold up nobody.
 */
export async function waitForPermit(run: RunWith<Waiting>, callMs: number): Promise<Waited> {
  const { clock, gate, times, tokens } = run.deps;
  for (;;) {
    const now = clock.now();
    if (now + callMs > lockEnds(run))
      return { kind: 'none', until: now, why: 'the lock would end during the call' };
    const off = clockError(run);
    if (off !== undefined) {
      returnPermit(run);
      return notBefore(run, now + times.bugRetry, off);
    }
    // Asked with the permit in hand too: its lease may have been the first to read that another instance was refused.
    const alone = gate.customerUntil(customerOf(run.delivery.jobKey));
    if (alone !== undefined) {
      returnPermit(run);
      return notBefore(run, alone, 'Partner Center throttles this customer');
    }
    if (run.permit !== undefined && !isStale(run.permit, now, times))
      return { kind: 'permit', permit: run.permit };
    returnPermit(run);
    await tokens.ready({ renew: false });
    const askedAt = clock.now();
    const begun = run.calls > 0;
    const giveUpAt = Math.max(askedAt + leftToSleep(run), begun ? lockEnds(run) - callMs : 0);
    const taken = await gate.take('worker', giveUpAt, begun);
    run.slept += clock.now() - askedAt;
    if (taken.kind === 'permit') {
      run.permit = taken.permit;
      continue;
    }
    const why =
      taken.kind === 'closed' ? `the gate is closed: ${taken.reason}` : 'every call of the budget is taken';
    const left = leftToSleep(run);
    const opensIn = taken.until - clock.now();
    const pause = Math.min(left, Math.max(0, opensIn));
    run.slept += pause;
    await clock.sleep(pause);
    if (opensIn < left && pause > 0) continue;
    const after = clock.now();
    return notBefore(run, Math.min(Math.max(taken.until, after), after + times.rescheduleMax), why);
  }
}

/** Leases and fences compare the clocks of two workers: they bear half a minute, and no more. Real time, in a scaled stack too. */
const clockErrorMax = 30_000;

/** Why a worker with this clock may not claim; undefined: its clock agrees with the storage's, or nobody has measured it. */
function clockError({ deps }: RunWith<'clockSkew' | 'telemetry'>): string | undefined {
  const skew = deps.clockSkew();
  // guard: Clock: a worker whose clock is far off claims nothing
  if (skew !== undefined && (skew.low > clockErrorMax || skew.high < -clockErrorMax)) {
    const seconds = Math.round((skew.low + skew.high) / 2_000);
    const why = `this worker's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the storage's`;
    deps.telemetry.warn(`No job is claimed: ${why}. Correct the clock of the machine.`);
    return why;
  }
  return undefined;
}

/** A little apart, so that those who waited for the same do not all come back at once. */
function notBefore(run: RunWith<'random' | 'times'>, until: number, why: string): Waited {
  const { random, times } = run.deps;
  return { kind: 'none', until: until + random.fraction() * times.permitLife * 5, why };
}

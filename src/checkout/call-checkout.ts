import type { Exchange } from '../domain/answer/exchange.ts';
import { withCall } from '../domain/checkout/call-history.ts';
import { answeredWithCode, endOf, judge, type Outcome } from '../domain/checkout/call-outcome.ts';
import { reportOf } from '../domain/checkout/call-report.ts';
import { type Fence, fence } from '../domain/checkout/send-fence.ts';
import { transition } from '../domain/checkout/state-machine.ts';
import { tooLate } from '../domain/checkout/too-late.ts';
import type { Permit } from '../domain/gate/permit.ts';
import { recordResult } from './commit-result.ts';
import { conclude } from './conclude.ts';
import { park, parkWithoutResult, writeWhileMine } from './park.ts';
import { type Held, lockEnds, type Run, returnPermit } from './run.ts';
import { stoppedNow } from './stopped.ts';
import { waitOrPark } from './wait-for-permit.ts';

/** A call that was certainly not executed is tried again at once this often; then the job backs off. */
const quickRetries = 2;

/** Makes the paid call, once its fence lets it, and hands the outcome to `conclude`. */
export async function submit(run: Run, claimed: Held): Promise<void> {
  let held: Held | undefined = claimed;
  let renewed = false;
  let renewToken = false;
  for (let notExecuted = 0; ; ) {
    held = await passFence(run, held);
    if (held === undefined) return;
    const called: Called | undefined = await call(run, held, renewToken);
    renewToken = false;
    // While a token was fetched or a connection made, the fence closed: nothing was sent.
    if (called === undefined) continue;
    held = called.held;
    if (called.outcome.kind === 'renew-token' && !renewed) {
      renewed = true;
      run.deps.gate.giveBack(called.permit, true);
      renewToken = !(await run.deps.tokens.ready({ renew: true }));
      // The next POST carries another MS-RequestId: if its worker dies, the repeat must find that one in the ledger.
      held = await writeWhileMine(run, held, (record) => record);
      if (held !== undefined) continue;
      return parkWithoutResult(run, run.deps.clock.now() + run.deps.times.outageRetry, 'the lease was lost');
    }
    const verdict = await run.deps.gate.report(reportOf(called.outcome, held.record.customerId));
    if (called.outcome.kind === 'not-executed' && notExecuted < quickRetries && verdict.kind === 'open') {
      notExecuted += 1;
      continue;
    }
    return conclude(run, held, called.outcome, verdict);
  }
}

/** Undefined: the job was parked or ended instead. When it answers, the POST may go out at once, and must. */
async function passFence(run: Run, claimed: Held): Promise<Held | undefined> {
  const { clock, times } = run.deps;
  let held = claimed;
  for (;;) {
    const now = clock.now();
    switch (fenceNow(run, held, run.permit)) {
      case 'go':
        return held;
      case 'too-late':
        await endTooLate(run, held);
        return undefined;
      case 'lock-ends':
        await parkUnsent(run, held, now, 'the lock would end during the call');
        return undefined;
      case 'claim-again': {
        const renewed = await renewLease(run, held);
        if (renewed === undefined) {
          await parkWithoutResult(run, now + times.outageRetry, 'the lease was lost');
          return undefined;
        }
        held = renewed;
        run.stopped = await stoppedNow(run, held.record);
        break;
      }
      case 'new-permit': {
        returnPermit(run);
        const waited = await waitOrPark(run, times.callTimeout);
        if (waited.kind === 'permit') {
          run.stopped = await stoppedNow(run, held.record);
          break;
        }
        await parkUnsent(run, held, waited.until, waited.why);
        return undefined;
      }
    }
  }
}

const fenceNow = (run: Run, held: Held, permit: Permit | undefined): Fence =>
  fence(
    held,
    permit,
    lockEnds(run),
    run.deps.clock.now(),
    run.deps.times,
    run.stopped !== undefined,
    run.repeat?.until,
  );

/**
 * Nothing of this claim was sent, or certainly not executed: what it was before, in doubt or not, it is again. A repeat that
 * never left must not put off the end of the time in which it may.
 */
const parkUnsent = (run: Run, held: Held, until: number, why: string): Promise<void> =>
  park(
    run,
    held,
    { step: 'wait', until, why },
    run.repeat === undefined ? {} : { lastSend: run.repeat.lastSendBefore },
  );

const renewLease = (run: Run, held: Held): Promise<Held | undefined> =>
  writeWhileMine(run, held, (record) => {
    const now = run.deps.clock.now();
    const lease = { id: held.leaseId, until: now + run.deps.times.lease };
    return { ...record, state: transition(record.state, 'submit'), lastSend: now, lease, updatedAt: now };
  });

/** What may have been bought is found out first; a job of which nothing runs ends here. */
function endTooLate(run: Run, held: Held): Promise<void> {
  const now = run.deps.clock.now();
  if (held.record.state === 'unresolved') return parkUnsent(run, held, now, 'too late for a repeat');
  return recordResult(run, held, tooLate(held.record, run.stopped, now));
}

interface Called {
  readonly held: Held;
  readonly permit: Permit;
  readonly outcome: Outcome;
}

/** Undefined: its fence closed before it could leave. */
async function call(run: Run, held: Held, renewToken: boolean): Promise<Called | undefined> {
  const { chance, clock, gate, partnerCenter } = run.deps;
  const { customerId, cartId, requestId, history } = held.record;
  const ids = { requestId, correlationId: chance.guid() };
  const at = clock.now();
  const { permit } = run;
  if (permit === undefined) return undefined;
  run.permit = undefined;
  const mayLeave = () => {
    // guard: Fence: asked once more when the token has come
    if (fenceNow(run, held, permit) !== 'go') return false;
    if (history.total === 0) gate.jobStarted();
    return true;
  };
  const exchange: Exchange = await partnerCenter.checkout(customerId, cartId, { ids, renewToken, mayLeave });
  if (exchange.kind === 'no-answer' && exchange.stale === true) {
    gate.giveBack(permit);
    return undefined;
  }
  run.calls += 1;
  run.apiMs += exchange.ms;
  const outcome = judge(exchange, { ids, at });
  const record = {
    ...withCall(held.record, { what: 'checkout', at, ...ids, end: endOf(exchange) }),
    // Kept after no answer and after one without a code: the repeat then carries the same id, and cannot buy again.
    // guard: Request id: kept after no answer [replace: chance.guid()]
    requestId: answeredWithCode(outcome) ? chance.guid() : requestId,
  };
  return { held: { ...held, record }, permit, outcome };
}

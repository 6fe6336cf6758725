/**
 * Fourth step of a delivery: the paid call, behind its fence. `after-call.ts` says what follows from its outcome.
 */

import type { Exchange } from '../domain/answer/exchange.ts';
import { afterCall, afterFence } from '../domain/checkout/after-call.ts';
import { lastCheckout, withCall } from '../domain/checkout/call-history.ts';
import { answeredWithCode, endOf, judge, type Outcome, reportOf } from '../domain/checkout/call-outcome.ts';
import { type NextAction, unsent } from '../domain/checkout/next-action.ts';
import { type CheckoutRecord, cartIdOf, transition } from '../domain/checkout/record.ts';
import { type Fence, fence, type LeasedRecord } from '../domain/checkout/send-fence.ts';
import type { Permit } from '../domain/gate/permit.ts';
import { isOrderJob } from '../domain/message/job.ts';
import type { Verdict } from '../ports/gate.ts';
import { contextOf, lockEnds, type RunWith, returnPermit, stoppedNow, whileMine } from './run.ts';
import { type Waiting, waitForPermit } from './wait-for-permit.ts';

/** The ports of a call: those of its permit, and of its record. */
type Calling = Waiting | 'joinBatch' | 'ledger' | 'partnerCenter' | 'rules';

/** A call that was certainly not executed is tried again at once this often; then the job backs off. */
const quickRetries = 2;

/** Fourth step of the way: makes the paid call once its fence lets it, and says what follows from the outcome. */
export async function callCheckout(run: RunWith<Calling>, claimed: LeasedRecord): Promise<NextAction> {
  run.leased = claimed;
  let renewed = false;
  let renewToken = false;
  for (let notExecuted = 0; ; ) {
    const passed = await passFence(run, run.leased);
    if (passed.kind === 'action') return neverLeft(run, run.leased, passed.action);
    const called: Called | undefined = await call(run, passed.leased, renewToken);
    // While a token was fetched or a connection made, the fence closed: nothing was sent.
    if (called === undefined) continue;
    renewToken = false;
    run.leased = called.leased;
    const { outcome } = called;
    if (outcome.kind === 'renew-token' && !renewed) {
      renewed = true;
      run.deps.gate.giveBack(called.permit, true);
      renewToken = !(await run.deps.tokens.ready({ renew: true }));
      // The next POST carries another MS-RequestId: if its worker dies, the repeat must find that one in the ledger.
      // guard: Request id: in the ledger before the POST leaves, also after a 401
      if ((await whileMine(run, run.leased).write((record) => record)) === undefined)
        return { kind: 'end', why: 'the lease was lost' };
      continue;
    }
    const verdict = await run.deps.gate.report(reportOf(outcome, called.leased.record.customerId));
    if (outcome.kind === 'not-executed' && notExecuted < quickRetries && verdict.kind === 'open') {
      notExecuted += 1;
      continue;
    }
    const { record } = called.leased;
    return afterCall(record, outcome, gateAfter(run, verdict), run.repeat, contextOf(run));
  }
}

/**
 * Nothing left since the claim wrote its send, so that send crashed nobody: its count is taken back. Without this, five runs whose
 * permit was too old at the fence would ask a person about a crash. An open question about crashes waits for an outcome.
 */
function neverLeft(run: RunWith<Calling>, { record }: LeasedRecord, action: NextAction): NextAction {
  if (action.kind !== 'reschedule' || record.asked?.code === 'worker-crashed') return action;
  if ((record.lastSend ?? 0) < run.startedAt) return action;
  const unansweredSends = Math.max(0, record.unansweredSends - 1);
  return { ...action, to: { ...action.to, change: { unansweredSends, ...action.to.change } } };
}

const gateAfter = (run: RunWith<Calling>, verdict: Verdict) => ({
  opensAt: verdict.kind === 'open' ? undefined : verdict.until,
  othersPassedAt: run.deps.gate.lastOkOfOthers(run.leased?.record.customerId ?? ''),
});

type Passed =
  /** The POST may go out at once, and must. */
  | { readonly kind: 'go'; readonly leased: LeasedRecord }
  | { readonly kind: 'action'; readonly action: NextAction };

const act = (action: NextAction): Passed => ({ kind: 'action', action });

async function passFence(run: RunWith<Calling>, claimed: LeasedRecord): Promise<Passed> {
  const { clock, times } = run.deps;
  let leased = claimed;
  for (;;) {
    const now = clock.now();
    const passed = fenceNow(run, leased, run.permit);
    switch (passed) {
      case 'go':
        return { kind: 'go', leased };
      case 'over':
      case 'too-early':
      case 'lock-ends':
        return act(afterFence(leased.record, passed, run.repeat, contextOf(run)));
      case 'claim-again': {
        const renewed = await renewLease(run, leased);
        if (renewed === undefined) return act({ kind: 'end', why: 'the lease was lost' });
        leased = renewed;
        run.stopped = await stoppedNow(run, leased.record);
        break;
      }
      case 'new-permit': {
        returnPermit(run);
        const waited = await waitForPermit(run, times.callTimeout);
        if (waited.kind === 'none') return act(unsent(Math.max(now, waited.until), waited.why, run.repeat));
        run.stopped = await stoppedNow(run, leased.record);
        break;
      }
    }
  }
}

const fenceNow = (run: RunWith<Calling>, leased: LeasedRecord, permit: Permit | undefined): Fence =>
  fence(
    leased,
    permit,
    lockEnds(run),
    run.deps.clock.now(),
    run.deps.times,
    run.stopped !== undefined,
    run.repeat?.until,
  );

/** The last send moves with the lease: the call may leave as late as the lease allows. */
async function renewLease(run: RunWith<Calling>, leased: LeasedRecord): Promise<LeasedRecord | undefined> {
  const written = await whileMine(run, leased).write((record) => {
    const now = run.deps.clock.now();
    const lease = { id: leased.leaseId, until: now + run.deps.times.lease };
    return { ...record, state: transition(record.state, 'submit'), lastSend: now, lease, updatedAt: now };
  });
  return written === undefined ? undefined : run.leased;
}

interface Called {
  readonly leased: LeasedRecord;
  readonly permit: Permit;
  readonly outcome: Outcome;
}

/** No checkout of this job was ever about to leave: a day's jobs are counted by these. A job with lines has asked for its cart before. */
const isFirstSend = ({ startedAt }: { readonly startedAt: number }, record: CheckoutRecord): boolean =>
  isOrderJob(record.job)
    ? (record.firstSend ?? 0) >= startedAt && lastCheckout(record) === undefined
    : record.history.total === 0;

/** Undefined: its fence closed before it could leave. */
async function call(
  run: RunWith<Calling>,
  leased: LeasedRecord,
  renewToken: boolean,
): Promise<Called | undefined> {
  const { random, clock, gate, partnerCenter } = run.deps;
  const { customerId, requestId } = leased.record;
  const cartId = cartIdOf(leased.record);
  const ids = { requestId, correlationId: random.guid() };
  const at = clock.now();
  const { permit } = run;
  if (permit === undefined) return undefined;
  run.permit = undefined;
  const mayLeave = () => {
    // guard: Fence: asked once more when the token has come
    if (fenceNow(run, leased, permit) !== 'go') return false;
    if (isFirstSend(run, leased.record)) gate.jobStarted();
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
    ...withCall(leased.record, { what: 'checkout', at, ...ids, end: endOf(exchange) }),
    // Kept after no answer and after one without a code: the repeat then carries the same id, and cannot buy again.
    // guard: Request id: kept after no answer [replace: random.guid()]
    requestId: answeredWithCode(outcome) ? random.guid() : requestId,
  };
  return { leased: { ...leased, record }, permit, outcome };
}

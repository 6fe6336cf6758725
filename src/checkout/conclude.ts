import { compact } from '../compact.ts';
import type { Verdict } from '../gate/gate.ts';
import type { Order } from '../orders/order.ts';
import { parkAndTell } from './ask.ts';
import { backOff, roughly } from './back-off.ts';
import { groupsWithoutOrder } from './evidence.ts';
import { lastCheckout } from './history.ts';
import type { Outcome } from './judge.ts';
import type { CheckoutRecord, FailedGroup, Reason } from './record.ts';
import { madeByRepeat } from './repeat-alarm.ts';
import { recordAndGoOn, recordResult } from './result.ts';
import type { Held, Run } from './run.ts';
import { contentOf } from './settle.ts';
import { quietEnd, windowEnd } from './window.ts';

/** What follows from the answer of a checkout call; one branch for each row of the table in docs/ways-to-fail.md. */
export function conclude(run: Run, held: Held, outcome: Outcome, verdict: Verdict): Promise<void> {
  const { record } = held;
  const inDoubt = record.state === 'unresolved';
  switch (outcome.kind) {
    case 'result': {
      const alarmed = withAlarm(run, held, outcome.orders);
      if (
        outcome.errors.length === 0 &&
        // guard: Evidence: a repeat is done only when every group is there
        isWhole(record, outcome.orders)
      )
        return recordResult(run, alarmed, { orders: outcome.orders, failedGroups: [] });
      return partlyDone(run, alarmed, outcome);
    }
    case 'throttled':
      return wait(run, held, afterVerdict(run, verdict, 0), outcome.reason);
    case 'renew-token':
    case 'credential':
      return wait(run, held, afterVerdict(run, verdict, run.deps.times.partnerRetry), outcome.reason);
    case 'partner-wide':
      return partnerWide(run, held, outcome.reason, verdict);
    case 'not-executed':
      return notExecuted(run, held, outcome.reason);
    case 'slow':
      // A review takes days.
      return wait(
        run,
        held,
        run.deps.clock.now() + roughly(run.deps.times.slowRetry, run.deps.chance),
        outcome.reason,
      );
    case 'in-progress': {
      const { inProgressFirst, inProgressLater } = run.deps.times;
      const pause = roughly(record.looks === 0 ? inProgressFirst : inProgressLater, run.deps.chance);
      return doubt(run, held, run.deps.clock.now() + pause, outcome.reason, { looks: record.looks + 1 });
    }
    case 'already-done': {
      const pause = roughly(run.deps.times.inProgressFirst, run.deps.chance);
      const repeated = { as: 'already-done' as const, reason: outcome.reason };
      return doubt(run, held, run.deps.clock.now() + pause, outcome.reason, {
        // guard: Evidence: at most one repeat until it is known (800065 is kept)
        repeated,
      });
    }
    case 'unknown':
    case 'unreadable':
      return doubt(run, held, afterWindow(run, record), outcome.reason, { attempts: record.attempts + 1 });
    // Every call meets what stands in between, so no attempt of this job is counted.
    case 'intercepted':
      return doubt(
        run,
        held,
        Math.max(afterWindow(run, record), afterVerdict(run, verdict, 0)),
        outcome.reason,
        {},
      );
    case 'permanent':
      if (
        // guard: Evidence: a permanent answer while unknown is no end
        !inDoubt &&
        // guard: Evidence: a refusal that tells nothing is reconciled first
        !outcome.reconcileFirst
      )
        return refused(run, held, outcome.reason);
      return doubt(run, held, quietEnd(record, run.deps.times), outcome.reason, {
        repeated: {
          // guard: Evidence: a refusal that tells nothing leaves the repeat open [replace: 'refused']
          as: inDoubt ? 'refused' : 'refused-once',
          reason: outcome.reason,
        },
      });
  }
}

/** Orders that the repeat of an ordered cart made are in the books, and a person hears of them at once. */
function withAlarm(run: Run, held: Held, orders: readonly Order[]): Held {
  const { record } = held;
  const { repeat, deps } = run;
  const sentAt = lastCheckout(record)?.at;
  if (repeat?.ofOrderedCart !== true || sentAt === undefined) return held;
  const made = madeByRepeat(orders, {
    sentAt,
    known: repeat.known,
    skew: deps.clockSkew(),
    groups: record.groups ?? [],
    recorded: record.orders,
  });
  if (made.length === 0) return held;
  const { customerId, cartId } = record;
  const orderIds = made.map((order) => order.id);
  deps.telemetry.warn(
    `The repeat of the ordered cart ${cartId}, customer ${customerId}, made new orders: ${orderIds.join(', ')}. Set REPEAT_ORDERED_CART to false.`,
    { customerId, cartId },
  );
  return { ...held, record: { ...record, boughtAgain: { at: deps.clock.now(), orderIds } } };
}

/** Nothing of ours is running; or, if it may have been bought before, that is still so: `transition` sees to it. */
function wait(
  run: Run,
  held: Held,
  until: number,
  reason: Reason,
  change: Partial<CheckoutRecord> = {},
): Promise<void> {
  const to = { step: 'wait' as const, until, why: reason.description };
  return parkAndTell(run, held, to, reason, { reason, ...change });
}

function doubt(
  run: Run,
  held: Held,
  until: number,
  reason: Reason,
  change: Partial<CheckoutRecord>,
): Promise<void> {
  const to = { step: 'doubt' as const, until, why: reason.description };
  return parkAndTell(run, held, to, reason, { reason, ...change });
}

/** A little after the window: clocks differ, and a look that comes too early only parks again. */
const afterWindow = ({ deps }: Run, record: CheckoutRecord): number =>
  windowEnd(record, deps.times) + deps.chance.fraction() * deps.times.slotLife * 5;

function afterVerdict(run: Run, verdict: Verdict, atLeast: number): number {
  const { chance, clock, times } = run.deps;
  const opens = verdict.kind === 'open' ? clock.now() + atLeast : verdict.until;
  return opens + chance.fraction() * times.slotLife * 5;
}

/** Refused for good, and nothing of it was bought but what the record already holds. */
const refused = (run: Run, held: Held, reason: Reason): Promise<void> =>
  recordResult(run, held, { orders: [], failedGroups: held.record.failedGroups, reason });

/**
 * A repeat may answer with the orders of this try alone. Where the cart's groups are known, those of which no order is in
 * hand are in doubt still.
 */
function isWhole(record: CheckoutRecord, orders: readonly Order[]): boolean {
  if (record.state !== 'unresolved' || record.groups === undefined) return true;
  const known = new Set(record.orders.map((mark) => mark.id));
  const fresh = orders.filter((order) => !known.has(order.id));
  const contents = [...record.orders.map((mark) => mark.content), ...fresh.map(contentOf)];
  return groupsWithoutOrder(record.groups, contents).length === 0;
}

function partlyDone(run: Run, held: Held, outcome: Extract<Outcome, { kind: 'result' }>): Promise<void> {
  const { clock, chance, rules, times } = run.deps;
  const { record } = held;
  const { orders, errors } = outcome;
  const attempts = record.attempts + 1;
  const result = { orders, failedGroups: errors, reason: groupsReason(errors, clock.now(), record) };
  // An earlier call may still be making the other groups: only evidence, after quiet, says that they failed.
  if (record.state === 'unresolved') {
    const refusedWhole = orders.length === 0 && errors.every((error) => !error.retryable);
    // All that this cart makes is made: a group without an order is contested, and no repeat tells more.
    const repeated = refusedWhole
      ? { repeated: { as: 'refused' as const, reason: result.reason } }
      : errors.length === 0
        ? { repeated: { as: 'already-done' as const, reason: unlikeCart(clock.now(), record) } }
        : {};
    const until = quietEnd(record, times);
    return recordAndGoOn(run, held, result, { step: 'doubt', until }, { attempts, ...repeated });
  }
  if (errors.every((error) => error.retryable) && attempts < rules.maxAttempts) {
    const until = clock.now() + Math.max(times.inProgressFirst, backOff(attempts, times, chance));
    return recordAndGoOn(run, held, result, { step: 'wait', until }, { attempts });
  }
  return recordResult(run, held, result);
}

const unlikeCart = (at: number, record: CheckoutRecord): Reason => ({
  code: 'other-lines',
  description: 'Partner Center answered with orders that do not match every order group of the cart.',
  cure: 'Compare the cart with its orders in Partner Center, then name its orders.',
  at,
  ...callIds(record),
});

function groupsReason(errors: readonly FailedGroup[], at: number, record: CheckoutRecord): Reason {
  const [first] = errors;
  const groups = errors.map((error) => error.group).join(', ');
  return {
    code: first?.code ?? 'group',
    description: `${errors.length} order group(s) of the cart were refused (${groups}): ${first?.description ?? ''}`,
    cure: 'Mend what the description names, then retry the failed groups; the orders that were made stay.',
    at,
    ...callIds(record),
  };
}

function callIds(record: CheckoutRecord): Partial<Reason> {
  const call = lastCheckout(record);
  return compact({
    status: call?.end?.status,
    requestId: call?.requestId,
    correlationId: call?.correlationId,
    cv: call?.end?.cv,
  });
}

function notExecuted(run: Run, held: Held, reason: Reason): Promise<void> {
  const { clock, chance, rules, times } = run.deps;
  const attempts = held.record.attempts + 1;
  if (attempts >= rules.maxAttempts && held.record.state !== 'unresolved') return refused(run, held, reason);
  return wait(run, held, clock.now() + backOff(attempts, times, chance), reason, { attempts });
}

/** Refused for the whole partner: the job waits. One that is refused again while others pass is refused itself. */
function partnerWide(run: Run, held: Held, reason: Reason, verdict: Verdict): Promise<void> {
  const { clock, gate, times } = run.deps;
  const { record } = held;
  const othersPassed = gate.lastOkOfOthers(record.customerId);
  const refusedSince = record.refusedSince ?? clock.now();
  if (record.state !== 'unresolved' && othersPassed !== undefined && othersPassed > refusedSince)
    return refused(run, held, reason);
  return wait(run, held, afterVerdict(run, verdict, times.partnerRetry), reason, { refusedSince });
}

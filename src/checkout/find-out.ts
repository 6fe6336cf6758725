import { compact } from '../compact.ts';
import { askAndPark, parkAndTell, whenAsked } from './ask.ts';
import { isLate } from './claim.ts';
import { type Findings, isOrdered, type LookRules, repeatDeadline, weigh } from './evidence.ts';
import { look } from './look.ts';
import { park, parkWithoutResult, writeWhileMine } from './park.ts';
import type { CheckoutRecord, FailedGroup, KnownGroup, Reason } from './record.ts';
import { recordResult } from './result.ts';
import type { Held, Run } from './run.ts';
import { submit } from './submit.ts';
import { tooLate } from './too-late.ts';
import { transition } from './transitions.ts';
import { quietEnd } from './window.ts';

/** Finds out what became of a call that may have been executed, and does what the evidence says. */
export async function findOut(run: Run, held: Held): Promise<void> {
  const { deps } = run;
  const looked = await look(run, held);
  const looks = { looks: held.record.looks + 1 };
  if (looked.kind === 'park') return goOnLooking(run, looked.held, looked, looks);
  if (looked.kind === 'refused') return cannotLook(run, looked.held, looked.reason);
  const { findings, inHand } = looked;
  const mine = looked.held;
  const rules = { times: deps.times, ...deps.rules };
  const verdict = weigh(findings, rules);
  switch (verdict.kind) {
    case 'repeat':
      return repeat(run, mine, findings, rules);
    case 'park':
      return goOnLooking(run, mine, verdict, looks);
    case 'ask':
      return ask(run, mine, findings, verdict.why);
    case 'found':
      return recordResult(run, mine, {
        orders: [...inHand, ...verdict.orders],
        failedGroups: verdict.missing.map((group) => notFound(group, mine.record)),
        ...(verdict.missing.length === 0 ? {} : { reason: partlyFound(mine.record, deps.clock.now()) }),
      });
    case 'nothing':
      return recordResult(run, mine, {
        ...tooLate(mine.record, run.stopped, deps.clock.now()),
        ...(verdict.why === 'gone'
          ? { reason: mine.record.repeated?.reason ?? gone(mine.record, deps.clock.now()) }
          : {}),
      });
    case 'denied':
      return recordResult(run, mine, {
        ...tooLate(mine.record, run.stopped, deps.clock.now()),
        ...(verdict.why === 'refused' ? compact({ reason: mine.record.repeated?.reason }) : {}),
        orders: inHand,
        ...(findings.record.orders.length === 0
          ? {}
          : { failedGroups: verdict.missing.map((group) => notFound(group, mine.record)) }),
        gaveUp: true,
      });
  }
}

function goOnLooking(
  run: Run,
  held: Held,
  { until, why }: { readonly until: number; readonly why: string },
  looks: Pick<CheckoutRecord, 'looks'>,
): Promise<void> {
  const reason: Reason = {
    code: 'unknown-outcome',
    description: `It is not known yet whether this cart was bought: ${why}.`,
    cure: 'The worker goes on looking; what it knows by now stands in the record, for you to decide sooner.',
    at: run.deps.clock.now(),
  };
  return parkAndTell(run, held, { step: 'doubt', until, why }, reason, looks);
}

/** The one POST after a doubt: its last send is written before it, and uses up a person's permission. */
async function repeat(run: Run, held: Held, findings: Findings, rules: LookRules): Promise<void> {
  const { deps } = run;
  const known = [...held.record.orders, ...findings.unowned].map(({ id }) => id);
  run.repeat = {
    until: repeatDeadline(findings, rules),
    ofOrderedCart: isOrdered(findings),
    lastSendBefore: held.record.lastSend,
    known: new Set(known),
  };
  const sending = await writeWhileMine(run, held, (record) => {
    const { repeatAllowed: _, ...rest } = record;
    const now = deps.clock.now();
    const lease = { id: held.leaseId, until: now + deps.times.lease };
    return {
      // guard: People: "not bought" allows one repeat [replace: record]
      ...rest,
      state: transition(record.state, 'submit'),
      // guard: Last send: written before a repeat
      lastSend: now,
      lease,
      looks: 0,
      updatedAt: now,
    };
  });
  if (sending === undefined)
    return parkWithoutResult(run, deps.clock.now() + deps.times.outageRetry, 'the lease was lost');
  return submit(run, sending);
}

/** The cart or the list is refused to us for good: no evidence can be had, so a person has to say. */
async function cannotLook(run: Run, held: Held, reason: Reason): Promise<void> {
  const { clock, times } = run.deps;
  const quietAt = quietEnd(held.record, times);
  const looks = { looks: held.record.looks + 1 };
  if (clock.now() < quietAt)
    return park(run, held, { step: 'doubt', until: quietAt, why: reason.description }, looks);
  return askAndPark(run, held, { kind: 'needs-decision', reason }, { step: 'doubt', until: whenAsked(run) });
}

function ask(run: Run, held: Held, findings: Findings, why: string): Promise<void> {
  const { record } = held;
  const at = run.deps.clock.now();
  const evidence = {
    cart: findings.cart,
    groups: findings.groups,
    ordersFound: findings.unowned.map(({ id, status, createdAt }) => ({ id, status, createdAt })),
    equalCartsInDoubt: findings.twins.map((twin) => twin.record.cartId),
    unreadableRecords: findings.unreadable,
    repeated: record.repeated,
    attempts: record.attempts,
  };
  const reason: Reason = {
    ...(record.repeated?.reason ?? record.reason),
    code: record.repeated?.reason.code ?? record.reason?.code ?? 'unknown-outcome',
    description: `It is not known whether this cart was bought: ${why}.`,
    cure: 'Look for the order in Partner Center, then name it, say that it was not bought, or give up on it.',
    at,
  };
  const question = { kind: 'needs-decision' as const, reason, evidence: JSON.stringify(evidence) };
  return askAndPark(run, held, question, { step: 'doubt', until: whenAsked(run) });
}

const notFound = (group: KnownGroup, record: CheckoutRecord): FailedGroup => ({
  group: group.group,
  code: record.repeated?.reason.code ?? 'not-found',
  description:
    record.repeated?.reason.description ?? 'No order of this group was found after the order list was quiet.',
  retryable: false,
});

function partlyFound(record: CheckoutRecord, at: number): Reason {
  if (record.repeated !== undefined && record.repeated.as !== 'already-done')
    return { ...record.repeated.reason, at };
  return {
    code: 'not-found',
    description: 'Some order groups of this cart have an order, others have none.',
    cure: 'Compare the cart with its orders in Partner Center, then retry the missing groups or order them anew.',
    at,
  };
}

const gone = (record: CheckoutRecord, at: number): Reason => ({
  code: 'gone',
  description: `The cart can no longer be read, and no order of it was found${isLate(record.job.notAfter, at) ? '; its time is over' : ''}.`,
  cure: 'The cart has expired or was removed: prepare a new one if it is still wanted.',
  at,
});

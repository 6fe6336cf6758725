import { compact } from '../compact.ts';
import { roughly } from './back-off.ts';
import { type Claim, decideClaim, isLate } from './claim.ts';
import { nextTry } from './copies.ts';
import type { Decision } from './delivery.ts';
import { givenUp } from './given-up.ts';
import { emptyHistory, none, withDelivery } from './history.ts';
import type { Stored } from './ledger.ts';
import { overtaken } from './overtaken.ts';
import { parkWithoutResult } from './park.ts';
import type { CheckoutRecord } from './record.ts';
import type { Held, Run } from './run.ts';
import { type Result, settled } from './settle.ts';
import { stoppedNow } from './stopped.ts';
import { writeBatchRows } from './tail.ts';
import { tooLate } from './too-late.ts';
import { transition } from './transitions.ts';

/** What a claim leaves to do: a call, a look, the tail of a known result, a person's decision, or nothing more. */
export type Claimed =
  | { readonly kind: 'call'; readonly held: Held }
  | { readonly kind: 'look'; readonly held: Held }
  | {
      readonly kind: 'orders';
      readonly held: Held;
      readonly orderIds: readonly string[];
      readonly who: string;
    }
  | { readonly kind: 'give-up'; readonly held: Held; readonly who: string }
  | { readonly kind: 'settled'; readonly record: CheckoutRecord }
  /** Nothing of it was running, and nothing more will: too late before it began, or given up. */
  | { readonly kind: 'ended'; readonly record: CheckoutRecord }
  | { readonly kind: 'done' };

/** Conflicts with other workers in a row before the delivery is parked: each one means that somebody else got on. */
const maxTries = 5;

export async function claimJob(run: Run): Promise<Claimed> {
  const { deps, delivery } = run;
  // A producer's first delivery is almost always a new cart: its insert needs no read before it.
  let found = delivery.mayHaveTail ? await deps.ledger.read(delivery.job) : undefined;
  for (let tries = 0; tries < maxTries; tries += 1) {
    found = await withBatch(run, found);
    run.stopped = await stoppedNow(run, found?.value);
    const claim = decideClaim(found?.value, delivery, deps.clock.now(), deps.times);
    if (found !== undefined) await tellOvertaken(run, found.value, claim);
    const claimed = found === undefined ? await insert(run) : await carryOut(run, claim, found);
    if (claimed !== undefined) return claimed;
    found = await deps.ledger.read(delivery.job);
  }
  await parkWithoutResult(
    run,
    deps.clock.now() + roughly(deps.times.outageRetry, deps.chance),
    'many claims at once',
  );
  return { kind: 'done' };
}

/** Undefined: somebody else changed the record meanwhile; read it and decide again. */
async function carryOut(run: Run, claim: Claim, found: Stored<CheckoutRecord>): Promise<Claimed | undefined> {
  const { deps } = run;
  const { value: record } = found;
  switch (claim.kind) {
    case 'settled':
      return { kind: 'settled', record };
    case 'twin':
      return { kind: 'done' };
    case 'revive':
      await deps.queue.send(nextTry(record, record.ticket, [], deps.chance), deps.clock.now());
      return { kind: 'done' };
    case 'leased':
    case 'early': {
      const wait = claim.until - deps.clock.now();
      if (wait <= deps.times.sleepBudget - run.slept) {
        run.slept += wait;
        await deps.clock.sleep(wait);
        return undefined;
      }
      // No claim and no pause of ours is longer; a row that says so was edited by hand.
      const longest = deps.clock.now() + 2 * deps.times.slowRetry;
      await parkWithoutResult(
        run,
        Math.min(claim.until, longest),
        claim.kind === 'leased' ? 'another worker has it' : 'before its time',
      );
      return { kind: 'done' };
    }
    case 'decide':
      return decide(run, found);
    case 'take-over':
      return takeOver(run, found, claim.inDoubt);
    case 'insert':
      return insert(run);
  }
}

async function insert(run: Run): Promise<Claimed | undefined> {
  const { deps } = run;
  const leaseId = deps.chance.guid();
  const record = newRecord(run, leaseId);
  const end = endBeforeBegin(run, record);
  if (end !== undefined) {
    const failed = endedBy(run, end.record, end.result);
    const written = await deps.ledger.insert(failed, leaseId);
    return written.kind === 'conflict' ? undefined : { kind: 'ended', record: failed };
  }
  const written = await deps.ledger.insert(record, leaseId);
  if (written.kind === 'conflict') return undefined;
  return { kind: 'call', held: { record, etag: written.etag, leaseId } };
}

function endBeforeBegin(
  run: Run,
  record: CheckoutRecord,
): { readonly record: CheckoutRecord; readonly result: Result } | undefined {
  const { decision, job } = run.delivery;
  const now = run.deps.clock.now();
  if (decision?.decision === 'give-up' && decision.seen === 'nothing')
    return { record: withDecision(run, record, decision), result: givenUp(record, decision.who, now) };
  if (run.stopped === undefined && !isLate(job.notAfter, now)) return undefined;
  return { record, result: tooLate(record, run.stopped, now) };
}

function endedBy(run: Run, record: CheckoutRecord, result: Result): CheckoutRecord {
  const ended = settled(record, result, { now: run.deps.clock.now(), firstPoll: 0 });
  return withDelivery(ended, run, `recorded: ${ended.state}`);
}

const withDecision = (
  { deps, delivery }: Run,
  record: CheckoutRecord,
  { decision, who }: Decision,
): CheckoutRecord => ({
  ...record,
  decisions: [...record.decisions, { decision, who, at: deps.clock.now(), ticket: delivery.ticket }],
});

function newRecord(run: Run, leaseId: string): CheckoutRecord {
  const { deps, delivery } = run;
  const now = deps.clock.now();
  const { job } = delivery;
  const record: CheckoutRecord = compact({
    version: 1 as const,
    customerId: job.customerId,
    cartId: job.cartId,
    state: 'submitting' as const,
    job,
    body: delivery.body,
    batches: job.batchId === undefined ? [] : [job.batchId],
    ticket: delivery.ticket,
    revision: 0,
    attempts: 0,
    lease: { id: leaseId, until: now + deps.times.lease },
    requestId: deps.chance.guid(),
    firstSend: now,
    lastSend: now,
    attentionMayBeOpen: false,
    orders: [],
    failedGroups: [],
    looks: 0,
    reached: {},
    history: emptyHistory,
    deliveries: none,
    polls: none,
    decisions: [],
    firstEnqueued: delivery.firstEnqueued,
    traceparent: delivery.traceparent,
    createdAt: now,
    updatedAt: now,
  });
  return withDelivery(record, run);
}

async function takeOver(
  run: Run,
  found: Stored<CheckoutRecord>,
  inDoubt: boolean,
): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const now = deps.clock.now();
  // Past its time, or stopped, a job is not sent again: it is claimed only to be ended.
  const sends = !inDoubt && run.stopped === undefined && !isLate(found.value.job.notAfter, now);
  const record = {
    ...found.value,
    state: transition(found.value.state, inDoubt ? 'doubt' : 'submit'),
    ticket: delivery.ticket,
    attentionMayBeOpen: true,
    // Only what is about to send may move the last send: a look that did would put off quiet for ever.
    ...(sends ? { lastSend: now } : {}),
  };
  return claimed(run, found, record, inDoubt ? 'look' : 'call');
}

/** A person's decision that applies: it is written with the claim, so it counts once. */
async function decide(run: Run, found: Stored<CheckoutRecord>): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const { decision } = delivery;
  if (decision === undefined) return undefined;
  const now = deps.clock.now();
  const { repeated, reason, ...rest } = found.value;
  const base: CheckoutRecord = {
    ...withDecision(run, rest, decision),
    ticket: delivery.ticket,
    attentionMayBeOpen: true,
  };
  const undecided = compact({ ...base, repeated, reason });
  switch (decision.decision) {
    case 'retry': {
      const { asked: _, gaveUp, refusedSince: __, ...fresh } = base;
      const inDoubt = gaveUp === true;
      const state = transition(base.state, inDoubt ? 'reopen-in-doubt' : 'reopen');
      const reopened = { ...fresh, state, attempts: 0, looks: 0, ...(inDoubt ? {} : { lastSend: now }) };
      return claimed(run, found, reopened, inDoubt ? 'look' : 'call');
    }
    case 'not-bought':
      return claimed(run, found, { ...undecided, repeatAllowed: true }, 'look');
    case 'orders': {
      const held = await claimed(run, found, undecided, 'look');
      return held && { kind: 'orders', held: held.held, orderIds: decision.orderIds, who: decision.who };
    }
    case 'give-up': {
      if (undecided.state === 'waiting') return giveUpWaiting(run, found.etag, undecided, decision.who);
      const inDoubt = { ...undecided, state: transition(undecided.state, 'doubt') };
      const held = await claimed(run, found, inDoubt, 'look');
      return held && { kind: 'give-up', held: held.held, who: decision.who };
    }
  }
}

/** Nothing of it is running: one write ends it. A claim before it would leave, if its worker died, a job that goes on. */
async function giveUpWaiting(
  run: Run,
  etag: string,
  record: CheckoutRecord,
  who: string,
): Promise<Claimed | undefined> {
  const { deps } = run;
  const ended = endedBy(run, record, givenUp(record, who, deps.clock.now()));
  const written = await deps.ledger.replace(ended, etag, deps.chance.guid());
  return written.kind === 'conflict' ? undefined : { kind: 'ended', record: ended };
}

async function claimed<K extends 'call' | 'look'>(
  run: Run,
  found: Stored<CheckoutRecord>,
  record: CheckoutRecord,
  kind: K,
): Promise<{ readonly kind: K; readonly held: Held } | undefined> {
  const { deps } = run;
  const now = deps.clock.now();
  const leaseId = deps.chance.guid();
  const { nextTry: _, ...rest } = record;
  const lease = { id: leaseId, until: now + deps.times.lease };
  const leased = withDelivery({ ...rest, lease, updatedAt: now }, run);
  const written = await deps.ledger.replace(leased, found.etag, leaseId);
  if (written.kind === 'conflict') return undefined;
  return { kind, held: { record: leased, etag: written.etag, leaseId } };
}

/** A decision that came too late is told where people look; the message is an ordinary delivery. */
async function tellOvertaken(run: Run, record: CheckoutRecord, claim: Claim): Promise<void> {
  const { deps, delivery } = run;
  // Behind a lease or a wait it is parked, and judged when it comes again.
  if (delivery.decision === undefined || ['decide', 'leased', 'early'].includes(claim.kind)) return;
  const words = overtaken(delivery.decision, delivery.ticket, record, deps.clock.now());
  if (words === undefined) return;
  const { customerId, cartId } = record;
  await deps.attention.overtaken({ customerId, cartId }, words);
  deps.telemetry.event('DecisionOvertaken', {
    customerId,
    cartId,
    decision: delivery.decision.decision,
  });
}

/** A batch that names a known cart is added to its record before anything else, so that the batch counts it. */
async function withBatch(
  run: Run,
  found: Stored<CheckoutRecord> | undefined,
): Promise<Stored<CheckoutRecord> | undefined> {
  const { batchId } = run.delivery.job;
  if (found === undefined || batchId === undefined || found.value.batches.includes(batchId)) return found;
  const batches = [...found.value.batches, batchId];
  const record = withDelivery({ ...found.value, batches }, run, `named batch ${batchId}`);
  const written = await run.deps.ledger.replace(record, found.etag, run.deps.chance.guid());
  if (written.kind === 'written') {
    await writeBatchRows(run.deps, record, 'not-newer');
    return { value: record, etag: written.etag };
  }
  return withBatch(run, await run.deps.ledger.read(run.delivery.job));
}

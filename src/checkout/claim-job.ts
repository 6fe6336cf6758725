import type { Result } from '../domain/checkout/apply-result.ts';
import { withJitter } from '../domain/checkout/backoff.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import { type Claim, decideClaim, isLate } from '../domain/checkout/claim-rules.ts';
import { givenUp } from '../domain/checkout/given-up.ts';
import { newRecord } from '../domain/checkout/new-record.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import { transition } from '../domain/checkout/state-machine.ts';
import { tooLate } from '../domain/checkout/too-late.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { Stored } from '../ports/ledger.ts';
import { claimDecision, tellOvertaken, withDecision } from './claim-decision.ts';
import { type Claimed, claimed, endedBy } from './claimed.ts';
import { nextTry } from './copies.ts';
import { writeBatchRows } from './finalize.ts';
import { parkWithoutResult } from './park.ts';
import type { Run } from './run.ts';
import { stoppedNow } from './stopped.ts';

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
    // guard: People: whoever decided too late is told
    if (found !== undefined) await tellOvertaken(run, found.value, claim);
    const claimed = found === undefined ? await insert(run) : await carryOut(run, claim, found);
    if (claimed !== undefined) return claimed;
    found = await deps.ledger.read(delivery.job);
  }
  await parkWithoutResult(
    run,
    deps.clock.now() + withJitter(deps.times.outageRetry, deps.chance),
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
      return claimDecision(run, found);
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
    // guard: Last send: written by the take-over from waiting
    // guard: Last send: never moved by a look [replace: { lastSend: now }]
    ...(sends ? { lastSend: now } : {}),
    ...(sends ? { firstInDoubt: omitUndefined({ at: now, skew: deps.clockSkew() }) } : {}),
  };
  return claimed(run, found, record, inDoubt ? 'look' : 'call');
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

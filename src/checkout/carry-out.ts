/** Fifth step of a delivery: do the next action that was decided. It interprets; it decides nothing. */

import { type Result, withResult } from '../domain/checkout/apply-result.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import { withoutRefusedDecision } from '../domain/checkout/decisions.ts';
import type { Asked, Destination, FinalAction, NextAction } from '../domain/checkout/next-action.ts';
import { type CheckoutRecord, transition } from '../domain/checkout/record.ts';
import { needsDecisionEvent } from '../domain/events/event-list.ts';
import { isOrderJob } from '../domain/message/job.ts';
import { referenceHash } from '../domain/message/reference-hash.ts';
import { wholeMs } from '../domain/schedule-entry.ts';
import { commitResult } from './commit-result.ts';
import { comeBack, entryFor, removeReplaced } from './entries.ts';
import {
  attentionRow,
  closeAttention,
  finalizeOrComeBack,
  reportAttention,
  reportFinished,
  writeBatchRows,
} from './finalize.ts';
import { type Completed, type RecordWriter, type Run, unleasedWriter, whileMine } from './run.ts';

/**
 * Last step but one of the way: does the next action that `after-call.ts`, `after-evidence.ts` or `after-decision.ts` in
 * `src/domain/checkout/` chose. Nothing else writes the ledger after a claim.
 */
export async function carryOut(run: Run, action: FinalAction): Promise<Completed> {
  const { leased } = run;
  if (leased === undefined) throw new Error(`Job ${run.delivery.jobKey}: "${action.kind}" needs a claim`);
  switch (action.kind) {
    case 'record-result':
    case 'record-and-go-on': {
      const to = action.kind === 'record-and-go-on' ? action.to : undefined;
      const committed = await commitResult(run, leased, action.result, to);
      if (typeof committed === 'string') return committed;
      return (await reschedule(run, whileMine(run, committed.leased), committed.to)) ?? 'entry';
    }
    case 'reschedule':
      return (await reschedule(run, whileMine(run, leased), action.to)) ?? 'entry';
    case 'escalate':
      return (await escalate(run, whileMine(run, leased), action.question, action.to)) ?? 'entry';
    case 'end':
      return comeBack(run, leased.record, run.deps.clock.now() + run.deps.times.outageRetry);
  }
}

/**
 * The same for a record of which nothing is running, with one If-Match write in place of a claim. `etag` is undefined for a record
 * that is not there yet. Undefined: somebody else changed the record; read and decide again.
 */
export async function carryOutUnleased(
  run: Run,
  record: CheckoutRecord,
  etag: string | undefined,
  action: NextAction,
): Promise<Completed | undefined> {
  const writer = unleasedWriter(run, record, etag);
  switch (action.kind) {
    case 'reschedule':
      return reschedule(run, writer, action.to);
    case 'escalate':
      return escalate(run, writer, action.question, action.to);
    case 'record-result':
      return endUnleased(run, writer, action.result);
    case 'record-and-go-on':
    case 'repeat':
    case 'repair-cart':
    case 'end':
      throw new Error(`Job ${record.jobKey}: "${action.kind}" needs a claim`);
  }
}

/** Entry, record, removal: any other order loses the job when the worker dies in between. */
async function reschedule(run: Run, writer: RecordWriter, to: Destination): Promise<Completed | undefined> {
  const { deps, delivery, startedAt } = run;
  const nextTry = wholeMs(to.at);
  const before = writer.record();
  const state = transition(before.state, to.step);
  // guard: Reschedule: the entry comes before the record [later]
  await deps.schedule.ensure(entryFor(run, before, nextTry, state));
  const written = await writer.write((record) =>
    withDelivery(
      rescheduled(record, to, nextTry, deps.clock.now()),
      delivery,
      startedAt,
      `rescheduled: ${to.why}`,
    ),
  );
  // The entry stays: it causes one harmless wake-up.
  if (written === undefined) return undefined;
  await writeBatchRows(deps, written, 'not-newer');
  if (written.revision > before.revision) await closeAttention(deps, written);
  // guard: Reschedule: the replaced entry is removed last [earlier]
  await removeReplaced(run, nextTry);
  reportRescheduled(run, nextTry, to.why);
  return 'entry';
}

/** An outcome closes the question about crashes: the row that asked it tells of an older revision then. */
function rescheduled(record: CheckoutRecord, to: Destination, nextTry: number, now: number): CheckoutRecord {
  const { lease, lastError, asked, ...rest } = record;
  const closes = to.change.unansweredSends === 0 && asked?.code === 'worker-crashed';
  return {
    ...rest,
    ...(asked === undefined || closes ? {} : { asked }),
    revision: record.revision + (closes ? 1 : 0),
    unfinishedClaims: 0,
    ...to.change,
    state: transition(record.state, to.step),
    reschedules: record.reschedules + 1,
    nextTry,
    entryOrigin: nextTry,
    updatedAt: now,
  };
}

/**
 * Asks a person, and reschedules. The record says so first, then the row is opened (every time, so that no crash can lose the
 * question), then the event, then the reschedule.
 */
async function escalate(
  run: Run,
  writer: RecordWriter,
  { kind, code, reason, evidence }: Asked,
  to: Destination,
): Promise<Completed | undefined> {
  const { deps } = run;
  const before = writer.record();
  const isNew = before.asked?.kind !== kind || before.decision !== undefined;
  if (isNew) {
    const asked = { kind, since: deps.clock.now(), ...(code === undefined ? {} : { code }) };
    // A decision that led to this question is used up by it.
    const written = await writer.write((record) => ({
      ...(kind === 'needs-decision' ? withoutRefusedDecision(record, reason.description) : record),
      asked,
      attentionMayBeOpen: true,
      reason,
    }));
    if (written === undefined) return undefined;
  }
  const record = writer.record();
  // guard: People: a question opens its row before the reschedule
  await deps.attention.write(attentionRow(record, kind, reason, evidence), 'not-newer');
  if (isNew) reportAttention(deps, 'AttentionOpened', record, kind, reason.code);
  if (kind === 'needs-decision') await deps.events.publish([needsDecisionEvent(record)]);
  return reschedule(run, writer, { ...to, change: { reason, ...to.change } });
}

/** Nothing of it is running: one write ends it. A claim before it would leave, if its worker died, a job that goes on. */
async function endUnleased(run: Run, writer: RecordWriter, result: Result): Promise<Completed | undefined> {
  const { deps, delivery, startedAt } = run;
  const written = await writer.write((record) => {
    const ended = withResult(record, result, { now: deps.clock.now(), firstPoll: 0 });
    return withDelivery(ended, delivery, startedAt, `recorded: ${ended.state}`);
  });
  if (written === undefined) return undefined;
  reportFinished(run, written);
  return finalizeOrComeBack(run, written);
}

function reportRescheduled(run: Run, until: number, why: string): void {
  const { jobKey, from } = run.delivery;
  const record = run.leased?.record;
  const job = record?.job ?? (from.kind === 'producer' ? from.job : undefined);
  run.deps.telemetry.event('JobRescheduled', {
    jobKey,
    customerId: job?.customerId,
    cartId: record?.cartId ?? (job === undefined || isOrderJob(job) ? undefined : job.cartId),
    batchId: job?.batchId,
    notAfter: job?.notAfter,
    referenceHash: referenceHash(job?.reference),
    until,
    why,
  });
}

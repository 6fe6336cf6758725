/** Writes a person's decision into the record of a job; the worker carries it out. */
import { withResult } from '../../domain/checkout/apply-result.ts';
import { newRecord } from '../../domain/checkout/claim-rules.ts';
import {
  type Decision,
  isAsSeen,
  whyNotDecide,
  withPendingDecision,
} from '../../domain/checkout/decisions.ts';
import { givenUp } from '../../domain/checkout/endings.ts';
import { type CheckoutRecord, isSettled } from '../../domain/checkout/record.ts';
import { type Delivery, wakeUp } from '../../domain/message/delivery.ts';
import type { Job } from '../../domain/message/job.ts';
import { type JobKey, jobKeyOf } from '../../domain/message/job-key.ts';
import { type JobEntry, jobEntry, wholeMs } from '../../domain/schedule-entry.ts';
import type { Times } from '../../domain/times.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Random } from '../../ports/random.ts';
import type { Schedule } from '../../ports/schedule.ts';
import { Unavailable } from '../../ports/unavailable.ts';

export interface DecideDeps {
  readonly ledger: Pick<Ledger, 'read' | 'insert' | 'replace'>;
  readonly schedule: Pick<Schedule, 'ensure' | 'moveJobs' | 'remove'>;
  readonly times: Pick<Times, 'wakeRetry'>;
  /** Sends a wake-up now; undefined: the gate is closed, or a tick does it. */
  readonly wakeUps: { readonly urgent: CheckoutQueue; readonly standard: CheckoutQueue } | undefined;
  /** The storage's time: an operator's own clock may be minutes off. */
  readonly now: () => number;
  readonly random: Random;
}

export type DecideOutcome =
  | { readonly kind: 'decided'; readonly record: CheckoutRecord }
  | { readonly kind: 'no-record' }
  | { readonly kind: 'refused'; readonly why: string }
  /** It is not as the person saw it any more. */
  | { readonly kind: 'changed'; readonly record: CheckoutRecord };

/** A person's decision does not race workers for ever. */
const maxWrites = 20;

/**
 * Writes a person's decision about a job into its record: entry, record, wake-up. `seen`: the record as the person saw it; without
 * it, as it is read now. The next delivery of the job carries it out. Throws `Unavailable` and `UnreadableRecord`.
 */
export async function decideJob(
  deps: DecideDeps,
  jobKey: JobKey,
  decision: Decision,
  seen?: CheckoutRecord,
): Promise<DecideOutcome> {
  const { ledger, schedule, random } = deps;
  let found = await ledger.read(jobKey);
  if (found === undefined) return { kind: 'no-record' };
  const first = seen ?? found.value;
  if (!isAsSeen(found.value, first)) return { kind: 'changed', record: found.value };
  const why = whyNotDecide(found.value, decision, deps.now());
  if (why !== undefined) return { kind: 'refused', why };
  let net = netFor(deps, found.value, decision.decision);
  // guard: Decision: its entry comes before the record
  await schedule.ensure(net);
  for (let writes = 0; writes < maxWrites; writes += 1) {
    if (deps.now() > net.origin + deps.times.wakeRetry / 5) {
      // The decision has to be in the record well before its entry wakes the job, or the entry could be removed before.
      await removeUnused(deps, net);
      net = netFor(deps, found.value, decision.decision);
      await schedule.ensure(net);
    }
    const next = { ...withPendingDecision(found.value, decision, deps.now()), entryOrigin: net.origin };
    const written = await ledger.replace(next, found.etag, random.guid());
    if (written.kind === 'written') {
      await wake(deps, net);
      return { kind: 'decided', record: next };
    }
    found = await ledger.read(jobKey);
    if (found === undefined) return { kind: 'no-record' };
    // guard: People: a decision counts once, for the record that was seen
    if (!isAsSeen(found.value, first)) {
      if (found.value.entryOrigin !== net.origin) await removeUnused(deps, net);
      return { kind: 'changed', record: found.value };
    }
  }
  await removeUnused(deps, net);
  return {
    kind: 'refused',
    why: `the record of job ${jobKey} changed at each of ${maxWrites} tries; decide again`,
  };
}

/** A job that a person gives to the ledger without a delivery. */
export interface MessageInHand {
  readonly job: Job;
  readonly body: string;
  /** Epoch ms. */
  readonly firstEnqueued: number;
  readonly urgent: boolean;
}

/** The record of such a job, as if this person had delivered its message. Pure. */
export function recordOfPerson(
  { job, body, firstEnqueued, urgent }: MessageInHand,
  who: string,
  requestId: string,
  now: number,
): CheckoutRecord {
  const delivery: Delivery = {
    jobKey: jobKeyOf(job),
    messageId: '',
    count: 1,
    source: `operator:${who}`,
    redelivered: false,
    ordersInHand: [],
    firstEnqueued,
    enqueuedAt: firstEnqueued,
    urgent,
    from: { kind: 'producer', job, body },
  };
  return newRecord(delivery, requestId, now);
}

/** Ends a job that no worker has begun, of a message that a person has in hand. */
export async function giveUpUnbegun(
  deps: DecideDeps,
  message: MessageInHand,
  who: string,
): Promise<DecideOutcome> {
  const { ledger, schedule, random } = deps;
  const jobKey = jobKeyOf(message.job);
  const now = deps.now();
  const fresh = recordOfPerson(message, who, random.guid(), now);
  const net = netFor(deps, fresh, 'give-up');
  await schedule.ensure(net);
  const record = withResult(
    { ...fresh, decisions: [{ decision: 'give-up', who, at: now }], attentionMayBeOpen: true },
    givenUp(fresh, who, now),
    { now, firstPoll: 0 },
  );
  const written = await ledger.insert(record, random.guid());
  if (written.kind === 'conflict') return decideJob(deps, jobKey, { decision: 'give-up', who, orderIds: [] });
  await wake(deps, net);
  return { kind: 'decided', record };
}

/** A retry of a job with a result needs a call: the tick wakes it when the gate has room for it, as any open job. */
function netFor(
  { now, times }: DecideDeps,
  { jobKey, urgent, firstEnqueued: since, state, job: { notAfter } }: CheckoutRecord,
  decision: Decision['decision'],
): JobEntry {
  const next = decision === 'retry' && isSettled(state) ? 'submitting' : state;
  const fields = { jobKey, urgent, since, state: next, ...(notAfter === undefined ? {} : { notAfter }) };
  // Its key is of now, so that it can be made due as soon as the decision is written: no entry is due before its origin.
  const entry = jobEntry(fields, now());
  return { ...entry, dueAt: entry.origin + times.wakeRetry };
}

/** An entry whose decision was not written. It may stay: it wakes the job once, for nothing. */
async function removeUnused({ schedule }: DecideDeps, { key }: JobEntry): Promise<void> {
  try {
    await schedule.remove(key);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

/**
 * The decision is written: the job is woken at once, or by the next tick that may. Both may fail: the entry wakes the job five
 * minutes later.
 */
async function wake({ wakeUps, schedule, random, now }: DecideDeps, entry: JobEntry): Promise<void> {
  try {
    if (wakeUps !== undefined)
      return await wakeUps[entry.urgent ? 'urgent' : 'standard'].send([wakeUp(entry, random.guid())], now());
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
  try {
    await schedule.moveJobs([{ key: entry.key, dueAt: wholeMs(now()), wokenAt: 0 }]);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

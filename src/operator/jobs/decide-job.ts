import { withResult } from '../../domain/checkout/apply-result.ts';
import {
  type Decision,
  isAsSeen,
  whyNotDecide,
  withPendingDecision,
} from '../../domain/checkout/decisions.ts';
import { givenUp } from '../../domain/checkout/endings.ts';
import { newRecord } from '../../domain/checkout/new-record.ts';
import { type CheckoutRecord, isSettled } from '../../domain/checkout/record.ts';
import type { Job } from '../../domain/message/job.ts';
import { type JobKey, jobKeyOf } from '../../domain/message/job-key.ts';
import { type JobEntry, jobEntry, wholeMs } from '../../domain/schedule-entry.ts';
import { wakeUp } from '../../domain/wake-up.ts';
import type { Chance } from '../../ports/chance.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Schedule } from '../../ports/schedule.ts';
import { Unavailable } from '../../ports/unavailable.ts';

export interface DecideDeps {
  readonly ledger: Pick<Ledger, 'read' | 'insert' | 'replace'>;
  readonly schedule: Pick<Schedule, 'ensure' | 'moveJobs'>;
  /** Sends a wake-up now; undefined: the gate is closed, or a tick does it. */
  readonly wakeUps: { readonly urgent: CheckoutQueue; readonly standard: CheckoutQueue } | undefined;
  /** The storage's time: an operator's own clock may be minutes off. */
  readonly now: () => number;
  readonly chance: Chance;
}

export type DecideOutcome =
  | { readonly kind: 'decided'; readonly record: CheckoutRecord }
  | { readonly kind: 'no-record' }
  | { readonly kind: 'refused'; readonly why: string }
  /** It is not as the person saw it any more. */
  | { readonly kind: 'changed'; readonly record: CheckoutRecord };

/** The safety net of a decision wakes the job then, if nothing else does. Now, it could be woken and removed before the decision. */
const netMs = 5 * 60_000;
/** The decision has to be in the record well before its safety net wakes the job. */
const writeWithinMs = 60_000;

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
  const { ledger, schedule, chance } = deps;
  let found = await ledger.read(jobKey);
  if (found === undefined) return { kind: 'no-record' };
  const first = seen ?? found.value;
  const started = deps.now();
  if (!isAsSeen(found.value, first)) return { kind: 'changed', record: found.value };
  const why = whyNotDecide(found.value, decision, started);
  if (why !== undefined) return { kind: 'refused', why };
  const net = netFor(found.value, started, decision.decision);
  // guard: Decision: its entry comes before the record
  await schedule.ensure(net);
  while (deps.now() < started + writeWithinMs) {
    const next = { ...withPendingDecision(found.value, decision, deps.now()), entryOrigin: net.origin };
    const written = await ledger.replace(next, found.etag, chance.guid());
    if (written.kind === 'written') {
      await wake(deps, net);
      return { kind: 'decided', record: next };
    }
    found = await ledger.read(jobKey);
    if (found === undefined) return { kind: 'no-record' };
    // guard: People: a decision counts once, for the record that was seen
    if (!isAsSeen(found.value, first)) return { kind: 'changed', record: found.value };
  }
  return { kind: 'refused', why: `the record of job ${jobKey} kept changing for a minute; decide again` };
}

/** Ends a job that no worker has begun, of a message that a person has in hand. */
export async function giveUpUnbegun(
  deps: DecideDeps,
  message: {
    readonly job: Job;
    readonly body: string;
    readonly firstEnqueued: number;
    readonly urgent: boolean;
  },
  who: string,
): Promise<DecideOutcome> {
  const { ledger, schedule, chance } = deps;
  const { job, body, firstEnqueued, urgent } = message;
  const jobKey = jobKeyOf(job);
  const now = deps.now();
  const delivery = {
    jobKey,
    messageId: '',
    count: 1,
    source: `operator:${who}`,
    redelivered: false,
    ordersInHand: [],
    firstEnqueued,
    enqueuedAt: firstEnqueued,
    urgent,
    from: { kind: 'producer' as const, job, body },
  };
  const fresh = newRecord(delivery, chance.guid(), now);
  const net = netFor(fresh, now, 'give-up');
  await schedule.ensure(net);
  const record = withResult(
    { ...fresh, decisions: [{ decision: 'give-up', who, at: now }], attentionMayBeOpen: true },
    givenUp(fresh, who, now),
    { now, firstPoll: 0 },
  );
  const written = await ledger.insert(record, chance.guid());
  if (written.kind === 'conflict') return decideJob(deps, jobKey, { decision: 'give-up', who, orderIds: [] });
  await wake(deps, net);
  return { kind: 'decided', record };
}

/** A retry of a job with a result needs a call: the tick wakes it when the gate has room for it, as any open job. */
function netFor(
  { jobKey, urgent, firstEnqueued: since, state, job: { notAfter } }: CheckoutRecord,
  now: number,
  decision: Decision['decision'],
): JobEntry {
  const next = decision === 'retry' && isSettled(state) ? 'submitting' : state;
  const fields = { jobKey, urgent, since, state: next, ...(notAfter === undefined ? {} : { notAfter }) };
  // Its key is of now, so that it can be made due as soon as the decision is written: no entry is due before its origin.
  const entry = jobEntry(fields, now);
  return { ...entry, dueAt: entry.origin + netMs };
}

/**
 * The decision is written: the job is woken at once, or by the next tick that may. Both may fail: the entry wakes the job five
 * minutes later.
 */
async function wake({ wakeUps, schedule, chance, now }: DecideDeps, entry: JobEntry): Promise<void> {
  try {
    if (wakeUps !== undefined)
      return await wakeUps[entry.urgent ? 'urgent' : 'standard'].send([wakeUp(entry, chance.guid())], now());
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
  try {
    await schedule.moveJobs([{ key: entry.key, dueAt: wholeMs(now()), wokenAt: 0 }]);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

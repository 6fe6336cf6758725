/**
 * The end of a delivery that met an exception, an unreadable record or no record: its job is neither lost nor loops.
 */

import { unreadableCode } from '../domain/checkout/attention-row.ts';
import { newRecord } from '../domain/checkout/claim-rules.ts';
import { isSettled, type Reason } from '../domain/checkout/record.ts';
import {
  type DecodedDelivery,
  firstEnqueuedProperty,
  joinIds,
  ordersProperty,
  traceparentProperty,
} from '../domain/message/delivery.ts';
import { customerOf, type JobKey } from '../domain/message/job-key.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { wholeMs } from '../domain/schedule-entry.ts';
import { UnreadableRecord } from '../ports/ledger.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { Deps } from './deps.ts';
import { comeBack, entryFor, removeReplaced } from './entries.ts';
import { finalize } from './finalize.ts';
import { redeliverLater } from './redeliver-later.ts';
import { rejectMessage } from './reject-message.ts';
import { type Completed, type Run, returnPermit } from './run.ts';

/** Steps 9 and 10 of the protocol: what a delivery does about an exception, so that its job is neither lost nor loops. */
export async function surviveError(run: Run, message: QueueMessage, error: unknown): Promise<Completed> {
  returnPermit(run);
  try {
    if (error instanceof UnreadableRecord) return await leaveUnreadable(run, error);
    // guard: Bug: caught [replace: false]
    if (!(error instanceof Unavailable)) return await surviveBug(run, message, error);
  } catch (second) {
    if (!(second instanceof Unavailable)) throw second;
    return surviveOutage(run, message, second);
  }
  return surviveOutage(run, message, error);
}

/** Our own storage or queue is unavailable. A wake-up with nothing in hand simply completes: its entry stands. */
async function surviveOutage(run: Run, message: QueueMessage, error: Unavailable): Promise<Completed> {
  const { deps, delivery, startedAt } = run;
  const { jobKey, from } = delivery;
  deps.telemetry.warn(error.message, { jobKey });
  if (from.kind === 'wake-up' && ordersOf(run).length === 0) return 'entry';
  return redeliverLater(deps, message, startedAt, carriedBy(run));
}

const ordersOf = ({ delivery, inHand }: Run): readonly string[] => [
  ...new Set([...delivery.ordersInHand, ...inHand]),
];

/** What a message carries when it is sent again. */
function carriedBy(run: Run): Readonly<Record<string, string>> {
  const inHand = ordersOf(run);
  return {
    ...(inHand.length === 0 ? {} : { [ordersProperty]: withinLength(inHand) }),
    [firstEnqueuedProperty]: String(run.delivery.firstEnqueued),
    ...omitUndefined({ [traceparentProperty]: run.delivery.traceparent }),
  };
}

/** Service Bus allows 64 KB for all properties of a message; the list of orders in hand gets a share of it. */
const maxOrdersLength = 32_000;

function withinLength(ids: readonly string[]): string {
  let kept = ids;
  while (joinIds(kept).length > maxOrdersLength) kept = kept.slice(0, -1);
  return joinIds(kept);
}

/** An exception that is not an outage. Its text goes into the record, and the job runs again in five minutes. */
async function surviveBug(run: Run, message: QueueMessage, error: unknown): Promise<Completed> {
  const { deps, delivery } = run;
  const { jobKey } = delivery;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  deps.telemetry.warn(`A delivery of job ${jobKey} failed: ${text}`, { jobKey });
  try {
    const freed = run.leased === undefined ? undefined : await freeLease(run, text);
    if (freed !== undefined) return freed;
  } catch (second) {
    deps.telemetry.warn(`The error of job ${jobKey} could not be recorded: ${String(second)}`, { jobKey });
  }
  return outsideClaim(run, message, text);
}

async function freeLease(run: Run, text: string): Promise<Completed | undefined> {
  const { deps, delivery, leased } = run;
  const at = wholeMs(deps.clock.now() + deps.times.bugRetry);
  for (;;) {
    const found = await deps.ledger.read(delivery.jobKey);
    if (found === undefined || leased === undefined) return undefined;
    const { value: record, etag } = found;
    if (record.lease?.id !== leased.leaseId) return comeBack(run, record, at);
    // A reschedule, with the counters as they are: without a next try, each other entry of the job would run it at once.
    await deps.schedule.ensure(entryFor(run, record, at));
    const { lease: _, ...rest } = record;
    const next = {
      ...rest,
      // guard: Bug: its job is not due before its entry
      nextTry: at,
      entryOrigin: at,
      lastError: text.slice(0, maxErrorText).toWellFormed(),
      updatedAt: deps.clock.now(),
    };
    const written = await deps.ledger.replace(next, etag, deps.random.guid());
    if (written.kind === 'written') {
      await removeReplaced(run, at);
      return 'entry';
    }
  }
}

const maxErrorText = 1_000;

/**
 * The bug is outside a claim, or cannot be written: the job is looked at again in an hour, and a person hears of it. The promise comes
 * first, as whoever finalizes the job then closes the row: without it, a row of a job that is done would stay open.
 */
async function outsideClaim(run: Run, message: QueueMessage, text: string): Promise<Completed> {
  const { deps, delivery } = run;
  const completed = await promiseHour(run, message);
  try {
    await askPersonSurely(run, {
      code: 'worker-crashed',
      description: `A delivery of this job failed before it claimed the job: ${text.slice(0, maxErrorText).toWellFormed()}`,
      remedy: 'Read the worker’s log. Fix what stopped it. The job runs again within the hour.',
      at: deps.clock.now(),
    });
    await answerBySettled(run);
  } catch (second) {
    // Thrown, it would send the message once more. The next delivery asks again.
    deps.telemetry.warn(`A bug of job ${delivery.jobKey} could not be reported: ${String(second)}`, {
      jobKey: delivery.jobKey,
    });
  }
  return completed;
}

async function promiseHour(run: Run, message: QueueMessage): Promise<Completed> {
  const { deps, delivery } = run;
  const { from } = delivery;
  const now = deps.clock.now();
  const at = wholeMs(now + deps.times.askedRetry);
  if (from.kind === 'wake-up') return comeBackSurely(run, at);
  // Its batch and its times may not be in the record yet, so the message itself comes again.
  try {
    return await redeliverLater(deps, message, run.startedAt, carriedBy(run), deps.times.askedRetry);
  } catch (second) {
    if (second instanceof Unavailable) throw second;
  }
  // A job without a record would be lost with its message.
  await deps.schedule.ensure(entryFor(run, undefined, at));
  await deps.ledger.insert(
    { ...newRecord(delivery, deps.random.guid(), now), nextTry: at, entryOrigin: at },
    deps.random.guid(),
  );
  return 'entry';
}

/**
 * Before a question that the record knows nothing of. The entry of a wake-up may be gone: it came late, and the job has been finalized
 * since. Another entry has to finalize it once more, and close the question. A move inserts nothing, and the entry may go until then: so it
 * is looked for after the move.
 */
async function comeBackSurely(run: Run, at: number): Promise<Completed> {
  const { schedule } = run.deps;
  const { from } = run.delivery;
  const completed = await comeBack(run, undefined, at);
  if (from.kind === 'wake-up' && !(await schedule.exists(from.entryKey)))
    await schedule.ensure(entryFor(run, undefined, wholeMs(at)));
  return completed;
}

/**
 * The same for a job that another run may be finalizing: if that run removed the entry before it could see the row, another entry is
 * written, whose wake-up closes the row.
 */
async function askPersonSurely(run: Run, reason: Reason): Promise<void> {
  const { deps, delivery } = run;
  await askPerson(deps, delivery.jobKey, reason);
  const { from } = delivery;
  // guard: Bug: a row that is written after the finalizing is closed too
  if (from.kind === 'wake-up' && !(await deps.schedule.exists(from.entryKey)))
    await deps.schedule.ensure(entryFor(run, undefined, wholeMs(reason.at + deps.times.askedRetry)));
}

/**
 * Another run may have finalized the job before the row was written, and remove the entry only now: the row of the result then takes the
 * place of the question. A job that is settled later is finalized later, and closes the row itself.
 */
async function answerBySettled({ deps, delivery }: Run): Promise<void> {
  const record = (await deps.ledger.read(delivery.jobKey))?.value;
  // guard: Bug: a row about a job that has a result gives way to it
  if (record !== undefined && isSettled(record.state))
    await finalize(deps, { ...record, attentionMayBeOpen: true });
}

/** A record that cannot be read is never acted on: a newer version of the worker will know it, or a person must look. */
async function leaveUnreadable(run: Run, error: UnreadableRecord): Promise<Completed> {
  const { deps, delivery } = run;
  const now = deps.clock.now();
  deps.telemetry.warn(error.message, { jobKey: error.jobKey });
  const completed = await comeBackSurely(
    run,
    now + (error.newer ? deps.times.bugRetry : deps.times.askedRetry),
  );
  const { from } = delivery;
  const since = from.kind === 'wake-up' ? from.origin : delivery.firstEnqueued;
  if (!error.newer || now - since > deps.times.askedRetry) await askAboutUnreadable(run, error, now);
  return completed;
}

const askAboutUnreadable = (run: Run, error: UnreadableRecord, at: number): Promise<void> =>
  askPersonSurely(run, {
    code: unreadableCode,
    description: error.message,
    remedy: error.newer
      ? 'Finish the deployment: a newer version of the worker wrote the record, and this one cannot read it.'
      : 'Fix the row in the table Checkouts, from a backup if there is one. The worker then reads it again.',
    at,
  });

/** Its record is not at hand, so the row is written whatever its revision. */
export async function askPerson(deps: Deps, jobKey: JobKey, reason: Reason): Promise<void> {
  const row = {
    jobKey,
    kind: 'needs-decision' as const,
    open: true,
    revision: 0,
    reason,
    batchIds: [],
    at: reason.at,
  };
  if (!(await deps.attention.write(row, 'anyway'))) return;
  const { code } = reason;
  deps.telemetry.event('AttentionOpened', {
    jobKey,
    customerId: customerOf(jobKey),
    cartId: undefined,
    batchId: undefined,
    kind: 'needs-decision',
    code,
    revision: 0,
  });
}

/**
 * Rolling deployments run two versions side by side: what the newer one wrote is left to it, for an hour in silence. Without storage a
 * message is sent again, and the entry of a wake-up stands.
 */
export async function leaveToNewerVersion(
  deps: Deps,
  message: QueueMessage,
  { version, wakeUp }: Extract<DecodedDelivery, { kind: 'newer' }>,
): Promise<Completed> {
  const startedAt = deps.clock.now();
  deps.telemetry.warn('A newer version of the worker wrote this message', { version });
  const first = Number(message.properties[firstEnqueuedProperty] ?? message.enqueuedAt);
  // What it has in hand would be lost with it.
  const carriesOrders = message.properties[ordersProperty] !== undefined;
  const sendAgain = () =>
    redeliverLater(
      deps,
      message,
      startedAt,
      wakeUp === undefined ? { [firstEnqueuedProperty]: String(first) } : {},
    );
  try {
    if (wakeUp === undefined) {
      // guard: Version: a newer message is kept after an hour
      if (startedAt - first > deps.times.askedRetry)
        return await rejectMessage(deps, message, {
          kind: 'not-valid',
          path: 'checkout-version',
          reason: `version ${version} is newer than this worker, and no newer worker took the message within an hour`,
        });
      return await sendAgain();
    }
    if (startedAt - wakeUp.origin > deps.times.askedRetry)
      await askPerson(deps, wakeUp.jobKey, {
        code: 'newer-version',
        description: `A worker of version ${version} wakes this job, and no such worker has taken it within an hour.`,
        remedy: 'Finish the deployment, or roll the newer version back on every instance.',
        at: startedAt,
      });
    if (carriesOrders) return await sendAgain();
    await deps.schedule.moveJobs([
      { key: wakeUp.entryKey, dueAt: wholeMs(startedAt + deps.times.bugRetry), wokenAt: 0 },
    ]);
    return 'entry';
  } catch (error) {
    if (!(error instanceof Unavailable) || error.what !== 'storage') throw error;
    deps.telemetry.warn(error.message);
    return wakeUp === undefined || carriesOrders ? sendAgain() : 'entry';
  }
}

/** An entry is written before its record, so a record may be on its way: from this wake-up on it counts as missing. */
const missingFrom = 5;

/** A wake-up without a record: its entry stays, until nobody can hope any more. The one removal that R2 does not cover. */
export async function recordMissing(run: Run): Promise<Completed> {
  const { deps, delivery } = run;
  const { from, jobKey } = delivery;
  returnPermit(run);
  if (from.kind !== 'wake-up')
    throw new Error(`A producer's message begins job ${jobKey}, and needs no record`);
  if (from.wakes < missingFrom) return 'entry';
  await askPerson(deps, jobKey, {
    code: 'record-missing',
    description: `The schedule wakes job ${jobKey} of customer ${customerOf(jobKey)}, but the ledger has no record of it.`,
    remedy:
      'If the record was removed, restore it from a backup. If the cart is still needed, enqueue it again.',
    at: deps.clock.now(),
  });
  await deps.schedule.remove(from.entryKey);
  return 'entry';
}

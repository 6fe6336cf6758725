/** Drops a dead letter that nothing depends on. */
import { createHash } from 'node:crypto';
import { type CheckoutRecord, isFinal, isSettled } from '../../domain/checkout/record.ts';
import { decodeDelivery } from '../../domain/message/delivery.ts';
import { decodeJob, type Job } from '../../domain/message/job.ts';
import { jobKeyOf } from '../../domain/message/job-key.ts';
import type { Attention } from '../../ports/attention.ts';
import type { DeadLetter, TakenLetter } from '../../ports/dead-letters.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import { type DecideDeps, type DecideOutcome, decideJob, giveUpUnbegun } from '../jobs/decide-job.ts';
import { whatChanged } from '../jobs/what-changed.ts';

export interface DiscardDeps extends DecideDeps {
  readonly attention: Pick<Attention, 'reject'>;
}

/** Why this dead letter must not be dropped: it may be all that makes its job go on. Undefined: nothing hangs on it. */
export function whyNotDiscard(job: Job | undefined, record: CheckoutRecord | undefined): string | undefined {
  if (job === undefined) return undefined;
  const key = jobKeyOf(job);
  if (record === undefined)
    return `its job was never begun, and would be lost: requeue it, or add --give-up (job ${key})`;
  if (isFinal(record.state)) return undefined;
  return `its job is ${record.state}, and this may be its last message: requeue it, or add --give-up (job ${key})`;
}

/**
 * Drops a dead letter, with a name. It is kept first, byte for byte, in a closed row of the table Attention. With `giveUp`
 * a job that hangs on it is given up before. Returns why it refuses; nothing when it is done. Throws `Unavailable`.
 */
export async function discard(
  deps: DiscardDeps,
  taken: TakenLetter,
  options: { readonly who: string; readonly giveUp: boolean; readonly urgent: boolean },
): Promise<string | undefined> {
  const { letter } = taken;
  const { who, giveUp, urgent } = options;
  const decoded = decodeJob(letter.body);
  const job = decoded.ok ? decoded.job : undefined;
  try {
    const carries = await whatItCarries(deps, letter, urgent);
    if (carries !== undefined) return carries;
    const record = job === undefined ? undefined : (await deps.ledger.read(jobKeyOf(job)))?.value;
    const why = whyNotDiscard(job, record);
    if (why !== undefined && !giveUp) return why;
    if (job !== undefined && (record === undefined || !isSettled(record.state))) {
      const refused = await giveUpJob(deps, { letter, job, record, urgent }, who);
      if (refused !== undefined) return refused;
    }
  } catch (error) {
    if (error instanceof UnreadableRecord) return error.message;
    throw error;
  }
  await deps.attention.reject(kept(letter, job, who, deps.now()));
  await taken.remove();
  return undefined;
}

/** What no other place has: orders that a delivery received and could not record, or what only a newer version can read. */
async function whatItCarries(
  { ledger }: Pick<DiscardDeps, 'ledger'>,
  letter: DeadLetter,
  urgent: boolean,
): Promise<string | undefined> {
  const decoded = decodeDelivery({ ...letter, queue: urgent ? 'urgent' : 'standard' });
  if (decoded.kind === 'newer')
    return `a newer version (${decoded.version}) of this program wrote it, so this one cannot tell what hangs on it: requeue it`;
  if (decoded.kind !== 'delivery' || decoded.delivery.ordersInHand.length === 0) return undefined;
  const { jobKey, ordersInHand } = decoded.delivery;
  const known = new Set((await ledger.read(jobKey))?.value.orders.map(({ id }) => id));
  const lacking = ordersInHand.filter((id) => !known.has(id));
  return lacking.length === 0
    ? undefined
    : `it carries orders that job ${jobKey} has and the ledger lacks (${lacking.join(', ')}): requeue it`;
}

/** Writes the decision into the job's record; a job that no worker has begun gets a record that says so. */
async function giveUpJob(
  deps: DiscardDeps,
  about: {
    readonly letter: DeadLetter;
    readonly job: Job;
    readonly record: CheckoutRecord | undefined;
    readonly urgent: boolean;
  },
  who: string,
): Promise<string | undefined> {
  const { letter, job, record, urgent } = about;
  const jobKey = jobKeyOf(job);
  // A run that was killed had written it.
  if (record?.decision?.decision === 'give-up') return undefined;
  if (record !== undefined)
    return refusalOf(
      await decideJob(deps, jobKey, { decision: 'give-up', who, orderIds: [] }, record),
      record,
    );
  const body = new TextDecoder().decode(letter.body);
  return refusalOf(
    await giveUpUnbegun(deps, { job, body, firstEnqueued: letter.enqueuedAt, urgent }, who),
    undefined,
  );
}

function refusalOf(outcome: DecideOutcome, seen: CheckoutRecord | undefined): string | undefined {
  switch (outcome.kind) {
    case 'decided':
      return undefined;
    case 'no-record':
      return 'its record was removed meanwhile: look again';
    case 'refused':
      return outcome.why;
    case 'changed':
      return seen === undefined
        ? `job ${outcome.record.jobKey} has changed meanwhile: look again`
        : whatChanged(seen, outcome.record);
  }
}

function kept(letter: DeadLetter, job: Job | undefined, who: string, at: number) {
  const { body, enqueuedAt, sequenceNumber, messageId, properties, reason, description } = letter;
  return {
    key: `${createHash('sha256').update(body).digest('hex')}:${enqueuedAt}-${sequenceNumber}`,
    body,
    messageId,
    properties: JSON.stringify(properties),
    reason: `discarded: a dead letter (${reason}: ${description})${job === undefined ? '' : ` of job ${jobKeyOf(job)}`}`,
    path: '',
    remedy: 'Nothing more is done; its bytes are kept here.',
    ...(job?.batchId === undefined ? {} : { batchId: job.batchId }),
    enqueuedAt,
    at,
    closedBy: who,
  };
}

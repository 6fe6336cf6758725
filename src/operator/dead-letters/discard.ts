import { createHash } from 'node:crypto';
import { decisionCopy } from '../../checkout/copies.ts';
import { type CheckoutRecord, isFinal, isSettled } from '../../domain/checkout/record.ts';
import { decodeJob, type Job } from '../../domain/message/job.ts';
import type { Attention } from '../../ports/attention.ts';
import type { Chance } from '../../ports/chance.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeadLetter, TakenLetter } from '../../ports/dead-letters.ts';
import type { Ledger } from '../../ports/ledger.ts';

export interface DiscardDeps {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly attention: Pick<Attention, 'reject'>;
  readonly queue: CheckoutQueue;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Why this dead letter must not be dropped: it may be all that makes its job go on. Undefined: nothing hangs on it. */
export function whyNotDiscard(job: Job | undefined, record: CheckoutRecord | undefined): string | undefined {
  if (job === undefined) return undefined;
  const name = `${job.customerId} ${job.cartId}`;
  if (record === undefined)
    return `its job was never begun, and would be lost: requeue it, or add --give-up (cart ${name})`;
  if (isFinal(record.state)) return undefined;
  return `its job is ${record.state}, and this may be its last message: requeue it, or add --give-up (cart ${name})`;
}

/**
 * Drops a dead letter, with a name. It is kept first, byte for byte, in a closed row of the table Attention. With `giveUp`
 * a job that hangs on it is given up before. Returns why it refuses; nothing when it is done. Throws `Unavailable`.
 */
export async function discard(
  deps: DiscardDeps,
  taken: TakenLetter,
  options: { readonly who: string; readonly giveUp: boolean },
): Promise<string | undefined> {
  const { letter } = taken;
  const decoded = decodeJob(letter.body);
  const job = decoded.ok ? decoded.job : undefined;
  const record = job === undefined ? undefined : (await deps.ledger.read(job))?.value;
  const why = whyNotDiscard(job, record);
  if (why !== undefined && !options.giveUp) return why;
  const isOpen = record === undefined || !isSettled(record.state);
  if (job !== undefined && isOpen) await giveUp(deps, letter, record, options.who);
  await deps.attention.reject(kept(letter, job, options.who, deps.clock.now()));
  await taken.remove();
  return undefined;
}

/**
 * The worker, the ledger's only writer, ends the job as given up. Should this come too late, it is an ordinary delivery: the
 * job goes on, and the attention row says so.
 */
function giveUp(
  { queue, clock, chance }: DiscardDeps,
  { body, enqueuedAt }: DeadLetter,
  record: CheckoutRecord | undefined,
  who: string,
): Promise<void> {
  const begun = record ?? { body: new TextDecoder().decode(body), ticket: 0, firstEnqueued: enqueuedAt };
  const decision = { decision: 'give-up', seen: record?.state ?? 'nothing', who, orderIds: [] } as const;
  return queue.send(decisionCopy(begun, decision, chance), clock.now());
}

function kept(letter: DeadLetter, job: Job | undefined, who: string, at: number) {
  const { body, enqueuedAt, sequenceNumber, messageId, properties, reason, description } = letter;
  return {
    key: `${createHash('sha256').update(body).digest('hex')}:${enqueuedAt}-${sequenceNumber}`,
    body,
    messageId,
    properties: JSON.stringify(properties),
    reason: `discarded: a dead letter (${reason}: ${description})${job === undefined ? '' : ` of customer ${job.customerId}, cart ${job.cartId}`}`,
    path: '',
    remedy: 'Nothing more is done; its bytes are kept here.',
    ...(job?.batchId === undefined ? {} : { batchId: job.batchId }),
    enqueuedAt,
    at,
    closedBy: who,
  };
}

/** Last step of a list, after `list/check-list.ts`: its jobs go to the queue as the messages of one batch. */
import type { JobMessage, JobSender, SendOptions } from '../ports/job-sender.ts';
import type { CheckedList, ListedJob } from './list/check-list.ts';

export interface EnqueueOptions extends SendOptions {
  readonly list: Pick<CheckedList, 'jobs' | 'batchId' | 'batchSize'>;
  /** Epoch ms: the start of the batch. */
  readonly notBefore?: number;
}

/** Sends a checked list. Safe to repeat: the worker buys each cart once. Throws `Unavailable` ('queue'). */
export function enqueue(sender: JobSender, { list, notBefore, ...options }: EnqueueOptions): Promise<void> {
  const messages = list.jobs.map((one) => toMessage(one, list, notBefore));
  return sender.send(messages, options);
}

/**
 * `notBefore` stands in the body, where the contract has it and people see it. The queue holds the message back until
 * then as well, so that no worker takes it too early.
 */
function toMessage(
  { job, body }: ListedJob,
  { batchId, batchSize }: EnqueueOptions['list'],
  batchStart = 0,
): JobMessage {
  const own = job.notBefore ?? 0;
  const at = Math.max(own, batchStart);
  const start = batchStart > own ? { notBefore: new Date(batchStart) } : {};
  return {
    body: Buffer.from(JSON.stringify({ ...body, batchId, batchSize, ...start })),
    ...(at === 0 ? {} : { at }),
  };
}

import type { JobMessage, JobSender, SendOptions } from '../ports/job-sender.ts';
import type { CheckedList } from './list/check-list.ts';

export interface EnqueueOptions extends SendOptions {
  readonly list: Pick<CheckedList, 'batchId' | 'batchSize'>;
  /** The jobs as `checkList` kept them. */
  readonly bodies: AsyncIterable<string>;
  /** So many were sent by a run before this one. */
  readonly skip: number;
  /** Epoch ms: the run's start. */
  readonly notBefore?: number;
}

/** Sends a checked list. Safe to repeat, from the start or from anywhere: the worker buys each cart once. */
export function enqueue(sender: JobSender, options: EnqueueOptions): Promise<void> {
  const { skip, signal, onSent } = options;
  return sender.send(messages(options), { signal, onSent: (sent) => onSent(skip + sent) });
}

async function* messages({ list, bodies, skip, notBefore }: EnqueueOptions): AsyncGenerator<JobMessage> {
  let number = 0;
  for await (const text of bodies) {
    number += 1;
    if (number > skip) yield toMessage(JSON.parse(text), list, notBefore);
  }
}

/**
 * `notBefore` stands in the body, where the contract has it and people see it; the queue holds the message back until
 * then as well, so that no worker has to reschedule it.
 */
function toMessage(
  job: { readonly notBefore?: string },
  { batchId, batchSize }: EnqueueOptions['list'],
  runStart = 0,
): JobMessage {
  const own = job.notBefore === undefined ? 0 : Date.parse(job.notBefore);
  const at = Math.max(own, runStart);
  const body = { ...job, batchId, batchSize, ...(runStart > own ? { notBefore: new Date(runStart) } : {}) };
  return { body: Buffer.from(JSON.stringify(body)), ...(at === 0 ? {} : { at }) };
}

import type { CheckedList } from './list/check-list.ts';

/** A job's message as a list's sender writes it. */
export interface JobMessage {
  readonly body: Uint8Array;
  /** Epoch ms: the queue hands it out then; absent: at once. */
  readonly at?: number;
  /** W3C trace context of whoever asked for it. */
  readonly traceparent?: string;
}

export interface SendOptions {
  /** Stops after the batches that are under way. */
  readonly signal: AbortSignal;
  /** How many messages, from the first on, the queue has for certain. */
  readonly onSent: (messages: number) => void;
}

/** The checkout queue, for many messages at once. Throws `Unavailable` ('queue'). */
export interface JobSender {
  /** In their order, in full batches. */
  send(messages: AsyncIterable<JobMessage> | Iterable<JobMessage>, options: SendOptions): Promise<void>;
}

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
 * then as well, so that no worker has to park it.
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

/** Sends many jobs at once: what lists and the HTTP endpoint hand in, in as few transfers as the service allows. */
import type { ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus';
import pMap from 'p-map';
import type { Clock } from '../../ports/clock.ts';
import type { JobMessage, JobSender } from '../../ports/job-sender.ts';
import type { Random } from '../../ports/random.ts';
import { sendFailure } from './service-bus-failure.ts';

/** While one batch is on its way the next is filled. */
const maxInFlight = 3;

/** A premium namespace allows single messages of 100 MiB, and batches of 1 MiB. Source: "Service Bus quotas". */
const maxBatchBytes = 1024 * 1024;

/** A namespace that throttles says so for seconds; the client's own tries are over by then. */
const pauses = [2_000, 5_000, 10_000, 20_000, 30_000];

export function jobSender(sender: ServiceBusSender, clock: Clock, random: Random): JobSender {
  async function newBatch(): Promise<ServiceBusMessageBatch> {
    const batch = await sender.createMessageBatch();
    return batch.maxSizeInBytes <= maxBatchBytes
      ? batch
      : sender.createMessageBatch({ maxSizeInBytes: maxBatchBytes });
  }

  async function sendBatch(batch: ServiceBusMessageBatch, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await sender.sendMessages(batch);
      } catch (error) {
        const pause = pauses[tries];
        if (pause === undefined || signal.aborted || !mayPass(error))
          throw sendFailure('queue', `${batch.count} messages to queue ${sender.entityPath}`, error);
        await clock.sleep(pause * (0.5 + random.fraction()));
      }
    }
  }

  /** A new id for each send: two messages with one id in one client would lose one of their lock renewals. */
  const toMessage = ({ body, at, traceparent }: JobMessage): ServiceBusMessage => ({
    messageId: random.guid(),
    // The client writes anything but a Buffer as JSON again.
    body: Buffer.from(body),
    contentType: 'application/json',
    ...(at === undefined || at <= clock.now() ? {} : { scheduledEnqueueTimeUtc: new Date(at) }),
    ...(traceparent === undefined ? {} : { applicationProperties: { traceparent } }),
  });

  /** The messages in full batches, each filled when the one before it was taken. */
  async function* fill(messages: Iterable<JobMessage>, signal: AbortSignal) {
    let batch: ServiceBusMessageBatch | undefined;
    for (const job of messages) {
      if (signal.aborted) return;
      const message = toMessage(job);
      batch ??= await open();
      if (batch.tryAddMessage(message)) continue;
      yield batch;
      batch = await open();
      // A job is a few hundred bytes, so this is a namespace of another kind.
      if (!batch.tryAddMessage(message))
        throw sendFailure('queue', `a message of ${job.body.byteLength} bytes`, new Error('it is too large'));
    }
    if (batch !== undefined && batch.count > 0 && !signal.aborted) yield batch;
  }

  return {
    async send(messages, { signal, onSent }) {
      let sent = 0;
      await pMap(
        fill(messages, signal),
        async (batch) => {
          await sendBatch(batch, signal);
          sent += batch.count;
          onSent(sent);
        },
        { concurrency: maxInFlight },
      );
    },
  };

  async function open(): Promise<ServiceBusMessageBatch> {
    try {
      return await newBatch();
    } catch (error) {
      throw sendFailure('queue', `a batch for queue ${sender.entityPath}`, error);
    }
  }
}

function mayPass(error: unknown): boolean {
  const tries: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const last = tries.at(-1);
  return typeof last === 'object' && last !== null && 'retryable' in last && last.retryable === true;
}

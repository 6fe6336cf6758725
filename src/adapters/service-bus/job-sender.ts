import type { ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus';
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

  return {
    async send(messages, { signal, onSent }) {
      const order = inOrder(onSent);
      const inFlight = new Set<Promise<void>>();
      let failure: unknown;
      const dispatch = async (batch: ServiceBusMessageBatch): Promise<void> => {
        const done = order.next(batch.count);
        const sending = sendBatch(batch, signal)
          .then(done, (error: unknown) => {
            failure ??= error;
          })
          .finally(() => inFlight.delete(sending));
        inFlight.add(sending);
        if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
      };

      let batch: ServiceBusMessageBatch | undefined;
      for await (const job of messages) {
        if (signal.aborted || failure !== undefined) break;
        const message = toMessage(job);
        batch ??= await open();
        if (batch.tryAddMessage(message)) continue;
        await dispatch(batch);
        batch = await open();
        // A job is a few hundred bytes, so this is a namespace of another kind.
        if (!batch.tryAddMessage(message))
          throw sendFailure(
            'queue',
            `a message of ${job.body.byteLength} bytes`,
            new Error('it is too large'),
          );
      }
      if (batch !== undefined && batch.count > 0 && !signal.aborted && failure === undefined)
        await dispatch(batch);
      await Promise.all(inFlight);
      if (failure !== undefined) throw failure;
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

/** Answers may arrive in any order: what counts is how many are there from the first on. */
function inOrder(onSent: (messages: number) => void): { next(count: number): () => void } {
  const open: { count: number; done: boolean }[] = [];
  let sent = 0;
  return {
    next(count) {
      const mine = { count, done: false };
      open.push(mine);
      return () => {
        mine.done = true;
        while (open[0]?.done === true) sent += open.shift()?.count ?? 0;
        onSent(sent);
      };
    },
  };
}

function mayPass(error: unknown): boolean {
  const tries: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const last = tries.at(-1);
  return typeof last === 'object' && last !== null && 'retryable' in last && last.retryable === true;
}

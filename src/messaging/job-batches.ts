import type { ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus';
import type { JobMessage, JobSender } from '../operate/job-sender.ts';
import { sendFailure } from './failure.ts';

export function jobSender(sender: ServiceBusSender): JobSender {
  async function orUnavailable<T>(count: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw sendFailure('queue', `${count} jobs to queue ${sender.entityPath}`, error);
    }
  }

  return {
    async send(messages, { signal, onSent }) {
      let sent = 0;
      // The client's own limits do not hold for the opening of a link, which a batch asks for its size.
      const newBatch = () => orUnavailable(0, () => sender.createMessageBatch({ abortSignal: signal }));
      const dispatch = async (batch: ServiceBusMessageBatch): Promise<void> => {
        await orUnavailable(batch.count, () => sender.sendMessages(batch, { abortSignal: signal }));
        sent += batch.count;
        onSent(sent);
      };
      let batch: ServiceBusMessageBatch | undefined;
      for (const job of messages) {
        const message = toMessage(job);
        batch ??= await newBatch();
        if (batch.tryAddMessage(message)) continue;
        await dispatch(batch);
        batch = await newBatch();
        if (!batch.tryAddMessage(message))
          throw new RangeError(`a job of ${job.body.byteLength} bytes does not fit into an empty batch`);
      }
      if (batch !== undefined) await dispatch(batch);
    },
  };
}

const toMessage = ({ body, traceparent }: JobMessage): ServiceBusMessage => ({
  body: Buffer.from(body),
  contentType: 'application/json',
  ...(traceparent === undefined ? {} : { applicationProperties: { traceparent } }),
});

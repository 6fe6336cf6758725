import type { InvocationContext, ServiceBusQueueFunctionOptions } from '@azure/functions';
import { runJob } from '../src/checkout/run-job.ts';
import { toQueueMessage } from './queue-message.ts';
import type { Worker } from './worker.ts';

/**
 * `dataType: 'binary'` hands over the body byte for byte: with text, the library guesses at JSON, and top-level fields of
 * a body shadow the message's own metadata. It is a host's option that the library passes on, but does not type.
 */
const binary = { dataType: 'binary' };

/** One message of the checkout queue: parse, run one delivery, return (complete) or throw (abandon). */
export const checkoutFunction = (worker: Worker): ServiceBusQueueFunctionOptions => ({
  connection: 'ServiceBusConnection',
  queueName: '%CHECKOUT_QUEUE%',
  ...binary,
  handler: async (body: unknown, context: InvocationContext) => {
    await worker.ready();
    await runJob(
      worker.deps,
      toQueueMessage(body, context.triggerMetadata ?? {}, context.traceContext?.traceParent),
    );
  },
});

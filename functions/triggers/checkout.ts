/** The triggers of both checkout queues: one message, one delivery, and return (complete) or throw (it comes again). */

import type { InvocationContext, ServiceBusQueueFunctionOptions } from '@azure/functions';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import type { Start } from '../start.ts';
import { toQueueMessage } from '../to-queue-message.ts';

/**
 * `dataType: 'binary'` hands over the body byte for byte: with text, the library guesses at JSON, and top-level fields of
 * a body shadow the message's own metadata. It is a host's option that the library passes on, but does not type.
 */
const binary = { dataType: 'binary' };

/** One message of the checkout queue: parse, run one delivery, return (complete) or throw (abandon). */
export const checkoutFunction = (start: Start) => queueFunction('standard', start);

/** The same for the few that must not wait behind a bulk run: a trigger of their own, so their deliveries have their own places. */
export const urgentFunction = (start: Start) => queueFunction('urgent', start);

const names = { standard: '%CHECKOUT_QUEUE%', urgent: '%URGENT_QUEUE%' } as const;

const queueFunction = (queue: keyof typeof names, start: Start): ServiceBusQueueFunctionOptions => ({
  connection: 'ServiceBusConnection',
  queueName: names[queue],
  ...binary,
  handler: async (body: unknown, context: InvocationContext) => {
    const worker = await start.workerForMessage();
    await worker.ready();
    const metadata = context.triggerMetadata ?? {};
    const message = toQueueMessage(body, metadata, queue, context.traceContext?.traceParent);
    const startedAt = Date.now();
    await worker.run(() => handleDelivery(worker.deliveries[queue], message));
    // Timers on the consumption plan have been seen to stop: then the deliveries keep the schedule going.
    await worker.tickIfStale(startedAt);
  },
});

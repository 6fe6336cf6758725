/** The queues for the commands: half of the composition root of the command line. */
import type { ServiceBusClient } from '@azure/service-bus';
import { deadLetters } from '../../adapters/service-bus/dead-letter-queue.ts';
import { queuedMessages } from '../../adapters/service-bus/peek.ts';
import { queueAdmin } from '../../adapters/service-bus/queue-admin.ts';
import { serviceBusClient } from '../../adapters/service-bus/service-bus.ts';
import { checkoutQueue } from '../../adapters/service-bus/service-bus-queue.ts';
import type { OperatorConfig } from '../../config/config.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { DeadLetters } from '../../ports/dead-letters.ts';
import type { QueueStatus } from '../../ports/queue-status.ts';
import type { QueuedMessages } from '../../ports/queued-messages.ts';

/** The queues as the commands use them. */
export interface Queues {
  readonly bus: ServiceBusClient;
  readonly queue: CheckoutQueue;
  /** For what one person waits for: it is served before the night. */
  readonly urgentQueue: CheckoutQueue;
  /** Of each queue that the worker reads. */
  readonly deadLetters: readonly DeadLetters[];
  readonly queued: readonly QueuedMessages[];
  readonly queueStatus: QueueStatus;
  readonly urgentStatus: QueueStatus;
}

/** Nothing is connected before it is used. */
export function openQueues(
  { serviceBus: { connection, queue, urgentQueue } }: Pick<OperatorConfig, 'serviceBus'>,
  options: { readonly webSockets: boolean },
): Queues {
  const bus = serviceBusClient(connection, options);
  return {
    bus,
    queue: checkoutQueue(bus.createSender(queue)),
    urgentQueue: checkoutQueue(bus.createSender(urgentQueue)),
    deadLetters: [queue, urgentQueue].map((name) => deadLetters(bus, name)),
    queued: [queue, urgentQueue].map((name) => queuedMessages(bus, name)),
    queueStatus: queueAdmin(connection, queue),
    urgentStatus: queueAdmin(connection, urgentQueue),
  };
}

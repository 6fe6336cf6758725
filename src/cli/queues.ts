import type { ServiceBusClient } from '@azure/service-bus';
import type { CheckoutQueue } from '../checkout/queue.ts';
import type { OperatorConfig } from '../config.ts';
import { checkoutQueue } from '../messaging/checkout-queue.ts';
import { deadLetters } from '../messaging/dead-letters.ts';
import { queuedMessages } from '../messaging/peek.ts';
import { queueAdmin } from '../messaging/queue-admin.ts';
import { serviceBusClient } from '../messaging/service-bus.ts';
import type { DeadLetters } from '../operate/dead-letters.ts';
import type { QueueStatus } from '../operate/queue-status.ts';
import type { QueuedMessages } from '../operate/queued-batch.ts';

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
export function openQueues({
  serviceBus: { connection, queue, urgentQueue },
}: Pick<OperatorConfig, 'serviceBus'>): Queues {
  const bus = serviceBusClient(connection);
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

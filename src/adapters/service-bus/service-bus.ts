/** Opens one Service Bus client and makes the ports of queues and topic from it. The composition roots call it first. */

import { ServiceBusClient } from '@azure/service-bus';
import type { Connection } from '../../config/config.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';
import type { JobSender } from '../../ports/job-sender.ts';
import type { Random } from '../../ports/random.ts';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import { eventTopic } from './event-topic.ts';
import { jobSender } from './service-bus-job-sender.ts';
import { checkoutQueue } from './service-bus-queue.ts';

export interface ServiceBus {
  readonly queue: CheckoutQueue;
  readonly urgentQueue: CheckoutQueue;
  readonly events: Events;
  /** The same two queues, as a producer uses them. */
  readonly jobs: JobSender;
  readonly urgentJobs: JobSender;
  close(): Promise<void>;
}

/**
 * A send ends within about 20 s: 3 tries of 6 s. With the client's defaults one that is in flight when the connection
 * drops waits 90 s, and a delivery has a lock to keep.
 */
const retryOptions = { maxRetries: 2, timeoutInMs: 6_000, retryDelayInMs: 500, maxRetryDelayInMs: 1_000 };

export interface ServiceBusOptions {
  readonly connection: Connection;
  readonly queue: string;
  readonly urgentQueue: string;
  readonly topic: string;
  readonly webSockets: boolean;
}

/** Connects on its first use; with `webSockets` to port 443, where a network lets no AMQP out (5671). An emulator has no WebSockets. */
export function serviceBusClient(
  connection: Connection,
  { webSockets }: Pick<ServiceBusOptions, 'webSockets'>,
): ServiceBusClient {
  const isEmulator =
    connection.kind === 'connection-string' &&
    /UseDevelopmentEmulator=true/i.test(connection.connectionString);
  const options = {
    retryOptions,
    ...(webSockets && !isEmulator ? { webSocketOptions: { webSocket: WebSocket } } : {}),
  };
  return connection.kind === 'identity'
    ? new ServiceBusClient(connection.address, azureIdentity(connection.clientId), options)
    : new ServiceBusClient(connection.connectionString, options);
}

/** The queues and the topic over one connection, which is opened by the first send. */
export function serviceBus(
  { connection, queue, urgentQueue, topic, webSockets }: ServiceBusOptions,
  clock: Clock,
  random: Random,
): ServiceBus {
  const client = serviceBusClient(connection, { webSockets });
  return {
    queue: checkoutQueue(client.createSender(queue)),
    urgentQueue: checkoutQueue(client.createSender(urgentQueue)),
    events: eventTopic(client.createSender(topic)),
    jobs: jobSender(client.createSender(queue), clock, random),
    urgentJobs: jobSender(client.createSender(urgentQueue), clock, random),
    close: () => client.close(),
  };
}

/** Promise: a message goes out byte for byte, and a failure says what was tried and what to do. */

import { randomUUID } from 'node:crypto';
import {
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { type ServiceBus, serviceBus } from '../../src/adapters/service-bus/service-bus.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { systemRandom } from '../../src/ports/random.ts';

let broker: Broker;
let bus: ServiceBus;
let reader: ServiceBusClient;
beforeAll(async () => {
  broker = await startBroker({
    config: {
      UserConfig: {
        Namespaces: [
          {
            Name: 'local',
            Queues: ['jobs', 'burst', 'later'].map((name) => ({ Name: name })),
            Topics: [{ Name: 'events', Subscriptions: [{ Name: 'all' }] }],
          },
        ],
      },
    },
  });
  reader = new ServiceBusClient(broker.connectionString);
  bus = open('jobs', 'events');
});
afterAll(async () => {
  await Promise.all([bus.close(), reader.close()]);
  await broker.stop();
});

const open = (queue: string, topic: string): ServiceBus =>
  serviceBus(
    {
      connection: { kind: 'connection-string', connectionString: broker.connectionString },
      queue,
      urgentQueue: `${queue}-urgent`,
      topic,
      webSockets: false,
    },
    systemClock,
    systemRandom,
  );

async function take(receiver: ServiceBusReceiver, count: number): Promise<ServiceBusReceivedMessage[]> {
  const taken: ServiceBusReceivedMessage[] = [];
  while (taken.length < count) {
    const more = await receiver.receiveMessages(count - taken.length, { maxWaitTimeInMs: 10_000 });
    if (more.length === 0) throw new Error(`${taken.length} of ${count} messages came`);
    taken.push(...more);
  }
  await receiver.close();
  return taken;
}
const takeJobs = (queue: string, count: number) =>
  take(reader.createReceiver(queue, { receiveMode: 'receiveAndDelete' }), count);

const event = (change: Partial<CheckoutEvent> = {}): CheckoutEvent => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/partner-center-checkout-worker',
  type: 'checkout.completed',
  subject: 'cart',
  time: '2026-11-24T02:00:00.000Z',
  datacontenttype: 'application/json',
  data: { customerId: 'c', batchId: 'night 1', reference: 'PO "7" ö', orderIds: ['O1'] },
  ...change,
});

test('a message goes out byte for byte, with its properties', async () => {
  const body = Buffer.from(' {"customerId" : "x", "ö": 1}\n');
  await bus.queue.send(
    [{ messageId: 'm1', body, properties: { 'checkout-redelivered': '1', traceparent: '00-1' } }],
    0,
  );
  const [message] = await takeJobs('jobs', 1);
  expect(message).toMatchObject({
    messageId: 'm1',
    contentType: 'application/json',
    applicationProperties: { 'checkout-redelivered': '1', traceparent: '00-1' },
  });
  // The section as the client keeps it: `body` of the message is parsed already.
  expect(message?._rawAmqpMessage.body).toMatchObject({ content: body });
});

test('a message for later is not handed out before its time', async () => {
  const later = open('later', 'events');
  const at = Date.now() + 1_200;
  await later.queue.send([{ messageId: 'm2', body: Buffer.from('{}'), properties: {} }], at);
  const [message] = await takeJobs('later', 1);
  // The annotation is kept to the millisecond; the broker's timer may be one early.
  expect(Date.now()).toBeGreaterThanOrEqual(at - 1);
  expect(message?.scheduledEnqueueTimeUtc?.getTime()).toBe(at);
  await later.close();
});

test('a burst of more sends than a link holds', async () => {
  const burst = open('burst', 'events');
  const ids = Array.from({ length: 3_000 }, (_, n) => `m${n}`);
  await Promise.all(
    ids.map((messageId) => burst.queue.send([{ messageId, body: Buffer.from('{}'), properties: {} }], 0)),
  );
  const taken = await takeJobs('burst', 3_000);
  expect(new Set(taken.map(({ messageId }) => messageId))).toEqual(new Set(ids));
  await burst.close();
});

test('events: one message each, to filter by', async () => {
  const events = [event(), event({ id: 'x'.repeat(200), type: 'order.completed', data: {} })];
  await bus.events.publish(events);
  await bus.events.publish([]);
  const subscription = reader.createReceiver('events', 'all', { receiveMode: 'receiveAndDelete' });
  const taken = await take(subscription, 2);
  expect(taken.map(({ body }) => body)).toEqual(events);
  expect(taken[0]).toMatchObject({
    messageId: events[0]?.id,
    contentType: 'application/cloudevents+json',
    applicationProperties: {
      type: 'checkout.completed',
      batchId: 'night 1',
      customerId: 'c',
      reference: 'PO "7" ö',
    },
  });
  expect(taken[0]?.applicationProperties).not.toHaveProperty('orderIds');
  expect(taken[1]?.messageId).toMatch(/^[0-9a-f]{64}$/);
});

test('events that are more than a message holds go out in several', async () => {
  const events = Array.from({ length: 30 }, () => event({ data: { note: 'n'.repeat(100_000) } }));
  await bus.events.publish(events);
  const subscription = reader.createReceiver('events', 'all', { receiveMode: 'receiveAndDelete' });
  const taken = await take(subscription, 30);
  expect(new Set(taken.map(({ messageId }) => messageId))).toEqual(new Set(events.map(({ id }) => id)));
});

test('an event that no message holds keeps what is short, and says so', async () => {
  const large = event({ data: { cartId: 'x', note: 'n'.repeat(2_000_000) } });
  await bus.events.publish([event(), large]);
  const subscription = reader.createReceiver('events', 'all', { receiveMode: 'receiveAndDelete' });
  const [, taken] = await take(subscription, 2);
  expect(taken?.body).toEqual({ ...large, data: { cartId: 'x', truncated: true } });
});

test('a queue or topic that is missing: what was tried, and the remedy', async () => {
  const nowhere = open('no-queue', 'no-topic');
  const sent = nowhere.queue.send([{ messageId: 'm3', body: Buffer.from('{}'), properties: {} }], 0);
  await expect(sent).rejects.toMatchObject({
    name: 'Unavailable',
    what: 'queue',
    message: expect.stringMatching(/1 message.* queue no-queue.*MessagingEntityNotFound.*Create it/),
  });
  await expect(nowhere.events.publish([event()])).rejects.toMatchObject({
    name: 'Unavailable',
    what: 'events',
    message: expect.stringMatching(/to topic no-topic.*MessagingEntityNotFound/),
  });
  await nowhere.close();
});

test('nobody listens: unavailable, without a secret', async () => {
  const connectionString =
    'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=hush;UseDevelopmentEmulator=true';
  const nobody = serviceBus(
    {
      connection: { kind: 'connection-string', connectionString },
      queue: 'q',
      urgentQueue: 'u',
      topic: 't',
      webSockets: false,
    },
    systemClock,
    systemRandom,
  );
  const failure: unknown = await nobody.queue
    .send([{ messageId: 'm4', body: Buffer.from('{}'), properties: {} }], 0)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'Unavailable', what: 'queue' });
  expect(String(failure)).not.toContain('hush');
  await nobody.close();
});

test('a right that is missing is named', async () => {
  const refused = open('jobs', 'events');
  broker.refuseTokens(true);
  const sent = refused.queue.send([{ messageId: 'm5', body: Buffer.from('{}'), properties: {} }], 0);
  await expect(sent).rejects.toMatchObject({
    message: expect.stringMatching(/1 message.* queue jobs.*UnauthorizedAccess.*Data Sender/),
  });
  broker.refuseTokens(false);
  await refused.close();
});

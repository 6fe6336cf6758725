/** Promise: the queue of the simulation does what the broker does. */

import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { serviceBus } from '../../src/adapters/service-bus/service-bus.ts';
import type { OutgoingMessage } from '../../src/domain/message/queue-message.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { systemRandom } from '../../src/ports/random.ts';
import { startProcess } from '../simulation/process.ts';
import { createBroker, maxDeliveryCount } from '../simulation/queue.ts';
import { seeded } from '../simulation/random.ts';
import { createTimeline } from '../support/timeline.ts';

/** What the queue of the simulation and the broker both do: it keeps the one as honest as the other. */
interface Bus {
  send(message: OutgoingMessage, afterMs: number): Promise<void>;
  /** The next message, or undefined when none is handed out now. */
  take(): Promise<Taken | undefined>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  readonly lockMs: number;
  /** How many dead letters there are. */
  dead(): number;
}

interface Taken {
  readonly messageId: string;
  readonly body: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deliveryCount: number;
  /** False: the lock was lost. */
  complete(): Promise<boolean>;
  abandon(): Promise<void>;
}

const aMessage = (messageId: string, text = '{"a" : 1}'): OutgoingMessage => ({
  messageId,
  body: Buffer.from(text),
  properties: { 'checkout-redelivered': '1', note: 'ann ö' },
});

function inMemory(): Bus {
  const timeline = createTimeline(Date.UTC(2026, 10, 24));
  // No renewal: the lock is what is looked at here.
  const queue = createBroker(
    timeline,
    0,
    () => {},
    () => true,
  );
  const holder = startProcess('worker', 0, seeded(1), { timeline, onDeath: () => {} });
  const pass = async (ms: number): Promise<void> => {
    let isOver = false;
    timeline.at(timeline.now() + ms, () => {
      isOver = true;
    });
    await timeline.run(timeline.now() + ms, () => isOver);
  };
  return {
    lockMs: 300_000,
    pass,
    dead: () => queue.deadLetters.length,
    send: async (message, afterMs) => {
      queue.send(message, timeline.now() + afterMs);
      await pass(1);
    },
    take: async () => {
      const locked = queue.receive(holder);
      if (locked === undefined) return undefined;
      const { message } = locked;
      return {
        ...message,
        body: new TextDecoder().decode(message.body),
        complete: async () => locked.complete(),
        abandon: async () => {
          locked.abandon();
          await pass(1);
        },
      };
    },
  };
}

let broker: Broker;
let queues = 0;
const lockMs = 2_500;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  const queue = (Name: string) => ({
    Name,
    Properties: { LockDuration: `PT${lockMs / 1_000}S`, MaxDeliveryCount: maxDeliveryCount },
  });
  broker = await startBroker({
    config: {
      UserConfig: {
        Namespaces: [
          {
            Name: 'local',
            Queues: Array.from({ length: 8 }, (_, n) => queue(`q${n}`)),
            Topics: [{ Name: 'events', Subscriptions: [{ Name: 'all' }] }],
          },
        ],
      },
    },
  });
});
afterAll(async () => {
  for (const stop of stops.splice(0)) await stop();
  await broker.stop();
});

function overAmqp(): Bus {
  const name = `q${queues++}`;
  const { connectionString } = broker;
  const bus = serviceBus(
    {
      connection: { kind: 'connection-string', connectionString },
      queue: name,
      urgentQueue: `${name}-urgent`,
      topic: 'events',
      webSockets: false,
    },
    systemClock,
    systemRandom,
  );
  const client = new ServiceBusClient(connectionString);
  const receiver = client.createReceiver(name, { maxAutoLockRenewalDurationInMs: 0 });
  stops.push(
    () => bus.close(),
    () => client.close(),
  );
  const toTaken = (message: ServiceBusReceivedMessage): Taken => ({
    messageId: String(message.messageId),
    // The section as the client keeps it: `body` is parsed already.
    body: Buffer.from(message._rawAmqpMessage.body.content).toString(),
    properties: message.applicationProperties ?? {},
    deliveryCount: (message.deliveryCount ?? 0) + 1,
    complete: () =>
      receiver.completeMessage(message).then(
        () => true,
        () => false,
      ),
    abandon: () => receiver.abandonMessage(message),
  });
  return {
    lockMs,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 100)),
    dead: () => broker.entity(name).counts().deadLettered,
    send: (message, afterMs) => bus.queue.send([message], afterMs === 0 ? 0 : Date.now() + afterMs),
    take: async () => {
      const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 300 });
      return message === undefined ? undefined : toTaken(message);
    },
  };
}

describe.each([
  ['in memory', inMemory],
  ['the broker, by the official client', overAmqp],
] as const)('%s', (_, open) => {
  test('a message comes as it was sent, once, and is gone when it is completed', async () => {
    const bus = open();
    await bus.send(aMessage('m1'), 0);
    const taken = await bus.take();
    expect(taken).toMatchObject({
      messageId: 'm1',
      body: '{"a" : 1}',
      properties: { 'checkout-redelivered': '1', note: 'ann ö' },
      deliveryCount: 1,
    });
    expect(await bus.take()).toBeUndefined();
    expect(await taken?.complete()).toBe(true);
    await bus.pass(bus.lockMs);
    expect(await bus.take()).toBeUndefined();
  });

  test('a scheduled message is not handed out before its time', async () => {
    const bus = open();
    await bus.send(aMessage('later'), 1_500);
    await bus.send(aMessage('now'), 0);
    const now = await bus.take();
    expect(now?.messageId).toBe('now');
    await now?.complete();
    expect(await bus.take()).toBeUndefined();
    await bus.pass(1_500);
    expect((await bus.take())?.messageId).toBe('later');
  });

  test('an abandoned message comes again at once, and the delivery is counted', async () => {
    const bus = open();
    await bus.send(aMessage('m1'), 0);
    await (await bus.take())?.abandon();
    expect(await bus.take()).toMatchObject({ messageId: 'm1', deliveryCount: 2 });
  });

  test('a lock that ends hands the message out again; who completes it too late hears of it', async () => {
    const bus = open();
    await bus.send(aMessage('m1'), 0);
    const first = await bus.take();
    await bus.pass(bus.lockMs);
    const second = await bus.take();
    expect(second).toMatchObject({ messageId: 'm1', deliveryCount: 2 });
    expect(await first?.complete()).toBe(false);
    expect(await second?.complete()).toBe(true);
  });

  test('equal message ids are two messages: nothing swallows a retry', async () => {
    const bus = open();
    await bus.send(aMessage('same', '1'), 0);
    await bus.send(aMessage('same', '2'), 0);
    const bodies = [(await bus.take())?.body, (await bus.take())?.body];
    expect(bodies.sort()).toEqual(['1', '2']);
  });

  test('a message is there before the message that sent it is gone', async () => {
    const bus = open();
    await bus.send(aMessage('m1'), 0);
    const taken = await bus.take();
    await bus.send(aMessage('m2'), 0);
    expect((await bus.take())?.messageId).toBe('m2');
    expect(await taken?.complete()).toBe(true);
  });

  test('after the last delivery it is a dead letter, and handed out no more', async () => {
    const bus = open();
    await bus.send(aMessage('m1'), 0);
    for (let nth = 1; nth <= maxDeliveryCount; nth += 1) {
      const taken = await bus.take();
      expect(taken?.deliveryCount).toBe(nth);
      await taken?.abandon();
    }
    expect(await bus.take()).toBeUndefined();
    expect(bus.dead()).toBe(1);
  });
});

/** Promise: the topic of the simulation does what the broker's does. */

import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { serviceBus } from '../../src/adapters/service-bus/service-bus.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Events } from '../../src/ports/events.ts';
import { systemRandom } from '../../src/ports/random.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import type { BlowKind } from '../simulation/blows.ts';
import { startProcess } from '../simulation/process.ts';
import { seeded } from '../simulation/random.ts';
import { topicOver } from '../simulation/topic.ts';
import { createTimeline } from '../support/timeline.ts';

/** What the topic of the simulation and the broker's both do: it keeps the one as honest as the other. */
interface Topic {
  readonly events: Events;
  /** What a subscriber is handed, in its order. */
  arrived(count: number): Promise<readonly unknown[]>;
  /** Same topic, out of reach. */
  readonly away: Events;
}

const event = (id: string, change: Partial<CheckoutEvent> = {}): CheckoutEvent => ({
  specversion: '1.0',
  id,
  source: '/partner-center-checkout-worker',
  type: 'checkout.completed',
  subject: 'cart',
  time: '2026-11-24T02:00:00.000Z',
  datacontenttype: 'application/json',
  data: { customerId: 'c', batchId: 'night 1', reference: 'PO "7" ö', orderIds: ['O1'] },
  ...change,
});

function inMemory(): Topic {
  const timeline = createTimeline(Date.UTC(2026, 10, 24));
  const kept: CheckoutEvent[] = [];
  const topic = (blow: BlowKind | undefined): Events => {
    const random = seeded(1);
    const network = { timeline, latency: random, traced: false, trace: () => {}, next: () => blow };
    const process = startProcess('worker', 0, random, { timeline, onDeath: () => {} });
    const port = topicOver(network, process, (events) => kept.push(...events));
    return {
      async publish(events) {
        const published = port.publish(events);
        // Whoever awaits it sees a failure; this one only lets the time pass.
        published.catch(() => {});
        await timeline.run(timeline.now() + 10_000, () => false);
        return published;
      },
    };
  };
  return { events: topic(undefined), away: topic('fail'), arrived: async (count) => kept.slice(0, count) };
}

let broker: Broker;
let reader: ServiceBusClient;
const topics = ['one', 'two', 'three', 'four'];
const open: (() => Promise<void>)[] = [];
beforeAll(async () => {
  broker = await startBroker({
    config: {
      UserConfig: {
        Namespaces: [
          {
            Name: 'local',
            Queues: [{ Name: 'jobs' }],
            Topics: topics.map((Name) => ({ Name, Subscriptions: [{ Name: 'all' }] })),
          },
        ],
      },
    },
  });
  reader = new ServiceBusClient(broker.connectionString);
});
afterAll(async () => {
  await Promise.all([...open.map((close) => close()), reader.close()]);
  await broker.stop();
});

function overAmqp(): Topic {
  const name = topics.shift() ?? '';
  const to = (topic: string): Events => {
    const connection = { kind: 'connection-string', connectionString: broker.connectionString } as const;
    const names = { queue: 'jobs', urgentQueue: 'jobs', topic, webSockets: false };
    const bus = serviceBus({ connection, ...names }, systemClock, systemRandom);
    open.push(() => bus.close());
    return bus.events;
  };
  return {
    events: to(name),
    away: to('not-there'),
    async arrived(count) {
      const receiver = reader.createReceiver(name, 'all', { receiveMode: 'receiveAndDelete' });
      const bodies: unknown[] = [];
      while (bodies.length < count) {
        const messages = await receiver.receiveMessages(count - bodies.length, { maxWaitTimeInMs: 10_000 });
        if (messages.length === 0) break;
        bodies.push(...messages.map(({ body }) => body));
      }
      await receiver.close();
      return bodies;
    },
  };
}

describe.each([
  ['in memory', inMemory],
  ['the broker, by the official client', overAmqp],
] as const)('the topic: %s', (_, start) => {
  test('all events of one send arrive whole, in their order', async () => {
    const topic = start();
    const sent = [event('a'), event('b', { type: 'order.completed', data: {} }), event('c')];
    await topic.events.publish(sent);
    expect(await topic.arrived(3)).toEqual(sent);
  });

  test('a repeat arrives as a second event with the same id: nothing swallows it, subscribers know it by its id', async () => {
    const topic = start();
    await topic.events.publish([event('a')]);
    await topic.events.publish([event('a')]);
    expect(await topic.arrived(2)).toEqual([event('a'), event('a')]);
  });

  test('a topic that is away is our own outage, and no event of the send arrives', async () => {
    const topic = start();
    const failure = await topic.away.publish([event('a')]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect(failure).toMatchObject({ what: 'events' });
    await topic.events.publish([event('b')]);
    expect(await topic.arrived(1)).toEqual([event('b')]);
  });
});

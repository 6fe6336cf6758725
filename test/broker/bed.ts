import {
  type ProcessErrorArgs,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import type { BrokerClock } from '../../local/service-bus/clock.ts';
import { configOf, type Plan } from './config-of.ts';

export interface Bed {
  readonly broker: Broker;
  /** Retries soon and seldom, so that a test of a refusal ends. */
  readonly client: ServiceBusClient;
}

export const soon = { retryOptions: { maxRetries: 1, retryDelayInMs: 20, timeoutInMs: 5_000 } };

/** A broker and a client for the tests of a file. */
export function bed(plan: Plan & { readonly clock?: BrokerClock }): () => Bed {
  let made: Bed | undefined;
  beforeAll(async () => {
    const { clock } = plan;
    const broker = await startBroker({ config: configOf(plan), ...(clock === undefined ? {} : { clock }) });
    made = { broker, client: new ServiceBusClient(broker.connectionString, soon) };
  });
  afterAll(async () => {
    await made?.client.close();
    await made?.broker.stop();
  });
  return () => {
    if (made === undefined) throw new Error('the broker has not started');
    return made;
  };
}

/** A clock that stands still until the test moves it. It starts at the real time: the client compares with its own. */
export function manualClock(): BrokerClock & { advance(ms: number): void } {
  let now = Date.now();
  let timers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    wakeAt(at, wake) {
      const timer = { at, wake };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.at);
        next.wake();
      }
      now = end;
    },
  };
}

/** Without renewal: the client would renew short locks at once, over and over. */
export const peekLock = { maxAutoLockRenewalDurationInMs: 0 };

/** A new object each time: the client deletes `receiveMode` from the one that it is given. */
export const destructive = () => ({ receiveMode: 'receiveAndDelete' }) as const;

/** Exactly `count` messages, or an error that says how many came. */
export async function take(
  receiver: ServiceBusReceiver,
  count: number,
): Promise<readonly ServiceBusReceivedMessage[]> {
  const taken: ServiceBusReceivedMessage[] = [];
  while (taken.length < count) {
    const more = await receiver.receiveMessages(count - taken.length, { maxWaitTimeInMs: 5_000 });
    if (more.length === 0) throw new Error(`${taken.length} of ${count} messages came`);
    taken.push(...more);
  }
  return taken;
}

export async function takeOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await take(receiver, 1);
  if (message === undefined) throw new Error('no message came');
  return message;
}

/** The sequence number, as the client wants it back. */
export function numberOf({ sequenceNumber }: ServiceBusReceivedMessage) {
  if (sequenceNumber === undefined) throw new Error('a received message has a sequence number');
  return sequenceNumber;
}

/** What nobody should get: waits as short as the client allows for it to be sure that nothing comes. */
export const takeNothing = (receiver: ServiceBusReceiver): Promise<readonly ServiceBusReceivedMessage[]> =>
  receiver.receiveMessages(1, { maxWaitTimeInMs: 100 });

/**
 * Resolves with what tells when the client has noticed that its connection is gone: a call that it starts before waits for
 * its whole timeout. `spare` is a queue that nobody else uses; a receiver that waits there is told at once.
 */
export async function watch({ broker, client }: Bed, spare: string): Promise<() => Promise<void>> {
  const links = broker.operations.links;
  const receiver = client.createReceiver(spare);
  const waiting = receiver.receiveMessages(1, { maxWaitTimeInMs: 20_000 }).catch((error: unknown) => error);
  await expect.poll(() => broker.operations.links).toBe(links + 1);
  return async () => {
    await waiting;
    await receiver.close();
  };
}

/** Cuts the client's connection, and waits until it has noticed. */
export async function cut(bed: Bed, spare: string): Promise<void> {
  const noticed = await watch(bed, spare);
  if (bed.broker.dropConnections(spare) !== 1) throw new Error('the client has one connection');
  await noticed();
}

/** The first error that a subscription reports. */
export async function subscriptionError(receiver: ServiceBusReceiver): Promise<ProcessErrorArgs['error']> {
  const { promise, resolve } = Promise.withResolvers<ProcessErrorArgs['error']>();
  receiver.subscribe({
    processMessage: async () => {},
    processError: async ({ error }) => resolve(error),
  });
  const error = await promise;
  await receiver.close();
  return error;
}

import {
  isServiceBusError,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import * as z from 'zod/mini';
import type { HostClock } from './clock.ts';
import type { Driver, HostContext, HostedFunction, Listener } from './driver.ts';
import { FunctionTimeoutError, HostStartError, textOf } from './errors.ts';
import { bodyData, traceOf, triggerMetadata } from './service-bus-message.ts';
import { connectionString, resolveTokens } from './settings.ts';

const options = z.object({
  queueName: z.string('only queues are supported locally, and queueName is missing'),
  connection: z._default(z.string(), 'ServiceBus'),
  dataType: z.optional(z.enum(['binary', 'string', 'stream', 'undefined'])),
  autoCompleteMessages: z._default(z.boolean(), true),
  cardinality: z.optional(z.literal('one', 'batches (cardinality "many") are not supported locally')),
  isSessionsEnabled: z.optional(z.literal(false, 'sessions are not supported locally')),
  sdkBinding: z.optional(z.literal(false, 'sdkBinding is not supported locally')),
});

/** Service Bus queue triggers: peek-lock, complete when the handler returns, abandon when it throws. */
export const serviceBusDriver: Driver = (functions, context) => {
  const clients = new Map<string, ServiceBusClient>();
  const clientOf = (connection: string): ServiceBusClient => {
    const client = clients.get(connection) ?? new ServiceBusClient(connection);
    clients.set(connection, client);
    return client;
  };
  const listeners = functions.map((fn) => queueListener(fn, context, clientOf));
  return {
    start: async () => void (await Promise.all(listeners.map((listener) => listener.start()))),
    abandonFinished: async () =>
      void (await Promise.all(listeners.map((listener) => listener.abandonFinished?.()))),
    drain: async () => void (await Promise.all(listeners.map((listener) => listener.drain()))),
    close: async () => void (await Promise.all([...clients.values()].map((client) => client.close()))),
  };
};

function queueListener(
  fn: HostedFunction,
  context: HostContext,
  clientOf: (connection: string) => ServiceBusClient,
): Pick<Listener, 'start' | 'drain' | 'abandonFinished'> {
  const where = `Function "${fn.name}"`;
  const parsed = options.safeParse(fn.trigger);
  if (!parsed.success) throw new HostStartError(`${where}: ${z.prettifyError(parsed.error)}`);
  const trigger = parsed.data;
  const { env, hostJson, log } = context;
  const queue = resolveTokens(trigger.queueName, env, `${where}: queueName`);
  const setting = resolveTokens(trigger.connection, env, `${where}: connection`);
  const connection = connectionString(env, setting, `${where}: connection`);
  const inFlight = new Set<Promise<void>>();
  const finished: (() => Promise<void>)[] = [];
  const stopped = new AbortController();
  let subscription: { close(): Promise<void> } | undefined;

  const deliver = async (receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage): Promise<void> => {
    const verdict = await runLocked(fn, receiver, message, trigger.dataType === 'binary', context);
    if (verdict === 'leave' || (verdict === 'complete' && !trigger.autoCompleteMessages)) {
      // Not awaited: it would take the place of another message until then.
      void forgetOnceUnlocked(receiver, message, context, stopped.signal);
      return;
    }
    if (verdict === 'complete' && context.stopping()) {
      // Not at once: this host would only take it again.
      finished.push(() => receiver.abandonMessage(message));
      return;
    }
    try {
      if (verdict === 'complete') await receiver.completeMessage(message);
      else await receiver.abandonMessage(message);
    } catch (error) {
      // The lock is gone, so the queue delivers the message again: an ordinary day for a handler.
      log(
        'warning',
        `Host.ServiceBus.${fn.name}`,
        `${verdict} of message ${message.messageId} failed: ${reasonOf(error)}`,
      );
    }
  };

  return {
    start: async () => {
      const receiver = clientOf(connection).createReceiver(queue, {
        receiveMode: 'peekLock',
        skipParsingBodyAsJson: true,
        skipConvertingDate: true,
        // Renewed by keepLocked: the SDK's timers are kept by message id, and two messages may share one.
        maxAutoLockRenewalDurationInMs: 0,
      });
      subscription = receiver.subscribe(
        {
          processMessage: async (message) => {
            const delivery = deliver(receiver, message);
            inFlight.add(delivery);
            await delivery.finally(() => inFlight.delete(delivery));
          },
          processError: async ({ error, errorSource }) =>
            log(
              'error',
              `Host.ServiceBus.${fn.name}`,
              `${errorSource} on queue ${queue}: ${reasonOf(error)}`,
            ),
        },
        { autoCompleteMessages: false, maxConcurrentCalls: hostJson.maxConcurrentCalls },
      );
    },
    abandonFinished: async () => {
      await subscription?.close();
      await Promise.allSettled(finished.splice(0).map((abandon) => abandon()));
    },
    drain: async () => {
      stopped.abort('stopped');
      await subscription?.close();
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}

type Verdict = 'complete' | 'abandon' | 'leave';

/** Runs the handler with the message's lock renewed, and says what is to become of the message. */
async function runLocked(
  fn: HostedFunction,
  receiver: ServiceBusReceiver,
  message: ServiceBusReceivedMessage,
  binary: boolean,
  context: HostContext,
): Promise<Verdict> {
  const ended = new AbortController();
  const renewing = keepLocked(receiver, message, context, ended.signal);
  try {
    const data = bodyData(message, binary);
    await fn.run({ data, metadata: triggerMetadata(message, data), ...traceOf(message) });
    return 'complete';
  } catch (error) {
    context.log('error', `Function.${fn.name}`, `message ${message.messageId} failed: ${textOf(error)}`);
    // The handler is still running and may yet buy: the message must not come back before its lock ends.
    return error instanceof FunctionTimeoutError ? 'leave' : 'abandon';
  } finally {
    // As in invoke.ts: without a reason it would make an exception.
    ended.abort('ended');
    await renewing;
  }
}

/** Clocks may differ a little. If the host asked too early, the message would come back while its lock lasts. */
const unlockedForSure = 5_000;

/**
 * Settles a message that was left to its lock, once that has ended: the queue has given it back by then and refuses this. The client
 * keeps up to 2,048 messages from the first unsettled one on, and would receive none after these.
 */
async function forgetOnceUnlocked(
  receiver: ServiceBusReceiver,
  message: ServiceBusReceivedMessage,
  { clock }: HostContext,
  stopped: AbortSignal,
): Promise<void> {
  const lockedFor = (message.lockedUntilUtc?.getTime() ?? 0) - clock.now();
  await clock.sleep(Math.max(0, lockedFor) + unlockedForSure, stopped);
  if (stopped.aborted) return;
  await receiver.abandonMessage(message).catch(() => undefined);
}

/** Renews like the .NET processor: half of what remains before the end, at most 10 s before it, for the time in host.json. */
async function keepLocked(
  receiver: ServiceBusReceiver,
  message: ServiceBusReceivedMessage,
  { clock, hostJson, timeFactor, log }: HostContext,
  ended: AbortSignal,
): Promise<void> {
  const limit = clock.now() + hostJson.maxAutoLockRenewal / timeFactor;
  for (;;) {
    const wait = untilRenewal(message.lockedUntilUtc, clock);
    if (clock.now() + wait >= limit) return;
    await clock.sleep(wait, ended);
    if (ended.aborted) return;
    try {
      message.lockedUntilUtc = await receiver.renewMessageLock(message);
    } catch (error) {
      log(
        'warning',
        'Host.ServiceBus',
        `renewing the lock of message ${message.messageId} failed: ${reasonOf(error)}`,
      );
      return;
    }
  }
}

function untilRenewal(lockedUntil: Date | undefined, clock: HostClock): number {
  const remaining = (lockedUntil?.getTime() ?? clock.now()) - clock.now();
  return Math.max(remaining - Math.min(remaining / 2, 10_000), 20);
}

const reasonOf = (error: unknown): string =>
  isServiceBusError(error) ? `${error.code}: ${error.message}` : String(error);

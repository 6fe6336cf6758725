/**
 * How fast the broker is with the official client, both in one process: `node test/bench/broker.ts`. Prints JSON.
 * The client is the larger part of the cost: the figures bound what a bench of the worker can show.
 */
import { type ServiceBusClient as Client, ServiceBusClient } from '@azure/service-bus';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';

const messages = 20_000;
const batch = 500;
const concurrency = 32;
const backlog = 100_000;

const perSecond = (count: number, ms: number): number => Math.round((count * 1_000) / ms);

async function timed(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function sendBatches(client: Client, queue: string, count: number): Promise<void> {
  const sender = client.createSender(queue);
  for (let sent = 0; sent < count; sent += batch)
    await sender.sendMessages(
      Array.from({ length: Math.min(batch, count - sent) }, (_, n) => ({ body: { cart: sent + n } })),
    );
  await sender.close();
}

async function sendSingly(client: Client, queue: string, count: number): Promise<void> {
  const sender = client.createSender(queue);
  let sent = 0;
  const one = async () => {
    while (sent < count) {
      sent += 1;
      await sender.sendMessages({ body: { cart: sent } });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  await sender.close();
}

/** Takes `count` messages with a handler that does nothing, each completed. */
async function subscribe(client: Client, queue: string, count: number): Promise<void> {
  const receiver = client.createReceiver(queue);
  let handled = 0;
  await new Promise<void>((resolve, reject) => {
    receiver.subscribe(
      {
        processMessage: async () => {
          handled += 1;
          if (handled === count) resolve();
        },
        processError: async ({ error }) => reject(error),
      },
      { maxConcurrentCalls: concurrency },
    );
  });
  await receiver.close();
}

const queues = ['batches', 'single', 'backlog'];
const broker: Broker = await startBroker({
  config: { UserConfig: { Namespaces: [{ Name: 'bench', Queues: queues.map((Name) => ({ Name })) }] } },
});
const client = new ServiceBusClient(broker.connectionString);
const rss = () => Math.round(process.memoryUsage.rss() / 1_048_576);

const result: Record<string, number | string> = { node: process.version, messages };
// A warm-up, so that the first measurement is not one of the compiler.
await sendBatches(client, 'batches', 2_000);
await subscribe(client, 'batches', 2_000);

result['batchSendPerSecond'] = perSecond(
  messages,
  await timed(() => sendBatches(client, 'batches', messages)),
);
result['subscribePerSecond'] = perSecond(messages, await timed(() => subscribe(client, 'batches', messages)));
result['singleSendPerSecond'] = perSecond(
  messages,
  await timed(() => sendSingly(client, 'single', messages)),
);
result['rssMiB'] = rss();
await sendBatches(client, 'backlog', backlog);
result['rssWithBacklogMiB'] = rss();
result['backlog'] = broker.entity('backlog').counts().active;
result['subscribeWithBacklogPerSecond'] = perSecond(
  messages,
  await timed(() => subscribe(client, 'backlog', messages)),
);
await client.close();
await broker.stop();
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

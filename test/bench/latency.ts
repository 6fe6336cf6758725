import { setTimeout as pause } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import * as z from 'zod/mini';
import { queueName, topicName } from '../../local/stack.ts';
import { bareLoop } from './bare-loop.ts';
import { drained, instant, quantile, round, type Stack, sendCarts, withStack } from './workload.ts';

const jobs = 300;
/** A tenth of what a machine like this can do: the wait for a permit and for each other is not what is measured. */
const everyMs = 60;
const event = z.object({ type: z.string(), data: z.object({ cartId: z.string() }) });

/** From the send of a job to its event, less the time that Partner Center took: beside the bare loop's, in the same stack. */
export async function benchLatency() {
  const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500' };
  const latency = { ...instant.latency, checkoutBase: 20_000 };
  return withStack({ factor: 20, switches: { ...instant, latency }, env }, async (stack) => {
    const worker = await stack.startWorker();
    const ours = await measure(stack, 'checkout.completed');
    await worker.stop();
    const bare = await bareLoop(stack);
    const floor = await measure(stack, 'checkout.completed');
    await bare.stop();
    return { jobs, apiMs: 1_000, worker: ours, bareLoop: floor, ratioP50: round(ours.p50 / floor.p50, 2) };
  });
}

async function measure(stack: Stack, type: string) {
  await sendCarts(stack, { count: 50, customers: 50, baskets: ['legacy'] });
  await drained(stack, 60_000);
  const client = new ServiceBusClient(stack.broker.connectionString);
  const sender = client.createSender(queueName);
  const receiver = client.createReceiver(topicName, 'all', { receiveMode: 'receiveAndDelete' });
  const sentAt = new Map<string, number>();
  const tookMs = new Map<string, number>();
  const all = Promise.withResolvers<void>();
  receiver.subscribe({
    processMessage: async ({ body }) => {
      const read = event.safeParse(typeof body === 'string' ? JSON.parse(body) : body);
      if (!read.success || read.data.type !== type) return;
      const sent = sentAt.get(read.data.data.cartId);
      if (sent === undefined || tookMs.has(read.data.data.cartId)) return;
      tookMs.set(read.data.data.cartId, performance.now() - sent);
      if (tookMs.size === jobs) all.resolve();
    },
    processError: async ({ error }) => all.reject(error),
  });
  const before = stack.sandbox.calls().length;
  const end = setTimeout(() => all.reject(new Error(`${tookMs.size} of ${jobs} jobs had an event`)), 120_000);
  for (const cart of stack.sandbox.createCarts({ count: jobs, customers: jobs, baskets: ['legacy'] })) {
    sentAt.set(cart.cartId, performance.now());
    await sender.sendMessages({ messageId: cart.cartId, body: Buffer.from(JSON.stringify(cart)) });
    await pause(everyMs);
  }
  await all.promise;
  clearTimeout(end);
  await client.close();
  for (const { cartId = '', arrivedAt, answeredAt = arrivedAt } of stack.sandbox.calls().slice(before))
    tookMs.set(cartId, (tookMs.get(cartId) ?? Number.NaN) - (answeredAt - arrivedAt));
  const ms = [...tookMs.values()];
  return {
    p50: round(quantile(ms, 0.5), 1),
    p95: round(quantile(ms, 0.95), 1),
    p99: round(quantile(ms, 0.99), 1),
  };
}

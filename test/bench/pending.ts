import { setTimeout as pause } from 'node:timers/promises';
import { booksReader } from '../../local/verdict/books.ts';
import { drained, instant, median, quantile, round, type Stack, sendCarts, withStack } from './workload.ts';

/** A minute, and so the time between two ticks of the poller, is a second. */
const factor = 60;
const orders = 100;
const minute = 60_000;

/** How long orders stay pending. The last step before those of six hours ends after 124 minutes. */
const lengths = { minutes: [1, 10], hours: [10, 115] } as const;

/** Calls to Partner Center for each pending order until the worker knows it completed: checkout, timer, poller, all of the stack. */
export async function benchPending() {
  const minutes = await measured(...lengths.minutes);
  process.stderr.write(`pending, minutes: ${JSON.stringify(minutes)}\n`);
  const hours = await measured(...lengths.hours);
  process.stderr.write(`pending, hours: ${JSON.stringify(hours)}\n`);
  return { orders, minutes, hours };
}

async function measured(from: number, to: number) {
  const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500' };
  const licence: [number, number] = [from * minute, to * minute];
  const pending = { ...instant.pending, licence };
  return withStack({ factor, switches: { ...instant, pending }, env }, async (stack) => {
    await stack.startWorker();
    await sendCarts(stack, { count: orders, customers: orders, baskets: ['licence'] });
    await drained(stack, 60_000);
    await completed(stack, 300_000);
    const looks = new Map<string, number>();
    for (const { operation, orderId = '' } of stack.sandbox.calls())
      if (operation === 'get-order') looks.set(orderId, (looks.get(orderId) ?? 0) + 1);
    const counts = [...looks.values()];
    return {
      pendingMinutes: { from, to },
      orders: counts.length,
      calls: round(counts.reduce((sum, count) => sum + count, 0) / counts.length, 2),
      median: median(counts),
      p95: quantile(counts, 0.95),
      most: Math.max(...counts),
    };
  });
}

async function completed({ tables }: Stack, limitMs: number): Promise<void> {
  const reader = booksReader(tables.connectionString);
  const end = Date.now() + limitMs;
  for (;;) {
    const { carts } = await reader.read();
    const open = carts.filter(({ state }) => state !== 'completed').length;
    if (open === 0) return;
    if (Date.now() > end)
      throw new Error(`${open} of ${carts.length} carts are not completed after ${limitMs} ms`);
    await pause(500);
  }
}

/** Promise: with a dead timer nothing that waits is lost, and health says so. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, test, vi } from 'vitest';
import { enqueue } from '../../local/night/run-night.ts';
import { type Stack, startStack, withoutTimer } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { agrees, compare } from '../../local/verdict/compare.ts';
import { healthShape } from '../../src/api/api-shapes.ts';

const factor = 200;
const productMinute = 60_000 / factor;

async function withWorker(work: (stack: Stack, address: string) => Promise<void>): Promise<void> {
  const stack = await startStack({ factor, appRoot: inject('appRoot'), env: withoutTimer });
  try {
    const { address = '' } = await stack.startWorker();
    await work(stack, address);
  } finally {
    await stack.stop();
  }
}

test(
  'without a timer, deliveries start the ticks: twenty jobs wait for the gate, are woken, and their orders are completed',
  () =>
    withWorker(async (stack) => {
      const lines = stack.sandbox
        .createCarts({ count: 40, customers: 40, baskets: ['licence'] })
        .map((ref, index) => ({ number: index + 1, body: ref, ...ref }));
      await enqueue(stack, lines.slice(0, 20));
      const reader = booksReader(stack.tables.connectionString);
      const first = new Set(lines.slice(0, 20).map(({ cartId }) => cartId));
      const completed = async () =>
        (await reader.read()).carts.filter(({ cartId, state }) => first.has(cartId) && state === 'completed');
      let next = 20;
      await vi.waitFor(
        async () => {
          // A little traffic: a job every four minutes.
          await enqueue(stack, lines.slice(next, next + 1));
          next += 1;
          expect(await completed()).toHaveLength(20);
        },
        { timeout: 20 * 4 * productMinute, interval: 4 * productMinute },
      );
      const { orders } = await reader.read();
      const book = stack.sandbox.orderBook().filter(({ cartId }) => first.has(cartId));
      const rows = orders.filter(({ jobKey }) => first.has(jobKey.split(':').at(-1) ?? ''));
      expect(agrees(compare(book, rows))).toBe(true);
    }),
  120_000,
);

test(
  'without a timer and without traffic, health answers 503 and starts a tick; after five silent minutes it is 503 again',
  () =>
    withWorker(async (_, address) => {
      const ask = async () => {
        const answer = await fetch(`${address}/api/health`);
        return { status: answer.status, body: healthShape.parse(await answer.json()) };
      };
      const before = await ask();
      expect(before).toMatchObject({ status: 503, body: { healthy: false, tables: 'reachable' } });
      expect(before.body.lastTick).toBeUndefined();
      // The first request started a tick.
      await vi.waitFor(async () => expect(await ask()).toMatchObject({ status: 200 }), {
        timeout: 2 * productMinute + 5_000,
        interval: 50,
      });
      // Nobody asks, and no message comes.
      await pause(6 * productMinute);
      const silent = await ask();
      expect(silent.status).toBe(503);
      expect(silent.body.lastTick?.ageSeconds).toBeGreaterThan(0);
      await vi.waitFor(async () => expect(await ask()).toMatchObject({ status: 200 }), {
        timeout: 5_000,
        interval: 50,
      });
    }),
  60_000,
);

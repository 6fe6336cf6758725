/** Promise: a worker that stands still and goes on later buys nothing twice. */

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, inject, test } from 'vitest';
import { enqueue } from '../../local/night/run-night.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { agrees, compare } from '../../local/verdict/compare.ts';

const minute = 60_000;
const factor = 20;
const timeout = 150_000;

let stack: Stack;
afterEach(() => stack.stop());

interface Night {
  readonly count: number;
  /** Calls in a minute: of the gate, and of the sandbox, which counts a sliding minute. */
  readonly limit: number;
  /** So many calls are under way, of both workers, when one is stopped. */
  readonly awaiting: number;
}

/** Two workers in the middle of a night, one of them stopped with SIGSTOP. */
async function withOneFrozen({ count, limit, awaiting }: Night): Promise<{ goOn(): void }> {
  stack = await startStack({
    factor,
    appRoot: inject('appRoot'),
    env: {
      CALLS_PER_MINUTE: String(limit),
      CALLS_PER_MINUTE_CEILING: String(limit),
    },
    switches: {
      // Long, so that there are calls whose answer comes while nobody listens.
      latency: { checkoutBase: 5_000, perGroup: [0, 0], sigma: 0, read: [0, 0] },
      pending: { licence: [0, 0], reservation: [0, 0], software: [0, 0], saas: [0, 0] },
      listLag: [0, minute],
      limiter: { kind: 'sliding', calls: limit, window: minute },
    },
  });
  const [frozen] = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const carts = stack.sandbox.createCarts({ count, customers: count / 4, baskets: ['legacy'] });
  await enqueue(
    stack,
    carts.map((ref, index) => ({ number: index + 1, body: ref, ...ref })),
  );
  await stack.sandbox.whenAwaitingAnswer(awaiting);
  process.kill(frozen.pid, 'SIGSTOP');
  return { goOn: () => process.kill(frozen.pid, 'SIGCONT') };
}

/** Each cart is bought once, each order is in the books, no call met a 429, and nothing crashed. */
async function allBought(count: number): Promise<void> {
  const reader = booksReader(stack.tables.connectionString);
  const end = Date.now() + 100_000;
  let books = await reader.read();
  while (books.carts.filter(({ state }) => state === 'completed').length < count && Date.now() < end) {
    await pause(500);
    books = await reader.read();
  }
  expect(books.carts.filter(({ state }) => state !== 'completed')).toEqual([]);
  const comparison = compare(stack.sandbox.orderBook(), books.orders);
  expect(agrees(comparison), JSON.stringify(comparison)).toBe(true);
  expect(stack.sandbox.orderBook()).toHaveLength(count);
  expect(stack.sandbox.calls().filter(({ throttled }) => throttled)).toEqual([]);
  expect(stack.broker.entity(queueName).counts().deadLettered).toBe(0);
}

test.for([
  ['a minute, less than its locks', 1],
  ['six minutes: its locks and its leases are lost, and the other worker has its jobs', 6],
] as const)('a process stands still for %s, and goes on', { timeout }, async ([, minutes]) => {
  const count = 900;
  // Seventeen are more than one worker can have: so this one has some.
  const { goOn } = await withOneFrozen({ count, limit: 300, awaiting: 17 });
  const before = stack.sandbox.calls().length;
  await pause((minutes * minute) / factor);
  expect(stack.sandbox.calls().length, 'calls of the other meanwhile').toBeGreaterThan(before);
  goOn();
  await allBought(count);
});

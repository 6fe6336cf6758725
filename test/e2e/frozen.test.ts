import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, inject, test } from 'vitest';
import { enqueue } from '../../local/night/run-night.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { agrees, compare } from '../../local/verdict/compare.ts';

const minute = 60_000;
const factor = 20;
/** Calls in a minute: of the gate, and of the sandbox, which counts a sliding minute. */
const limit = 300;

let stack: Stack;
afterEach(() => stack.stop());

test.for([
  { what: 'a minute, less than its locks', minutes: 1, carts: 900 },
  {
    what: 'six minutes: its locks and its leases are lost, and the other worker has its jobs',
    minutes: 6,
    carts: 900,
  },
])(
  'a process stands still for $what, and goes on',
  { timeout: 150_000 },
  async ({ minutes, carts: count }) => {
    stack = await startStack({
      factor,
      appRoot: inject('appRoot'),
      env: { CALLS_PER_MINUTE: String(limit), CALLS_PER_MINUTE_CEILING: String(limit) },
      switches: {
        // Long, so that there are calls whose answer comes while nobody listens.
        latency: { checkoutBase: 5_000, perGroup: [0, 0], sigma: 0, read: [0, 0] },
        pending: { licence: [0, 0], reservation: [0, 0], software: [0, 0], saas: [0, 0] },
        listLag: [0, minute],
        limiter: { kind: 'sliding', calls: limit, window: minute },
      },
    });
    const { sandbox, broker } = stack;
    const [frozen] = await Promise.all([stack.startWorker(), stack.startWorker()]);
    const carts = sandbox.createCarts({ count, customers: count / 4, baskets: ['legacy'] });
    await enqueue(
      stack,
      carts.map((ref, index) => ({ number: index + 1, body: ref, ...ref })),
    );
    // More than one worker can have: so this one has some, and slots and claims beside them.
    await sandbox.whenAwaitingAnswer(17);
    process.kill(frozen.pid, 'SIGSTOP');
    const before = sandbox.calls().length;
    await pause((minutes * minute) / factor);
    expect(sandbox.calls().length, 'calls of the other meanwhile').toBeGreaterThan(before);
    process.kill(frozen.pid, 'SIGCONT');

    const reader = booksReader(stack.tables.connectionString);
    const end = Date.now() + 100_000;
    let books = await reader.read();
    while (books.carts.filter(({ state }) => state === 'completed').length < count && Date.now() < end) {
      await pause(500);
      books = await reader.read();
    }
    expect(books.carts.filter(({ state }) => state !== 'completed')).toEqual([]);
    const comparison = compare(sandbox.orderBook(), books.orders);
    expect(agrees(comparison), JSON.stringify(comparison)).toBe(true);
    expect(sandbox.orderBook()).toHaveLength(count);
    expect(sandbox.calls().filter(({ throttled }) => throttled)).toEqual([]);
    expect(broker.entity(queueName).counts().deadLettered).toBe(0);
  },
);

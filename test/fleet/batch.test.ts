/** Promise: a batch is counted to its end with real processes, and people can read its results. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { queueName, type Stack, startStack, topicName } from '../../local/stack.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import type { Batches } from '../../src/ports/batches.ts';

const root = join(import.meta.dirname, '../..');
const limited = { timeout: 50_000, interval: 50 };
let folder: string;
let stack: Stack;
let client: ServiceBusClient;
let batches: Batches;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkout-batch-'));
  const soon: [number, number] = [0, 60_000];
  stack = await startStack({
    factor: 100,
    appRoot: inject('appRoot'),
    switches: { pending: { licence: soon, reservation: soon, software: soon, saas: soon } },
  });
  client = new ServiceBusClient(stack.broker.connectionString);
  const { connectionString } = stack.tables;
  batches = batchStore(azureTables({ kind: 'connection-string', connectionString }).batches);
  await stack.startWorker();
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const send = (lines: readonly object[]) =>
  client
    .createSender(queueName)
    .sendMessages(lines.map((line) => ({ body: Buffer.from(JSON.stringify(line)) })));

/** The command line in a process of its own, against the stack. */
const checkout = (...args: readonly string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'src/cli/main.js'), ...args],
      { env: { ...process.env, ...stack.settings }, cwd: folder, timeout: 30_000 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });

/** Waits for so many jobs of a batch in this state. Its rows are read here: each command is a process. */
const waitFor = (
  batchId: string,
  state: string,
  count: number,
  before: () => Promise<void> = async () => {},
) =>
  vi.waitFor(async () => {
    await before();
    const states: string[] = [];
    for await (const entry of batches.entries(batchId)) if (entry.kind === 'job') states.push(entry.state);
    expect(states.filter((one) => one === state)).toHaveLength(count);
  }, limited);
const counts = async (batchId: string) => JSON.parse((await checkout('batch', batchId, '--json')).out).counts;

test('forty carts and a line that is none, to their batch.finished; then the results and the page', async () => {
  const carts = stack.sandbox.createCarts({ count: 40, customers: 8 });
  const about = { batchId: 'night', batchSize: 41 };
  const lines = carts.map((cart, nth) => ({
    ...cart,
    ...about,
    reference: nth === 0 ? '=HYPERLINK(1)' : '<b>PO',
  }));
  const receiver = client.createReceiver(topicName, 'all', { receiveMode: 'receiveAndDelete' });
  const told: string[] = [];
  receiver.subscribe({
    processMessage: async ({ applicationProperties, messageId }) => {
      if (applicationProperties?.['type'] === 'batch.finished') told.push(String(messageId));
    },
    processError: async () => {},
  });
  await send(lines.slice(0, 39));
  await waitFor('night', 'completed', 39);
  expect(await counts('night')).toMatchObject({ completed: 39 });
  expect(told).toEqual([]);
  await send([...lines.slice(39), { cartID: 'x', ...about }]);
  await vi.waitFor(() => expect(told).toContain('batch.finished:night:41'), limited);
  expect(await counts('night')).toMatchObject({ completed: 40, rejected: 1, notStarted: 0 });
  await receiver.close();

  const { code, out } = await checkout('batch', 'night', '--csv', 'results.csv', '--report', 'night.html');
  expect(out).toContain('41 carts: 40 completed, 1 rejected');
  expect(code).toBe(1);
  const csv = (await readFile(join(folder, 'results.csv'), 'utf8')).split('\r\n');
  expect(csv).toHaveLength(43);
  expect(csv.filter((line) => line.includes(`"'=HYPERLINK(1)"`))).toHaveLength(1);
  expect(csv.filter((line) => /completed,[^,]+,[^,]*,/.test(line)).length).toBe(40);
  const page = await readFile(join(folder, 'night.html'), 'utf8');
  expect(page).toContain('<title>41 carts: 40 completed, 1 rejected</title>');
});

describe('a batch that nobody knows', () => {
  test('is told in a sentence', async () => {
    const { code, err } = await checkout('batch', 'no-such');
    expect(err).toMatch(/^Batch no-such is not known/);
    expect(code).toBe(1);
  });
  test('is not stopped by a typo', async () => {
    const { code, err } = await checkout('batch', 'stop', 'no-such');
    expect(err).toContain('nothing was changed');
    expect(code).toBe(1);
    expect((await checkout('batch', 'no-such')).code).toBe(1);
  });
  test('and what is no batch id is wrong usage', async () => {
    expect((await checkout('batch', '/')).code).toBe(2);
  });
});

test('a batch that waits in the queue is known by what its messages say, and can be stopped', async () => {
  const lines = stack.sandbox
    .createCarts({ count: 3 })
    .map((cart) => ({ ...cart, batchId: 'at 02', batchSize: 3 }));
  const at = new Date(Date.now() + 3_600_000);
  await client
    .createSender(queueName)
    .sendMessages(
      lines.map((line) => ({ body: Buffer.from(JSON.stringify(line)), scheduledEnqueueTimeUtc: at })),
    );
  const { code, out } = await checkout('batch', 'at 02');
  expect(out).toMatch(/^3 carts: 3 open\n/);
  expect(out).toMatch(/No worker has taken a job of it yet.+held back until/);
  expect(code).toBe(0);
  expect(JSON.parse((await checkout('batch', 'at 02', '--json')).out)).toMatchObject({
    total: 3,
    queued: { at: at.toISOString() },
    counts: { notStarted: 3 },
  });
  expect((await checkout('batch', 'stop', 'at 02')).code).toBe(0);
  const stopped = (await checkout('batch', 'at 02')).out;
  expect(stopped).toContain('Stopped by');
  expect(stopped).toContain('No worker has taken');
});

test('a batch that is stopped before it begins buys nothing; undone, it goes on', async () => {
  expect((await checkout('batch', 'stop', 'later', '--unseen')).code).toBe(0);
  const carts = stack.sandbox.createCarts({ count: 6, customers: 2, baskets: ['legacy'] });
  const called = () =>
    stack.sandbox.calls().filter(({ cartId }) => carts.some((cart) => cart.cartId === cartId));
  const line = (cart: object) => ({ ...cart, batchId: 'later', batchSize: 6 });
  await send(carts.slice(0, 5).map(line));
  await waitFor('later', 'failed', 5);
  expect(called()).toEqual([]);
  expect((await checkout('batch', 'later')).out).toMatch(
    /Stopped by .+ To continue: npx partner-checkout batch stop later --undo/,
  );
  expect((await checkout('batch', 'stop', 'later', '--undo')).code).toBe(0);
  // Until the worker hears of it, a job that comes is ended; sent again, it is tried again.
  await waitFor('later', 'completed', 1, () => send(carts.slice(5).map(line)));
});

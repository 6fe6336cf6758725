/** Promise: an urgent job does not wait behind thousands of others. */

import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { queueName, type Stack, startStack, urgentQueueName } from '../../local/stack.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';

let stack: Stack;
let client: ServiceBusClient;

beforeAll(async () => {
  stack = await startStack({ factor: 60, appRoot: inject('appRoot') });
  client = new ServiceBusClient(stack.broker.connectionString);
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

const limited = { timeout: 40_000, interval: 20 };

/** The carts that were checked out so far, in that order. */
const checkedOut = () =>
  stack.sandbox.calls().flatMap(({ path }) => /carts\/([^/]+)\/checkout$/.exec(path)?.[1] ?? []);

test('with 2,000 jobs before it, an urgent one is among the next to be checked out, and one that waits is woken as urgent', async () => {
  const carts = stack.sandbox.createCarts({ count: 2_000, customers: 20, baskets: ['legacy'] });
  const ordinary = client.createSender(queueName);
  for (let from = 0; from < carts.length; from += 500)
    await ordinary.sendMessages(
      carts.slice(from, from + 500).map((cart) => ({ body: Buffer.from(JSON.stringify(cart)) })),
    );
  const worker = await stack.startWorker();
  await vi.waitFor(() => expect(checkedOut().length).toBeGreaterThan(20), limited);

  const [single] = stack.sandbox.createCarts({ count: 1, baskets: ['legacy'] });
  const before = checkedOut().length;
  const answer = await fetch(`${worker.address}/api/jobs?urgent=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': stack.functionKey },
    body: JSON.stringify(single),
  });
  expect(answer.status).toBe(202);
  await vi.waitFor(() => expect(checkedOut()).toContain(single?.cartId), limited);
  // What was called while it came to the queue, through it and to the gate; in the order of the queue it would be all of them.
  expect(checkedOut().indexOf(single?.cartId ?? '') - before).toBeLessThan(200);

  // One that waits for its time has an entry that wakes it through the queue that it came from.
  const [later] = stack.sandbox.createCarts({ count: 1 });
  const inAWeek = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const urgent = client.createSender(urgentQueueName);
  await urgent.sendMessages({ body: Buffer.from(JSON.stringify({ ...later, notBefore: inAWeek })) });
  const { connectionString } = stack.tables;
  const { schedule } = azureTables({ kind: 'connection-string', connectionString });
  const entries = async () => {
    const keys: string[] = [];
    for await (const { key } of schedule.rows({ partition: 'due', from: 'urgent:', to: 'urgent:~' }))
      keys.push(key);
    return keys;
  };
  await vi.waitFor(async () => {
    expect(await entries()).toEqual([expect.stringContaining(later?.cartId ?? '')]);
    expect(stack.broker.entity(urgentQueueName).counts()).toMatchObject({ scheduled: 0, active: 0 });
  }, limited);
});

test('what is neither yes nor no is refused', async () => {
  const worker = await stack.startWorker(undefined, { 'AzureWebJobs.checkout.Disabled': '1' });
  const answer = await fetch(`${worker.address}/api/jobs?urgent=yes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': stack.functionKey },
    body: '{}',
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ errors: [{ path: 'urgent' }] });
});

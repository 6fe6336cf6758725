/** Promise: a job of a dead letter that was given up is bought by no later message. */

import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { drained, instant } from '../bench/workload.ts';
import { cli } from '../support/cli.ts';

let stack: Stack;
let client: ServiceBusClient;

beforeAll(async () => {
  stack = await startStack({ factor: 100, appRoot: inject('appRoot'), switches: instant });
  client = new ServiceBusClient(stack.broker.connectionString);
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

const limited = { timeout: 40_000, interval: 50 };
const run = (...args: string[]) => cli(stack.settings, args);

test('dead letters of jobs that were never begun: given up, so that later messages buy nothing; a retry does', async () => {
  const carts = stack.sandbox.createCarts({ count: 2, customers: 1, baskets: ['legacy'] });
  const [cart] = carts;
  if (cart === undefined) throw new Error('no cart');
  const send = () =>
    client.createSender(queueName).sendMessages(
      carts.map((one) => ({
        body: Buffer.from(JSON.stringify({ ...one, batchId: 'doomed', batchSize: 2 })),
      })),
    );
  await send();
  const receiver = client.createReceiver(queueName);
  for (const message of await receiver.receiveMessages(2))
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'MaxDeliveryCountExceeded',
      deadLetterErrorDescription: 'a crash loop, played',
    });
  await receiver.close();
  const { connectionString } = stack.tables;
  const tables = azureTables({ kind: 'connection-string', connectionString });
  await tables.ensure();

  const refused = await run('dead-letters', 'discard', '--yes');
  expect(refused.code, refused.stderr).toBe(1);
  expect(refused.stdout.match(/its job was never begun, and would be lost/g)).toHaveLength(2);
  expect(await run('dead-letters', 'list')).toMatchObject({ code: 1 });

  const given = await run('dead-letters', 'discard', '--give-up', '--yes');
  expect(given, given.stderr).toMatchObject({ code: 0 });
  expect(given.stdout).toMatch(/^2 discarded by \S+; kept: /);
  await stack.startWorker();
  await send();
  await drained(stack, 40_000);
  const batch = JSON.parse((await run('--json', 'batch', 'doomed')).stdout);
  expect(batch).toMatchObject({ total: 2, counts: { failed: 2, notStarted: 0 }, eta: { kind: 'done' } });
  expect(stack.sandbox.orderBook()).toEqual([]);
  const story = await run('job', cart.customerId, cart.cartId);
  expect(story.stdout).toMatch(/person {4}\S+ decided: give-up/);
  expect(story.stdout).toContain('gave up on this cart before it was bought');

  expect(await run('retry', cart.customerId, cart.cartId, '--yes')).toMatchObject({ code: 0 });
  const ledger = ledgerStore(tables.checkouts);
  await vi.waitFor(
    async () => expect(await ledger.read(jobKeyOf(cart))).toMatchObject({ value: { state: 'completed' } }),
    limited,
  );
  expect(stack.sandbox.orderBook().map(({ cartId }) => cartId)).toEqual([cart.cartId]);
});

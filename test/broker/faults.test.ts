/**
 * Promise: clients recover from a cut connection, and no message is lost or taken away from a running
 * handler.
 */

import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { bed, cut, peekLock, soon, takeOne } from './bed.ts';

const the = bed({
  queues: ['idle', 'subscribed', 'handler', 'locks', 'mine', 'theirs', 'renewed', 'burst', 'spare'],
  properties: { LockDuration: 'PT2S' },
});

test('after a cut the next send and the next receive connect again', async () => {
  const { client } = the();
  const [sender, receiver] = [client.createSender('idle'), client.createReceiver('idle', peekLock)];
  await sender.sendMessages({ body: 1 });
  await receiver.completeMessage(await takeOne(receiver));
  await cut(the(), 'spare');
  await sender.sendMessages({ body: 2 });
  expect((await takeOne(receiver)).body).toBe(2);
});

test('a subscription attaches again by itself', async () => {
  const { client } = the();
  const bodies: unknown[] = [];
  const receiver = client.createReceiver('subscribed', peekLock);
  receiver.subscribe({
    processMessage: async ({ body }) => void bodies.push(body),
    processError: async () => {},
  });
  const sender = client.createSender('subscribed');
  for (const body of [1, 2, 3]) {
    await sender.sendMessages({ body });
    await expect.poll(() => bodies, { timeout: 10_000 }).toContain(body);
    await cut(the(), 'spare');
  }
  await receiver.close();
  expect(bodies).toEqual([1, 2, 3]);
});

test('a message whose connection went while it was handled is settled by another way', async () => {
  const { client, broker } = the();
  await client.createSender('handler').sendMessages({ body: 1 });
  const receiver = client.createReceiver('handler', peekLock);
  const handled: number[] = [];
  receiver.subscribe({
    processMessage: async ({ deliveryCount }) => {
      handled.push(deliveryCount ?? -1);
      await cut(the(), 'spare');
    },
    processError: async () => {},
  });
  await expect
    .poll(() => broker.entity('handler').counts(), { timeout: 10_000 })
    .toMatchObject({ active: 0, locked: 0 });
  await receiver.close();
  expect(handled).toEqual([0]);
});

test('a connection that is cut leaves its messages locked, and takes no more of them', async () => {
  const { broker } = the();
  const client = new ServiceBusClient(broker.connectionString, soon);
  const sender = the().client.createSender('locks');
  const receiver = client.createReceiver('locks', peekLock);
  const handling = Promise.withResolvers<void>();
  receiver.subscribe(
    { processMessage: async () => handling.promise, processError: async () => {} },
    { maxConcurrentCalls: 5, autoCompleteMessages: false },
  );
  await sender.sendMessages({ body: 1 });
  await expect.poll(() => broker.entity('locks').counts()).toMatchObject({ active: 0, locked: 1 });
  const { delivered } = broker.operations;
  await Promise.all([receiver.close(), client.close(), handling.resolve()]);
  await sender.sendMessages({ body: 2 });
  expect(broker.entity('locks').counts()).toMatchObject({ active: 1, locked: 1 });
  expect(broker.operations.delivered).toBe(delivered);
});

test('only those with a link to the entity are cut', async () => {
  const { broker } = the();
  const clients = ['mine', 'theirs'].map((queue) => {
    const client = new ServiceBusClient(broker.connectionString, soon);
    return { queue, client, receiver: client.createReceiver(queue) };
  });
  const pending = clients.map(({ queue, receiver }) =>
    receiver.receiveMessages(1, { maxWaitTimeInMs: 2_000 }).then(
      () => `${queue} waited`,
      () => `${queue} cut`,
    ),
  );
  await expect.poll(() => broker.dropConnections('mine')).toBe(1);
  expect(await Promise.all(pending)).toEqual(['mine cut', 'theirs waited']);
  for (const { client } of clients) await client.close();
});

test('the client renews the lock while a handler runs long', async () => {
  const { client, broker } = the();
  await client.createSender('renewed').sendMessages({ body: 1 });
  const receiver = client.createReceiver('renewed', { maxAutoLockRenewalDurationInMs: 60_000 });
  const message = await takeOne(receiver);
  const [before] = broker.entity('renewed').messages();
  await expect
    .poll(() => broker.entity('renewed').messages()[0]?.until, { timeout: 10_000 })
    .toBeGreaterThan((before?.until ?? Number.NaN) + 2_000);
  await receiver.completeMessage(message);
  expect(broker.entity('renewed').counts()).toMatchObject({ active: 0, locked: 0 });
});

test('sends that run while the connection is cut arrive, once at least', async () => {
  const { broker } = the();
  const retryOptions = { maxRetries: 5, retryDelayInMs: 20, timeoutInMs: 1_000 };
  const client = new ServiceBusClient(broker.connectionString, { retryOptions });
  const sender = client.createSender('burst');
  await sender.sendMessages({ messageId: 'warm', body: 0 });
  const ids = Array.from({ length: 50 }, (_, n) => `m${n}`);
  const sends = ids.map((messageId) => sender.sendMessages({ messageId, body: 0 }));
  expect(broker.dropConnections('burst')).toBe(1);
  await Promise.all(sends);
  const arrived = new Set(
    broker
      .entity('burst')
      .messages()
      .map(({ messageId }) => messageId),
  );
  expect(arrived).toEqual(new Set(['warm', ...ids]));
  await client.close();
});

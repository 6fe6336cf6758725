/** Promise: no message is lost, or locked for nobody, whatever order credit, drains and sends have. */

import { expect, test } from 'vitest';
import { bed, destructive, peekLock, take, takeNothing, takeOne } from './bed.ts';

const the = bed({
  queues: [
    'beyond',
    'empty',
    'part',
    'races',
    'deletes',
    'many',
    'held',
    'shared',
    'window',
    'drained',
    'closing',
  ],
});
const bodies = (count: number) => Array.from({ length: count }, (_, n) => ({ messageId: `m${n}`, body: n }));

test('an empty queue is answered by the link that asked', async () => {
  const { client, broker } = the();
  const receiver = client.createReceiver('empty');
  const links = broker.operations.links;
  // A link that is not told in time that it is drained is closed by the client.
  for (let round = 0; round < 3; round += 1) expect(await takeNothing(receiver)).toEqual([]);
  await client.createSender('empty').sendMessages({ body: 1 });
  expect((await takeOne(receiver)).body).toBe(1);
  // The sender's and the receiver's.
  expect(broker.operations.links).toBe(links + 2);
});

test('fewer than asked for come without waiting for the rest', async () => {
  const { client } = the();
  await client.createSender('part').sendMessages(bodies(3));
  const receiver = client.createReceiver('part', peekLock);
  const messages = await receiver.receiveMessages(10, { maxWaitTimeInMs: 20_000 });
  expect(messages.map(({ body }) => body)).toEqual([0, 1, 2]);
});

test('sends that race with drains are neither lost, nor locked for nobody, nor cost a link', async () => {
  const { client, broker } = the();
  const [sender, receiver] = [client.createSender('races'), client.createReceiver('races', peekLock)];
  await sender.sendMessages({ body: -1 });
  const seen = new Map<unknown, number | undefined>();
  const links = broker.operations.links;
  const takeSome = async (maxWaitTimeInMs: number, count = 3) => {
    const messages = await receiver.receiveMessages(count, { maxWaitTimeInMs });
    for (const message of messages) {
      seen.set(message.body, message.deliveryCount);
      await receiver.completeMessage(message);
    }
  };
  for (let round = 0; round < 200; round += 1) {
    // Sends land before, in and after the drain, and use the credit up or leave some.
    const sent = new Promise((resolve) => setTimeout(resolve, round % 13)).then(() =>
      sender.sendMessages({ body: round }),
    );
    await Promise.all([takeSome(5, round % 2 === 0 ? 1 : 3), sent]);
  }
  while (seen.size < 201) await takeSome(5_000);
  expect([...seen.values()].every((count) => count === 0)).toBe(true);
  expect(broker.entity('races').counts()).toMatchObject({ active: 0, locked: 0 });
  expect(broker.operations.links).toBe(links + 1);
});

test('receive and delete leaves nothing behind', async () => {
  const { client, broker } = the();
  await client.createSender('deletes').sendMessages(bodies(3_000));
  const messages = await take(client.createReceiver('deletes', destructive()), 3_000);
  expect(new Set(messages.map(({ body }) => body)).size).toBe(3_000);
  expect(broker.entity('deletes').counts()).toMatchObject({ active: 0, locked: 0 });
});

test('receive and delete goes on beyond what a session takes at once', async () => {
  const { client, broker } = the();
  await client.createSender('beyond').sendMessages(bodies(3_000));
  const receiver = client.createReceiver('beyond', destructive());
  const before = performance.now();
  expect(await receiver.receiveMessages(3_000, { maxWaitTimeInMs: 20_000 })).toHaveLength(3_000);
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(broker.entity('beyond').counts().active).toBe(0);
});

test('what the client has no room for stays in the queue, and is not locked for nobody', async () => {
  const { client, broker } = the();
  await client.createSender('window').sendMessages(bodies(3_000));
  const receiver = client.createReceiver('window', peekLock);
  const first = await receiver.receiveMessages(3_000, { maxWaitTimeInMs: 2_000 });
  expect(broker.entity('window').counts()).toMatchObject({
    active: 3_000 - first.length,
    locked: first.length,
  });
  await Promise.all(first.map((message) => receiver.completeMessage(message)));
  const rest = await take(receiver, 3_000 - first.length);
  expect(new Set([...first, ...rest].map(({ body }) => body)).size).toBe(3_000);
  expect(rest.every(({ deliveryCount }) => deliveryCount === 0)).toBe(true);
});

test('a subscription goes on beyond the 2,048 deliveries that a client keeps', async () => {
  const { client, broker } = the();
  await client.createSender('many').sendMessages(bodies(5_000));
  const receiver = client.createReceiver('many', peekLock);
  const seen = new Set<unknown>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  receiver.subscribe(
    {
      processMessage: async ({ body }) => {
        seen.add(body);
        if (seen.size === 5_000) resolve();
      },
      processError: async ({ error }) => reject(error),
    },
    { maxConcurrentCalls: 50 },
  );
  await promise;
  await receiver.close();
  await expect.poll(() => broker.entity('many').counts()).toMatchObject({ active: 0, locked: 0 });
});

test('a message held for long does not hold up the others', async () => {
  const { client, broker } = the();
  await client.createSender('held').sendMessages(bodies(1_000));
  const receiver = client.createReceiver('held', peekLock);
  const others = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  let done = 0;
  receiver.subscribe(
    {
      processMessage: async ({ body }) => {
        if (body === 0) await others.promise;
        done += 1;
        if (done === 999) others.resolve();
        if (done === 1_000) all.resolve();
      },
      processError: async ({ error }) => all.reject(error),
    },
    { maxConcurrentCalls: 2 },
  );
  await all.promise;
  await receiver.close();
  await expect.poll(() => broker.entity('held').counts()).toMatchObject({ active: 0, locked: 0 });
});

test('two receivers share a queue: a slow one does not starve the other, none gets the same', async () => {
  const { client } = the();
  const seen: { who: string; body: unknown }[] = [];
  const stopSlow = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const receivers = ['slow', 'fast'].map((who) => {
    const receiver = client.createReceiver('shared', peekLock);
    receiver.subscribe({
      processMessage: async ({ body }) => {
        seen.push({ who, body });
        if (seen.length === 50) stopSlow.resolve();
        if (who === 'slow') await stopSlow.promise;
        if (seen.length === 60) finished.resolve();
      },
      processError: async ({ error }) => finished.reject(error),
    });
    return receiver;
  });
  const sender = client.createSender('shared');
  for (const message of bodies(60)) await sender.sendMessages(message);
  await finished.promise;
  await Promise.all(receivers.map((receiver) => receiver.close()));
  expect(new Set(seen.map(({ body }) => body)).size).toBe(60);
  const early = seen.slice(0, 50);
  expect(early.filter(({ who }) => who === 'slow')).toHaveLength(1);
});

test('messages that are given back come again in order', async () => {
  const { client } = the();
  await client.createSender('drained').sendMessages(bodies(5));
  const receiver = client.createReceiver('drained', peekLock);
  for (const message of (await take(receiver, 4)).toReversed()) await receiver.abandonMessage(message);
  expect((await take(receiver, 5)).map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 0],
  ]);
});

test('a closed receiver is handed nothing', async () => {
  const { client, broker } = the();
  const receiver = client.createReceiver('closing', peekLock);
  const subscription = receiver.subscribe(
    { processMessage: async () => {}, processError: async () => {} },
    { maxConcurrentCalls: 10 },
  );
  const sender = client.createSender('closing');
  await sender.sendMessages({ body: 'warm' });
  await expect.poll(() => broker.entity('closing').counts()).toMatchObject({ active: 0, locked: 0 });
  await subscription.close();
  await sender.sendMessages({ body: 1 });
  expect(broker.entity('closing').counts()).toMatchObject({ active: 1, locked: 0 });
  await receiver.close();
});

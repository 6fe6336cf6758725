/**
 * Promise: the official client connects, shares a queue, and hears in words of a token or an entity that is
 * refused.
 */

import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { startBroker } from '../../local/service-bus/broker.ts';
import { bed, destructive, soon, subscriptionError, take, takeOne, watch } from './bed.ts';
import { configOf } from './config-of.ts';

const the = bed({
  queues: ['q', 'two', 'Team/Jobs-1', 'after-garbage', 'linked', 'closed'],
  topics: { events: ['all'] },
});

const notFound = { code: 'MessagingEntityNotFound' };

test.each(['localhost', '127.0.0.1'])('the client connects by %s', async (host) => {
  const { broker } = the();
  const client = new ServiceBusClient(broker.connectionString.replace('127.0.0.1', host), soon);
  await client.createSender('q').sendMessages({ body: host });
  const message = await takeOne(client.createReceiver('q', destructive()));
  expect(message.body).toBe(host);
  await client.close();
});

test('a token that is refused is said so, and one that is taken later works', async () => {
  const { broker } = the();
  const client = new ServiceBusClient(broker.connectionString, {
    retryOptions: { maxRetries: 1, retryDelayInMs: 10, timeoutInMs: 5_000 },
  });
  broker.refuseTokens(true);
  await expect(client.createSender('q').sendMessages({ body: 1 })).rejects.toMatchObject({
    // Of the first try and of its one repeat: the client takes this for something that passes.
    errors: [{ code: 'UnauthorizedAccess' }, { code: 'UnauthorizedAccess' }],
  });
  broker.refuseTokens(false);
  await client.createSender('q').sendMessages({ body: 'later' });
  expect((await takeOne(client.createReceiver('q', destructive()))).body).toBe('later');
  await client.close();
});

test('two clients share a queue', async () => {
  const { broker, client } = the();
  const other = new ServiceBusClient(broker.connectionString, soon);
  await client.createSender('two').sendMessages([{ body: 1 }, { body: 2 }]);
  const bodies = [
    (await takeOne(client.createReceiver('two', destructive()))).body,
    (await takeOne(other.createReceiver('two', destructive()))).body,
  ];
  expect(bodies).toEqual([1, 2]);
  await other.close();
});

test('an entity that is not there is said so, whatever is asked of it', async () => {
  const { client } = the();
  const receiver = client.createReceiver('none');
  await expect(client.createSender('none').sendMessages({ body: 1 })).rejects.toMatchObject(notFound);
  await expect(receiver.receiveMessages(1)).rejects.toMatchObject(notFound);
  await expect(receiver.peekMessages(1)).rejects.toMatchObject(notFound);
  await expect(
    client.createSender('none').scheduleMessages({ body: 1 }, new Date(Date.now() + 60_000)),
  ).rejects.toMatchObject(notFound);
  expect(await subscriptionError(client.createReceiver('none'))).toMatchObject(notFound);
  await expect(client.createReceiver('events', 'none').receiveMessages(1)).rejects.toMatchObject(notFound);
});

test('nothing is sent to a subscription or a dead-letter queue, nothing received from a topic', async () => {
  const { client } = the();
  for (const address of ['events/Subscriptions/all', 'q/$DeadLetterQueue'])
    await expect(client.createSender(address).sendMessages({ body: 1 })).rejects.toThrow(
      `Nothing can be sent to '${address}'`,
    );
  await expect(client.createReceiver('events').receiveMessages(1)).rejects.toThrow(
    'receive from one of its subscriptions',
  );
});

test('names may have slashes and are the same in any case', async () => {
  const { client } = the();
  await client.createSender('Team/Jobs-1').sendMessages({ body: 'a' });
  const receiver = client.createReceiver('team/jobs-1', destructive());
  expect((await takeOne(receiver)).body).toBe('a');
  expect((await client.createReceiver('TEAM/JOBS-1').peekMessages(1)).length).toBe(0);
});

test('sessions and rules are refused in a clear sentence', async () => {
  const { client } = the();
  const sentence = 'Sessions are not supported by this broker';
  await expect(client.acceptNextSession('q')).rejects.toThrow(sentence);
  // Of a session by its name the client tells its own guess, whatever the broker says.
  await expect(client.acceptSession('q', 's1')).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
  const rules = client.createRuleManager('events', 'all');
  await expect(rules.createRule('r', { sqlExpression: '1=1' })).rejects.toThrow(
    'sessions and rules are not supported',
  );
});

test('bytes of another protocol, or none, harm nobody else', async () => {
  const { broker, client } = the();
  const silent = connect(broker.port, '127.0.0.1');
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\0\0\0\x08garbage!'.repeat(100),
    'AMQP\0\x01\0\0'.repeat(3),
  ]) {
    const socket = connect(broker.port, '127.0.0.1');
    // The broker may cut it while we write.
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', resolve));
    socket.end(bytes);
    socket.resume();
    await closed;
  }
  await client.createSender('after-garbage').sendMessages({ body: 1 });
  const receiver = client.createReceiver('after-garbage', destructive());
  expect((await takeOne(receiver)).body).toBe(1);
  silent.destroy();
});

test('a broker stops while clients are connected, and starts again on its port', async () => {
  const config = configOf({ queues: ['q', 'spare'] });
  const first = await startBroker({ config });
  const client = new ServiceBusClient(first.connectionString, soon);
  const sender = client.createSender('q');
  await sender.sendMessages({ body: 'lost with the first broker' });
  const idle = connect(first.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => idle.once('connect', resolve));
  await expect(startBroker({ config, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const noticed = await watch({ broker: first, client }, 'spare');
  await first.stop();
  await noticed();
  const second = await startBroker({ config, port: first.port });
  await sender.sendMessages({ body: 'second' });
  const receiver = client.createReceiver('q', destructive());
  expect((await take(receiver, 1)).map(({ body }) => body)).toEqual(['second']);
  await client.close();
  await second.stop();
});

test('what is cut or closed is forgotten', async () => {
  const { broker } = the();
  const client = new ServiceBusClient(broker.connectionString, soon);
  const sender = client.createSender('closed');
  await sender.sendMessages({ body: 1 });
  await sender.close();
  await client.createReceiver('linked').peekMessages(1);
  expect(broker.dropConnections('closed')).toBe(0);
  expect(broker.dropConnections('linked')).toBe(1);
  await expect.poll(() => broker.dropConnections('linked')).toBe(0);
  await client.close();
});

test('a process that has stopped its broker and client ends by itself', async () => {
  const child = fork(new URL('./stop-child.ts', import.meta.url), { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // A heartbeat that was left over would hold it for 30 s.
  const limit = setTimeout(() => child.kill(), 20_000);
  expect(await ended).toBe(0);
  clearTimeout(limit);
});

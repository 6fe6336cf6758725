/**
 * Promise: the administration client reads and changes the broker's entities as it does those of Service
 * Bus.
 */

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type CreateQueueOptions,
  ServiceBusAdministrationClient,
  ServiceBusClient,
} from '@azure/service-bus';
import rhea, { type EventContext } from 'rhea';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../local/certificate.ts';
import { durationText } from '../../local/service-bus/atom.ts';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { durationMs } from '../../local/service-bus/config.ts';
import { soon, takeOne } from './bed.ts';
import { configOf } from './config-of.ts';

const properties = {
  LockDuration: 'PT5M',
  MaxDeliveryCount: 7,
  DefaultMessageTimeToLive: 'P14D',
  DeadLetteringOnMessageExpiration: true,
};

let broker: Broker;
let ca: string;
let client: ServiceBusClient;
let admin: ServiceBusAdministrationClient;

beforeAll(async () => {
  const tls = await makeCertificate();
  ca = tls.certificate;
  const config = configOf({
    queues: ['jobs', 'team/jobs', 'tls', 'deferred'],
    topics: { events: ['all', 'more'] },
    properties,
  });
  broker = await startBroker({ config, tls });
  client = new ServiceBusClient(broker.connectionString, soon);
  admin = new ServiceBusAdministrationClient(broker.connectionString, { tlsOptions: { ca } });
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

describe('the administration client reads', () => {
  test('the settings of a queue', async () => {
    expect(await admin.getQueue('jobs')).toMatchObject({
      name: 'jobs',
      lockDuration: 'PT5M',
      maxDeliveryCount: 7,
      defaultMessageTimeToLive: 'P14D',
      deadLetteringOnMessageExpiration: true,
      requiresDuplicateDetection: false,
      requiresSession: false,
      status: 'Active',
    });
    expect(await admin.getQueue('team/jobs')).toMatchObject({ name: 'team/jobs' });
  });

  test('its counts: active, locked among them, scheduled and dead', async () => {
    const sender = client.createSender('jobs');
    await sender.sendMessages(Array.from({ length: 4 }, (_, index) => ({ body: index })));
    await sender.sendMessages({ body: 'later', scheduledEnqueueTimeUtc: new Date(Date.now() + 60_000) });
    const receiver = client.createReceiver('jobs', { maxAutoLockRenewalDurationInMs: 0 });
    await receiver.deadLetterMessage(await takeOne(receiver));
    await takeOne(receiver);
    expect(await admin.getQueueRuntimeProperties('jobs')).toMatchObject({
      name: 'jobs',
      totalMessageCount: 5,
      activeMessageCount: 3,
      scheduledMessageCount: 1,
      deadLetterMessageCount: 1,
      transferMessageCount: 0,
    });
    await receiver.close();
    await sender.close();
  });

  test('a topic and its subscription', async () => {
    const sender = client.createSender('events');
    await sender.sendMessages({ body: 'one' });
    await sender.close();
    expect(await admin.getTopic('events')).toMatchObject({ name: 'events', status: 'Active' });
    expect(await admin.getSubscription('events', 'all')).toMatchObject({
      topicName: 'events',
      subscriptionName: 'all',
      lockDuration: 'PT5M',
      maxDeliveryCount: 7,
    });
    expect(await admin.getSubscriptionRuntimeProperties('events', 'all')).toMatchObject({
      activeMessageCount: 1,
      totalMessageCount: 1,
    });
  });

  test('that something is missing', async () => {
    await expect(admin.getQueue('nowhere')).rejects.toThrow('"nowhere" being requested cannot be found');
    expect(await admin.queueExists('nowhere')).toBe(false);
    expect(await admin.queueExists('jobs')).toBe(true);
    expect(await admin.subscriptionExists('events', 'none')).toBe(false);
  });

  test('that a deferred message is among the active', async () => {
    const sender = client.createSender('deferred');
    await sender.sendMessages({ body: 1 });
    const receiver = client.createReceiver('deferred', { maxAutoLockRenewalDurationInMs: 0 });
    await receiver.deferMessage(await takeOne(receiver));
    expect(await admin.getQueueRuntimeProperties('deferred')).toMatchObject({
      activeMessageCount: 1,
      totalMessageCount: 1,
    });
  });

  test('lists, page by page', async () => {
    const names: string[] = [];
    const sizes: number[] = [];
    for await (const page of admin.listQueues().byPage({ maxPageSize: 3 })) {
      sizes.push(page.length);
      names.push(...page.map(({ name }) => name));
    }
    expect(names).toEqual(['jobs', 'team/jobs', 'tls', 'deferred']);
    expect(sizes).toEqual([3, 1]);
    const topics: string[] = [];
    for await (const { name } of admin.listTopics()) topics.push(name);
    expect(topics).toEqual(['events']);
    const subscriptions: string[] = [];
    for await (const { topicName, subscriptionName } of admin.listSubscriptions('events'))
      subscriptions.push(`${topicName} ${subscriptionName}`);
    expect(subscriptions).toEqual(['events all', 'events more']);
    const rules: unknown[] = [];
    for await (const { name, filter } of admin.listRules('events', 'all')) rules.push([name, filter]);
    expect(rules).toEqual([['$Default', { sqlExpression: '1=1', sqlParameters: undefined }]]);
    await expect(admin.listSubscriptions('nowhere').next()).rejects.toMatchObject({
      code: 'MessageEntityNotFoundError',
    });
  });

  test('which namespace it is', async () => {
    expect(await admin.getNamespaceProperties()).toMatchObject({
      name: '127.0.0.1',
      messagingSku: 'Standard',
    });
  });
});

test.each([
  ['jobs', 'jobs'],
  ['team/jobs', 'team/jobs'],
  ['events', 'events'],
  ['events/Subscriptions/all', 'all'],
  ['Events/subscriptions/ALL', 'all'],
  ['events/Subscriptions/all/Rules/$Default', '$Default'],
])('the title of %s is %s, from which clients take the name', async (path, title) => {
  const answer = await fetch(`http://127.0.0.1:${broker.port}/${path}?api-version=2021-05&enrich=False`);
  expect(await answer.text()).toContain(`<title type="text">${title}</title>`);
});

describe('the administration client creates and deletes', () => {
  test('a queue, with its settings', async () => {
    await admin.createQueue('made/queue', {
      lockDuration: 'PT7S',
      maxDeliveryCount: 2,
      deadLetteringOnMessageExpiration: true,
      defaultMessageTimeToLive: 'P1D',
    });
    expect(await admin.getQueue('made/queue')).toMatchObject({
      lockDuration: 'PT7S',
      maxDeliveryCount: 2,
      deadLetteringOnMessageExpiration: true,
      defaultMessageTimeToLive: 'P1D',
    });
    await client.createSender('made/queue').sendMessages({ body: 1 });
    const receiver = client.createReceiver('made/queue', { maxAutoLockRenewalDurationInMs: 0 });
    for (let nth = 0; nth < 2; nth += 1) await receiver.abandonMessage(await takeOne(receiver));
    expect(broker.entity('made/queue').counts()).toMatchObject({ active: 0, deadLettered: 1 });
    await admin.deleteQueue('made/queue');
    expect(await admin.queueExists('made/queue')).toBe(false);
    // Its links end with it.
    await expect(receiver.receiveMessages(1)).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
    expect(() => broker.entity('made/queue')).toThrow('could not be found');
  });

  test('a topic and its subscriptions; a deleted one gets nothing more', async () => {
    await admin.createTopic('made-topic');
    for (const name of ['a', 'b'])
      await admin.createSubscription('made-topic', name, { maxDeliveryCount: 6 });
    expect(await admin.getSubscription('made-topic', 'a')).toMatchObject({ maxDeliveryCount: 6 });
    const sender = client.createSender('made-topic');
    await sender.sendMessages({ body: 1 });
    await admin.deleteSubscription('made-topic', 'a');
    await sender.sendMessages({ body: 2 });
    expect(broker.entity('made-topic/Subscriptions/b').counts().active).toBe(2);
    expect(await admin.subscriptionExists('made-topic', 'a')).toBe(false);
    await admin.deleteTopic('made-topic');
    expect(await admin.topicExists('made-topic')).toBe(false);
    expect(await admin.subscriptionExists('made-topic', 'b')).toBe(false);
    await expect(sender.sendMessages({ body: 3 })).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
  });

  test('nothing that is there already, and deletes nothing that is not', async () => {
    const conflict = { code: 'MessageEntityAlreadyExistsError' };
    await expect(admin.createQueue('jobs')).rejects.toMatchObject(conflict);
    await expect(admin.createQueue('events')).rejects.toMatchObject(conflict);
    await expect(admin.createTopic('JOBS')).rejects.toMatchObject(conflict);
    await expect(admin.createSubscription('events', 'all')).rejects.toMatchObject(conflict);
    const missing = { code: 'MessageEntityNotFoundError' };
    await expect(admin.deleteQueue('nowhere')).rejects.toMatchObject(missing);
    await expect(admin.deleteSubscription('events', 'none')).rejects.toMatchObject(missing);
    await expect(admin.createSubscription('nowhere', 'all')).rejects.toMatchObject(missing);
  });

  test('nothing that this broker leaves out, and says what that is', async () => {
    const queue = (options: CreateQueueOptions) => expect(admin.createQueue('more', options)).rejects;
    await queue({ requiresSession: true }).toThrow('sessions are not supported');
    await queue({ requiresDuplicateDetection: true }).toThrow('duplicate detection is not supported');
    await queue({ forwardTo: 'jobs' }).toThrow('forwarding is not supported');
    await queue({ forwardDeadLetteredMessagesTo: 'jobs' }).toThrow('forwarding is not supported');
    await queue({ autoDeleteOnIdle: 'PT5M' }).toThrow('AutoDeleteOnIdle is PT5M');
    await queue({ status: 'Disabled' }).toThrow('Status is Disabled');
    await queue({ lockDuration: 'PT6M' }).toThrow('at most PT5M');
    await queue({ maxDeliveryCount: 0 }).toThrow('a whole number from 1');
    expect(await admin.queueExists('more')).toBe(false);
    const rule = { name: 'r', filter: { sqlExpression: 'a = 1' } };
    await expect(admin.createSubscription('events', 'ruled', { defaultRuleOptions: rule })).rejects.toThrow(
      'no rules',
    );
    await expect(admin.createRule('events', 'all', 'r', { sqlExpression: '1=1' })).rejects.toThrow(
      'no rules',
    );
    await expect(admin.deleteRule('events', 'all', '$Default')).rejects.toThrow('no rules');
    await expect(admin.updateQueue(await admin.getQueue('jobs'))).rejects.toThrow('changes no settings');
  });
});

test('the same over plain HTTP, for who cannot trust the certificate', async () => {
  const get = (path: string) => fetch(`http://127.0.0.1:${broker.port}${path}`);
  const answer = await get('/jobs?api-version=2021-05');
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('<LockDuration>PT5M</LockDuration>');
  // Whatever is asked for comes back as text, not as XML.
  expect(await (await get('/%3Cscript%3E')).text()).toBe(
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"></feed>',
  );
  expect((await get('/%zz')).status).toBe(200);
});

describe('TLS on the same port', () => {
  test('AMQP', async () => {
    const container = rhea.create_container();
    const connection = container.connect({
      transport: 'tls',
      host: '127.0.0.1',
      port: broker.port,
      ca: [ca],
      servername: 'localhost',
      username: 'local',
      reconnect: false,
    });
    const sent = new Promise((resolve, reject) => {
      container.once('sendable', ({ sender }: EventContext) => sender?.send({ body: 'over TLS' }));
      container.once('accepted', resolve);
      container.once('disconnected', ({ error }: EventContext) => reject(error));
    });
    connection.open_sender('tls');
    await sent;
    container.on('disconnected', () => {});
    connection.close();
    expect(broker.entity('tls').counts().active).toBe(1);
  });

  test('who does not trust the certificate goes away, and the others stay', async () => {
    const refused = await new Promise<Error>((resolve) => {
      connectTls({ host: '127.0.0.1', port: broker.port }).once('error', resolve);
    });
    expect(refused.message).toContain('self-signed');
    expect(await admin.queueExists('jobs')).toBe(true);
  });

  test('a broker without a certificate hangs up', async () => {
    const plain = await startBroker({ config: configOf({ queues: ['q'] }) });
    const hungUp = new Promise((resolve) => {
      const socket = connectTls({ host: '127.0.0.1', port: plain.port });
      socket.once('error', () => {});
      socket.once('close', resolve);
    });
    await hungUp;
    await plain.stop();
  });

  test('a connection that says nothing holds nobody up, and ends with the broker', async () => {
    const other = await startBroker({ config: configOf({ queues: ['q'] }) });
    const silent = connectTcp({ host: '127.0.0.1', port: other.port });
    const closed = new Promise((resolve) => silent.once('close', resolve));
    silent.once('error', () => {});
    await new Promise((resolve) => silent.once('connect', resolve));
    await other.stop();
    await closed;
  });
});

test.each([300_000, 1_209_600_000, 5_000, 60_000, 3_600_000, 90_061_500, 83])(
  '%i ms are written so that they are read again',
  (ms) => {
    expect(durationMs(durationText(ms))).toBe(ms);
  },
);
test('never is as long as .NET can say', () => {
  expect(durationText(Number.POSITIVE_INFINITY)).toBe('P10675199DT2H48M5.4775807S');
});

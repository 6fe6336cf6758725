import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ServiceBusAdministrationClient, ServiceBusClient } from '@azure/service-bus';
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
  const config = configOf({ queues: ['jobs', 'team/jobs', 'tls'], topics: { events: ['all'] }, properties });
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

  test('and is refused when it would change something', async () => {
    await expect(admin.createQueue('more')).rejects.toThrow('only reads');
    await expect(admin.deleteQueue('jobs')).rejects.toThrow('only reads');
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

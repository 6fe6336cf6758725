/** Promise: every field, property and body comes back as it was sent. */

import type { ServiceBusMessage, ServiceBusReceivedMessage } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { bed, destructive, take, takeOne } from './bed.ts';

const the = bed({
  queues: ['fields', 'bodies', 'no-id', 'forms', 'batch', 'oversize', 'large', 'raw'],
  properties: { DefaultMessageTimeToLive: 'PT1H' },
});

const drain = (queue: string) => the().client.createReceiver(queue, destructive());

test('every field and every kind of property comes back', async () => {
  const date = new Date('2026-11-24T02:00:00.123Z');
  const sent: ServiceBusMessage = {
    body: { cart: 'c' },
    messageId: 'm1',
    subject: 'subject',
    correlationId: 'correlation',
    to: 'to',
    replyTo: 'reply',
    replyToSessionId: 'reply session',
    sessionId: 'no session queue',
    contentType: 'application/json',
    partitionKey: 'no session queue',
    timeToLive: 60_000,
    applicationProperties: {
      text: 'ö "quoted"',
      empty: '',
      whole: 7,
      negative: -7,
      large: 2 ** 40,
      fraction: 0.5,
      yes: true,
      no: false,
      nothing: null,
      date,
    },
  };
  const before = Date.now();
  await the().client.createSender('fields').sendMessages(sent);
  const message = await takeOne(drain('fields'));
  // The client itself turns dates of properties into numbers when it receives them.
  const applicationProperties = { ...sent.applicationProperties, date: date.getTime() };
  expect(message).toMatchObject({ ...sent, applicationProperties });
  expect(message.deliveryCount).toBe(0);
  expect(message.state).toBe('active');
  const enqueued = message.enqueuedTimeUtc?.getTime() ?? 0;
  expect(enqueued).toBeGreaterThanOrEqual(before);
  expect(message.expiresAtUtc?.getTime()).toBe(enqueued + 60_000);
});

test("the entity's time to live counts where the message has none", async () => {
  await the().client.createSender('fields').sendMessages({ body: 1 });
  expect((await takeOne(drain('fields'))).timeToLive).toBe(3_600_000);
});

test('bodies of every kind come back as they were', async () => {
  const bytes = Buffer.from([0, 1, 254, 255]);
  const bodies: readonly (ServiceBusMessage | ServiceBusReceivedMessage['_rawAmqpMessage'])[] = [
    { body: { a: [1, 'two', null] } },
    { body: 'text' },
    { body: bytes },
    { body: Buffer.alloc(0) },
    { bodyType: 'value', body: { n: 5 } },
    { bodyType: 'sequence', body: [1, 'two'] },
    { bodyType: 'data', body: bytes },
    { body: null },
  ];
  const sender = the().client.createSender('bodies');
  for (const body of bodies) await sender.sendMessages(body);
  const messages = await take(drain('bodies'), bodies.length);
  expect(messages.map(({ body }) => body)).toEqual(bodies.map(({ body }) => body));
  expect(messages.map(({ _rawAmqpMessage }) => _rawAmqpMessage.bodyType)).toEqual([
    'data',
    'data',
    'data',
    'data',
    'value',
    'sequence',
    'data',
    'data',
  ]);
});

test('a message without an id gets one, and keeps it', async () => {
  const { client } = the();
  await client.createSender('no-id').sendMessages([{ body: 1 }, { body: 2, messageId: 'mine' }]);
  const receiver = client.createReceiver('no-id');
  const [first, second] = await take(receiver, 2);
  expect(first?.messageId).toMatch(/^[0-9a-f]{32}$/);
  expect(second?.messageId).toBe('mine');
  expect((await receiver.peekMessages(1)).map(({ messageId }) => messageId)).toEqual([first?.messageId]);
  await receiver.close();
});

test('a message, an array, a batch, a batch of one and an empty one', async () => {
  const { client, broker } = the();
  const sender = client.createSender('forms');
  const before = { ...broker.operations };
  await sender.sendMessages({ body: 'single' });
  await sender.sendMessages([{ body: 'array 1' }, { body: 'array 2' }]);
  const one = await sender.createMessageBatch();
  one.tryAddMessage({ body: 'batch of one', applicationProperties: { own: 1 } });
  await sender.sendMessages(one);
  await sender.sendMessages(await sender.createMessageBatch());
  await sender.sendMessages([]);
  const messages = await take(drain('forms'), 4);
  expect(messages.map(({ body }) => body)).toEqual(['single', 'array 1', 'array 2', 'batch of one']);
  expect(messages[3]?.applicationProperties).toEqual({ own: 1 });
  expect(messages.map(({ sequenceNumber }) => sequenceNumber?.toNumber())).toEqual([1, 2, 3, 4]);
  expect(broker.operations.received - before.received).toBe(4);
  expect(broker.entity('forms').counts().active).toBe(0);
});

test('a batch ends where the broker would refuse it', async () => {
  const sender = the().client.createSender('batch');
  const batch = await sender.createMessageBatch();
  expect(batch.maxSizeInBytes).toBe(262_144);
  let added = 0;
  while (batch.tryAddMessage({ body: Buffer.alloc(10_000) })) added += 1;
  expect(added).toBeGreaterThan(20);
  await sender.sendMessages(batch);
  expect(await take(drain('batch'), added)).toHaveLength(added);
});

test('a message beyond the limit is refused, and the next one taken', async () => {
  const sender = the().client.createSender('oversize');
  await expect(sender.sendMessages({ body: Buffer.alloc(262_144) })).rejects.toMatchObject({
    code: 'MessageSizeExceeded',
  });
  await sender.sendMessages({ body: 'small' });
  expect((await takeOne(drain('oversize'))).body).toBe('small');
});

test('large messages come whole', async () => {
  const { client } = the();
  const body = Buffer.alloc(250_000, 'ab');
  const sender = client.createSender('large');
  await Promise.all(Array.from({ length: 8 }, () => sender.sendMessages({ body })));
  const messages = await take(drain('large'), 8);
  for (const message of messages) expect(body.equals(message.body)).toBe(true);
});

test("a message is looked at in the broker's process", async () => {
  const { client, broker } = the();
  await client
    .createSender('raw')
    .sendMessages({ messageId: 'm1', body: Buffer.from('{ }'), applicationProperties: { ticket: '7' } });
  expect(broker.entity('raw').messages()).toEqual([
    {
      messageId: 'm1',
      sequenceNumber: 1,
      deliveryCount: 0,
      place: 'ready',
      until: undefined,
      applicationProperties: { ticket: '7' },
      body: Buffer.from('{ }'),
    },
  ]);
});

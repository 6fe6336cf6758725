/** Promise: locks, schedules, delivery counts and times to live end when Service Bus ends them. */

import { expect, test } from 'vitest';
import { bed, destructive, manualClock, numberOf, peekLock, take, takeNothing, takeOne } from './bed.ts';

const clock = manualClock();
const the = bed({
  queues: [
    'lock',
    'renew',
    'max',
    'deferred',
    'lost',
    'schedule',
    'annotation',
    'past',
    'cancel',
    'states',
    'pages',
  ],
  topics: { events: ['one', 'two'], short: ['own'] },
  properties: { LockDuration: 'PT30S', MaxDeliveryCount: 3 },
  clock,
});
const lives = bed({
  queues: ['own', 'entity', 'locked'],
  topics: { short: ['own'] },
  topicProperties: { DefaultMessageTimeToLive: 'PT20S' },
  properties: {
    LockDuration: 'PT30S',
    DefaultMessageTimeToLive: 'PT60S',
    DeadLetteringOnMessageExpiration: true,
  },
  clock,
});

const lost = { code: 'MessageLockLost' };
const missing = { code: 'MessageNotFound' };
const inMs = (ms: number) => new Date(clock.now() + ms);

test('a lock ends, and the message comes again with another token', async () => {
  const { client, broker } = the();
  await client.createSender('lock').sendMessages({ body: 1 });
  const receiver = client.createReceiver('lock', peekLock);
  const first = await takeOne(receiver);
  expect(first.lockedUntilUtc?.getTime()).toBe(clock.now() + 30_000);
  clock.advance(29_999);
  expect(broker.entity('lock').counts()).toMatchObject({ active: 0, locked: 1 });
  clock.advance(1);
  expect(broker.entity('lock').counts()).toMatchObject({ active: 1, locked: 0 });
  await expect(receiver.completeMessage(first)).rejects.toMatchObject(lost);
  const second = await takeOne(receiver);
  expect(second).toMatchObject({ deliveryCount: 1, sequenceNumber: first.sequenceNumber, body: 1 });
  expect(second.lockToken).not.toBe(first.lockToken);
  await receiver.completeMessage(second);
});

test('a renewed lock lasts, a lost one is not renewed', async () => {
  const { client, broker } = the();
  await client.createSender('renew').sendMessages({ body: 1 });
  const receiver = client.createReceiver('renew', peekLock);
  const message = await takeOne(receiver);
  for (let round = 0; round < 3; round += 1) {
    clock.advance(20_000);
    const until = await receiver.renewMessageLock(message);
    expect(until.getTime()).toBe(clock.now() + 30_000);
  }
  clock.advance(30_000);
  expect(broker.entity('renew').counts()).toMatchObject({ active: 1, locked: 0 });
  await expect(receiver.renewMessageLock(message)).rejects.toMatchObject(lost);
});

test('lost locks count as deliveries', async () => {
  const { client, broker } = the();
  await client.createSender('max').sendMessages({ messageId: 'm', body: 1 });
  const receiver = client.createReceiver('max', peekLock);
  for (const count of [0, 1, 2]) {
    expect((await takeOne(receiver)).deliveryCount).toBe(count);
    expect(broker.loseLocks('max', 'other')).toBe(0);
    expect(broker.loseLocks('max', 'm')).toBe(1);
  }
  expect(broker.entity('max').deadLetters()).toMatchObject([
    { messageId: 'm', applicationProperties: { DeadLetterReason: 'MaxDeliveryCountExceeded' } },
  ]);
});

test('a deferred message whose lock ends is deferred again', async () => {
  const { client, broker } = the();
  await client.createSender('deferred').sendMessages({ body: 1 });
  const receiver = client.createReceiver('deferred', peekLock);
  const message = await takeOne(receiver);
  await receiver.deferMessage(message);
  await receiver.receiveDeferredMessages(numberOf(message));
  expect(broker.entity('deferred').counts()).toMatchObject({ locked: 1, deferred: 0 });
  clock.advance(30_000);
  expect(broker.entity('deferred').counts()).toMatchObject({ active: 0, locked: 0, deferred: 1 });
});

test('a scheduled message waits for its time, and is enqueued then under a new number', async () => {
  const { client, broker } = the();
  const sender = client.createSender('schedule');
  const [number] = await sender.scheduleMessages({ body: 'later' }, inMs(60_000));
  await sender.sendMessages({ body: 'now' });
  const receiver = client.createReceiver('schedule', destructive());
  expect((await takeOne(receiver)).body).toBe('now');
  clock.advance(59_999);
  expect(await takeNothing(receiver)).toEqual([]);
  expect(broker.entity('schedule').counts()).toMatchObject({ active: 0, scheduled: 1 });
  clock.advance(1);
  const message = await takeOne(receiver);
  expect(message).toMatchObject({ body: 'later', enqueuedTimeUtc: new Date(clock.now()) });
  expect(numberOf(message).toNumber()).toBeGreaterThan(number?.toNumber() ?? Number.NaN);
});

test('the time may stand in the message', async () => {
  const { client, broker } = the();
  const scheduledEnqueueTimeUtc = inMs(5_000);
  await client.createSender('annotation').sendMessages([{ body: 1, scheduledEnqueueTimeUtc }, { body: 2 }]);
  expect(broker.entity('annotation').counts()).toMatchObject({ active: 1, scheduled: 1 });
  clock.advance(5_000);
  const messages = await take(client.createReceiver('annotation', destructive()), 2);
  expect(messages.map(({ body }) => body)).toEqual([2, 1]);
  expect(messages[1]?.scheduledEnqueueTimeUtc).toEqual(scheduledEnqueueTimeUtc);
});

test('a time in the past is now', async () => {
  const { client } = the();
  await client.createSender('past').scheduleMessages([{ body: 1 }, { body: 2 }], inMs(-1));
  expect(await take(client.createReceiver('past', destructive()), 2)).toHaveLength(2);
});

test('a scheduled message is cancelled once', async () => {
  const { client, broker } = the();
  const sender = client.createSender('cancel');
  const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }, { body: 3 }], inMs(1_000));
  const [first, ...others] = numbers;
  if (first === undefined) throw new Error('no numbers');
  await sender.cancelScheduledMessages(others);
  await expect(sender.cancelScheduledMessages(others)).rejects.toMatchObject(missing);
  expect(broker.entity('cancel').counts().scheduled).toBe(1);
  clock.advance(1_000);
  expect((await takeOne(client.createReceiver('cancel', destructive()))).body).toBe(1);
  await expect(sender.cancelScheduledMessages(first)).rejects.toMatchObject(missing);
});

test('a topic schedules and cancels for all its subscriptions', async () => {
  const { client, broker } = the();
  const sender = client.createSender('events');
  const [kept, dropped] = await sender.scheduleMessages([{ body: 'kept' }, { body: 'dropped' }], inMs(1_000));
  if (kept === undefined || dropped === undefined) throw new Error('no numbers');
  await sender.cancelScheduledMessages(dropped);
  await expect(sender.cancelScheduledMessages(dropped)).rejects.toMatchObject(missing);
  expect(broker.entity('events/Subscriptions/one').counts().active).toBe(0);
  clock.advance(1_000);
  for (const subscription of ['one', 'two']) {
    const message = await takeOne(client.createReceiver('events', subscription, destructive()));
    expect(message).toMatchObject({ body: 'kept', enqueuedTimeUtc: new Date(clock.now()) });
    expect(broker.entity(`events/Subscriptions/${subscription}`).counts().active).toBe(0);
  }
});

test('peeking shows every state by number, and locks nothing', async () => {
  const { client, broker } = the();
  const sender = client.createSender('states');
  const receiver = client.createReceiver('states', peekLock);
  expect(await receiver.peekMessages(5)).toEqual([]);
  await sender.sendMessages([{ body: 'locked' }, { body: 'deferred' }, { body: 'active' }]);
  const [, deferred] = await take(receiver, 2);
  if (deferred !== undefined) await receiver.deferMessage(deferred);
  await sender.scheduleMessages({ body: 'scheduled' }, inMs(1_000));
  const peeked = await client.createReceiver('states').peekMessages(10);
  expect(peeked.map(({ body, state }) => [body, state])).toEqual([
    ['locked', 'active'],
    ['deferred', 'deferred'],
    ['active', 'active'],
    ['scheduled', 'scheduled'],
  ]);
  expect(peeked.every(({ lockToken }) => lockToken === undefined)).toBe(true);
  expect(broker.entity('states').counts()).toMatchObject({ locked: 1, deferred: 1, active: 1, scheduled: 1 });
});

test('peeking goes on page by page, or from a number', async () => {
  const { client } = the();
  await client.createSender('pages').sendMessages(Array.from({ length: 5 }, (_, n) => ({ body: n })));
  const receiver = client.createReceiver('pages');
  const pages = [
    await receiver.peekMessages(2),
    await receiver.peekMessages(2),
    await receiver.peekMessages(2),
  ];
  expect(pages.map((page) => page.map(({ body }) => body))).toEqual([[0, 1], [2, 3], [4]]);
  expect(await receiver.peekMessages(2)).toEqual([]);
  const [third] = pages[1] ?? [];
  if (third === undefined) throw new Error('no third message');
  const again = await receiver.peekMessages(9, { fromSequenceNumber: numberOf(third) });
  expect(again.map(({ body }) => body)).toEqual([2, 3, 4]);
});

test('a message lives as long as it says, or its entity if that is shorter', async () => {
  const { client, broker } = lives();
  await client.createSender('own').sendMessages([
    { messageId: 'short', body: 1, timeToLive: 10_000 },
    { messageId: 'long', body: 2, timeToLive: 3_600_000 },
  ]);
  const dead = () => broker.entity('own').deadLetters();
  clock.advance(9_999);
  expect(dead()).toEqual([]);
  clock.advance(1);
  expect(dead()).toMatchObject([
    { messageId: 'short', applicationProperties: { DeadLetterReason: 'TTLExpiredException' } },
  ]);
  clock.advance(50_000);
  expect(dead().map(({ messageId }) => messageId)).toEqual(['short', 'long']);
  clock.advance(3_600_000);
  expect(dead()).toHaveLength(2);
});

test('without dead-lettering on expiration a message vanishes', async () => {
  const { client, broker } = the();
  await client.createSender('short').sendMessages({ body: 1, timeToLive: 1_000 });
  const subscription = broker.entity('short/Subscriptions/own');
  expect(subscription.counts().active).toBe(1);
  clock.advance(1_000);
  expect(subscription.counts()).toMatchObject({ active: 0, deadLettered: 0 });
});

test('the life of a copy is the shorter one of topic and subscription', async () => {
  const { client, broker } = lives();
  await client.createSender('short').sendMessages({ body: 1 });
  const subscription = broker.entity('short/Subscriptions/own');
  clock.advance(19_999);
  expect(subscription.counts().active).toBe(1);
  clock.advance(1);
  expect(subscription.counts()).toMatchObject({ active: 0, deadLettered: 1 });
});

test('a message whose time ends under lock can be completed, and ends when it is unlocked', async () => {
  const { client, broker } = lives();
  await client.createSender('locked').sendMessages([
    { messageId: 'done', body: 1, timeToLive: 1_000 },
    { messageId: 'back', body: 2, timeToLive: 1_000 },
  ]);
  const receiver = client.createReceiver('locked', peekLock);
  const [done, back] = await take(receiver, 2);
  clock.advance(2_000);
  if (done !== undefined) await receiver.completeMessage(done);
  expect(broker.entity('locked').counts()).toMatchObject({ locked: 1, deadLettered: 0 });
  if (back !== undefined) await receiver.abandonMessage(back);
  expect(
    broker
      .entity('locked')
      .deadLetters()
      .map(({ messageId }) => messageId),
  ).toEqual(['back']);
});

test('a scheduled message begins to live when its time comes', async () => {
  const { client, broker } = lives();
  await client.createSender('entity').scheduleMessages({ body: 1 }, inMs(300_000));
  clock.advance(300_000);
  expect(broker.entity('entity').counts().active).toBe(1);
  clock.advance(60_000);
  expect(broker.entity('entity').counts()).toMatchObject({ active: 0, deadLettered: 1 });
});

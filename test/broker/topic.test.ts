/** Promise: each subscription of a topic has its own copy of each message. */

import rhea from 'rhea';
import { expect, test } from 'vitest';
import { decodeConfig } from '../../local/service-bus/config.ts';
import { buildEntities } from '../../local/service-bus/entities.ts';
import { readMessage } from '../../local/service-bus/message.ts';
import { bed, destructive, numberOf, peekLock, take, takeOne } from './bed.ts';
import { configOf } from './config-of.ts';

const the = bed({
  topics: { events: ['one', 'two'], nobody: [], dead: ['one', 'two'] },
  properties: { MaxDeliveryCount: 1 },
});

test('each subscription gets a copy with its own lock and count', async () => {
  const { client } = the();
  await client.createSender('events').sendMessages([{ messageId: 'a', body: 1 }, { body: 2 }]);
  const [one, two] = [
    client.createReceiver('events', 'one', peekLock),
    client.createReceiver('events', 'two', peekLock),
  ];
  const [first, second] = [await take(one, 2), await take(two, 2)];
  expect(first.map(({ body }) => body)).toEqual([1, 2]);
  expect(second.map(({ body, messageId }) => [body, messageId])).toEqual(
    first.map(({ body, messageId }) => [body, messageId]),
  );
  for (const message of first) await one.completeMessage(message);
  for (const message of second) await two.completeMessage(message);
});

test('a copy knows the number that the topic gave it', async () => {
  const { client } = the();
  await client.createSender('events').sendMessages({ body: 3 });
  const message = await takeOne(client.createReceiver('events', 'one', destructive()));
  expect(message.enqueuedSequenceNumber).toBe(3);
  expect(numberOf(message).toNumber()).toBe(3);
});

test('each subscription has its own dead letters', async () => {
  const { client, broker } = the();
  await client.createSender('dead').sendMessages({ messageId: 'd', body: 1 });
  const receiver = client.createReceiver('dead', 'two', peekLock);
  await receiver.abandonMessage(await takeOne(receiver));
  expect(broker.entity('dead/Subscriptions/one').counts()).toMatchObject({ active: 1, deadLettered: 0 });
  const letters = client.createReceiver('dead', 'two', { ...destructive(), subQueueType: 'deadLetter' });
  expect(await takeOne(letters)).toMatchObject({
    messageId: 'd',
    deadLetterReason: 'MaxDeliveryCountExceeded',
  });
});

test('a topic without subscriptions takes messages all the same', async () => {
  await the().client.createSender('nobody').sendMessages({ body: 1 });
});

test('a subscription that is deleted keeps no copy and sets no timer', () => {
  const woken: number[] = [];
  const clock = {
    now: () => 0,
    wakeAt(at: number) {
      woken.push(at);
      return () => {};
    },
  };
  const properties = { DefaultMessageTimeToLive: 'PT1M' };
  const config = decodeConfig(configOf({ topics: { t: ['gone', 'stays'] }, properties }));
  const entities = buildEntities(config, clock, () => {});
  expect(entities.remove('t/Subscriptions/gone')).toEqual([
    't/subscriptions/gone',
    't/subscriptions/gone/$deadletterqueue',
  ]);
  entities.target('t').add(readMessage(rhea.message.encode({ body: 1 })));
  // Of the one that stays.
  expect(woken).toEqual([60_000]);
});

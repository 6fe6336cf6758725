/**
 * Promise: a message is settled in each of the five ways, over each way to settle it, as Service Bus does.
 */

import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { describe, expect, test } from 'vitest';
import { bed, cut, destructive, numberOf, peekLock, take, takeNothing, takeOne } from './bed.ts';

const ways = ['link', 'management'] as const;
const outcomes = ['complete', 'abandon', 'defer', 'dead-letter'] as const;
const queues = ways.flatMap((way) => outcomes.map((outcome) => `${outcome}-${way}`));

const the = bed({
  queues: [
    ...queues,
    'spare',
    'at-once',
    'deleted',
    'mixed',
    'dead',
    'dead-moves',
    'deferred',
    'max',
    'taken',
    'no-reason',
  ],
  properties: { MaxDeliveryCount: 3, LockDuration: 'PT1M' },
});

const lost = { code: 'MessageLockLost' };
const why = { deadLetterReason: 'bad', deadLetterErrorDescription: 'because' };
const nextTick = () => new Promise((resolve) => setImmediate(resolve));

describe.each(ways)('over the %s', (way) => {
  /** A message under lock; over the management node its link is gone. */
  async function locked(queue: string): Promise<{
    receiver: ServiceBusReceiver;
    message: ServiceBusReceivedMessage;
  }> {
    const { client } = the();
    await client
      .createSender(queue)
      .sendMessages({ messageId: queue, body: queue, applicationProperties: { a: 1, b: 'old' } });
    const receiver = client.createReceiver(queue, peekLock);
    const message = await takeOne(receiver);
    if (way === 'management') await cut(the(), 'spare');
    return { receiver, message };
  }

  test('complete', async () => {
    const queue = `complete-${way}`;
    const { receiver, message } = await locked(queue);
    await receiver.completeMessage(message);
    expect(the().broker.entity(queue).counts()).toEqual({
      active: 0,
      locked: 0,
      deferred: 0,
      scheduled: 0,
      deadLettered: 0,
    });
    await expect(receiver.completeMessage(message)).rejects.toThrow();
  });

  test('abandon, with properties', async () => {
    const queue = `abandon-${way}`;
    const { receiver, message } = await locked(queue);
    await receiver.abandonMessage(message, { b: 'new', c: true });
    const again = await takeOne(receiver);
    expect(again.deliveryCount).toBe(1);
    expect(again.sequenceNumber).toEqual(message.sequenceNumber);
    expect(again.lockToken).not.toBe(message.lockToken);
    expect(again.applicationProperties).toEqual({ a: 1, b: 'new', c: true });
    await receiver.completeMessage(again);
  });

  test('defer, with properties', async () => {
    const queue = `defer-${way}`;
    const { receiver, message } = await locked(queue);
    await receiver.deferMessage(message, { b: 'later' });
    expect(await takeNothing(receiver)).toEqual([]);
    expect(the().broker.entity(queue).counts()).toMatchObject({ active: 0, deferred: 1 });
    const [again] = await receiver.receiveDeferredMessages(numberOf(message));
    expect(again).toMatchObject({
      deliveryCount: 1,
      applicationProperties: { a: 1, b: 'later' },
      state: 'deferred',
    });
    if (again !== undefined) await receiver.completeMessage(again);
    expect(the().broker.entity(queue).counts()).toMatchObject({ locked: 0, deferred: 0 });
  });

  test('dead-letter, with reason and properties', async () => {
    const { client, broker } = the();
    const queue = `dead-letter-${way}`;
    const { receiver, message } = await locked(queue);
    await receiver.deadLetterMessage(message, {
      ...why,
      b: 'dead',
    });
    expect(broker.entity(queue).counts()).toMatchObject({ active: 0, locked: 0, deadLettered: 1 });
    const letters = client.createReceiver(queue, { subQueueType: 'deadLetter' });
    const letter = await takeOne(letters);
    expect(letter).toMatchObject({
      ...why,
      deliveryCount: 0,
      messageId: queue,
      body: queue,
      sequenceNumber: message.sequenceNumber,
    });
    expect(letter.applicationProperties).toMatchObject({ a: 1, b: 'dead' });
    await letters.completeMessage(letter);
    expect(broker.entity(queue).counts().deadLettered).toBe(0);
  });
});

test('dead-letter without a reason adds no properties', async () => {
  const { client, broker } = the();
  await client.createSender('no-reason').sendMessages({ body: 1, applicationProperties: { a: 1 } });
  const receiver = client.createReceiver('no-reason', peekLock);
  await receiver.deadLetterMessage(await takeOne(receiver));
  expect(broker.entity('no-reason').deadLetters()[0]?.applicationProperties).toEqual({ a: 1 });
});

test('each of many settled together gets its own answer', async () => {
  const { client, broker } = the();
  await client
    .createSender('mixed')
    .sendMessages(Array.from({ length: 40 }, (_, n) => ({ messageId: `m${n}`, body: n })));
  const receiver = client.createReceiver('mixed', peekLock);
  const messages = await take(receiver, 40);
  for (const n of [7, 19, 20]) expect(broker.loseLocks('mixed', `m${n}`)).toBe(1);
  const answers: Promise<string>[] = [];
  for (const [n, message] of messages.entries()) {
    const answer = n % 4 === 1 ? receiver.deadLetterMessage(message) : receiver.completeMessage(message);
    answers.push(
      answer.then(
        () => 'done',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
      ),
    );
    // The client itself mixes outcomes of one tick up (rhea).
    await nextTick();
  }
  const expected = messages.map((_, n) => ([7, 19, 20].includes(n) ? 'MessageLockLost' : 'done'));
  expect(await Promise.all(answers)).toEqual(expected);
  expect(broker.entity('mixed').counts()).toMatchObject({ active: 3, locked: 0, deadLettered: 10 });
});

test('locks lost among many that are completed at once fail alone', async () => {
  const { client, broker } = the();
  await client
    .createSender('at-once')
    .sendMessages(Array.from({ length: 40 }, (_, n) => ({ messageId: `m${n}`, body: n })));
  const receiver = client.createReceiver('at-once', peekLock);
  const messages = await take(receiver, 40);
  const without = [0, 7, 19, 20, 39];
  for (const n of without) broker.loseLocks('at-once', `m${n}`);
  const answers = await Promise.allSettled(messages.map((message) => receiver.completeMessage(message)));
  expect(answers.flatMap(({ status }, n) => (status === 'rejected' ? n : []))).toEqual(without);
  expect(broker.entity('at-once').counts()).toMatchObject({ active: without.length, locked: 0 });
});

test('the lock token of the link renews at the management node', async () => {
  const { client } = the();
  await client.createSender('taken').sendMessages({ body: 1 });
  const receiver = client.createReceiver('taken', peekLock);
  const message = await takeOne(receiver);
  const before = message.lockedUntilUtc?.getTime() ?? Number.NaN;
  const until = await receiver.renewMessageLock(message);
  expect(until.getTime()).toBeGreaterThanOrEqual(before);
  await receiver.completeMessage(message);
  await expect(receiver.renewMessageLock(message)).rejects.toMatchObject(lost);
});

test('a message is delivered as often as the queue allows, then it is a dead letter', async () => {
  const { client, broker } = the();
  await client.createSender('max').sendMessages({ body: 1 });
  const receiver = client.createReceiver('max', peekLock);
  for (const count of [0, 1, 2]) {
    const message = await takeOne(receiver);
    expect(message.deliveryCount).toBe(count);
    await receiver.abandonMessage(message);
  }
  expect(await takeNothing(receiver)).toEqual([]);
  const letters = client.createReceiver('max', { ...destructive(), subQueueType: 'deadLetter' });
  expect(await takeOne(letters)).toMatchObject({
    deadLetterReason: 'MaxDeliveryCountExceeded',
    deadLetterErrorDescription: 'Message could not be consumed after 3 delivery attempts.',
    deliveryCount: 3,
  });
  expect(broker.entity('max').counts()).toMatchObject({ active: 0, deadLettered: 0 });
});

test('in a dead-letter queue nothing is counted, and nothing dead-lettered', async () => {
  const { client, broker } = the();
  await client.createSender('dead').sendMessages({ body: 1 });
  const receiver = client.createReceiver('dead', peekLock);
  await receiver.deadLetterMessage(await takeOne(receiver), why);
  const letters = client.createReceiver('dead', { ...peekLock, subQueueType: 'deadLetter' });
  for (let round = 0; round < 5; round += 1) {
    const letter = await takeOne(letters);
    expect(letter.deliveryCount).toBe(0);
    await letters.abandonMessage(letter);
  }
  await expect(letters.deadLetterMessage(await takeOne(letters))).rejects.toMatchObject({
    code: 'GeneralError',
  });
  // The client counts it as settled; the broker does not.
  expect(broker.loseLocks('dead/$DeadLetterQueue')).toBe(1);
  const letter = await takeOne(letters);
  await letters.deferMessage(letter);
  expect(await takeNothing(letters)).toEqual([]);
  const [deferred] = await letters.receiveDeferredMessages(numberOf(letter));
  expect(deferred).toMatchObject({ deadLetterReason: 'bad', deliveryCount: 0 });
});

test('dead letters are peeked by number, in whatever order they came', async () => {
  const { client } = the();
  await client.createSender('dead-moves').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  const receiver = client.createReceiver('dead-moves', peekLock);
  const messages = await take(receiver, 3);
  for (const message of messages.toReversed()) await receiver.deadLetterMessage(message);
  const letters = client.createReceiver('dead-moves', { subQueueType: 'deadLetter' });
  expect((await letters.peekMessages(3)).map(({ body }) => body)).toEqual([1, 2, 3]);
});

test('a deferred message goes back to be deferred, and is not there for others', async () => {
  const { client, broker } = the();
  await client.createSender('deferred').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver('deferred', peekLock);
  const [first, second] = await take(receiver, 2);
  if (first?.sequenceNumber === undefined || second?.sequenceNumber === undefined)
    throw new Error('no number');
  await receiver.deferMessage(first);
  for (const count of [1, 2, 3, 4]) {
    const [again] = await receiver.receiveDeferredMessages(numberOf(first));
    expect(again?.deliveryCount).toBe(count);
    if (again !== undefined) await receiver.abandonMessage(again);
  }
  const missing = { code: 'MessageNotFound' };
  await expect(receiver.receiveDeferredMessages(numberOf(second))).rejects.toMatchObject(missing);
  const [again] = await receiver.receiveDeferredMessages(numberOf(first));
  await expect(receiver.receiveDeferredMessages(numberOf(first))).rejects.toMatchObject(missing);
  if (again !== undefined) await receiver.deadLetterMessage(again, why);
  expect(broker.entity('deferred').deadLetters()).toMatchObject([
    { applicationProperties: { DeadLetterReason: 'bad' }, place: 'ready' },
  ]);
});

test('a deferred message received to be deleted is gone at once', async () => {
  const { client, broker } = the();
  await client.createSender('deleted').sendMessages({ body: 'kept for later' });
  const receiver = client.createReceiver('deleted', peekLock);
  const message = await takeOne(receiver);
  await receiver.deferMessage(message);
  const deleting = client.createReceiver('deleted', destructive());
  const [again] = await deleting.receiveDeferredMessages(numberOf(message));
  expect(again).toMatchObject({ body: 'kept for later', deliveryCount: 1 });
  expect(broker.entity('deleted').messages()).toEqual([]);
});

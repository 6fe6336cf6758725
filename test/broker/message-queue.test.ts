/** Promise: the broker's queue does what the rules of Service Bus say, whatever the order of events. */

import fc from 'fast-check';
import rhea from 'rhea';
import { expect, test } from 'vitest';
import { AmqpError } from '../../local/service-bus/errors.ts';
import { readMessage } from '../../local/service-bus/message.ts';
import { createMessageQueue, type Handed, type MessageQueue } from '../../local/service-bus/message-queue.ts';
import { section, types } from '../../local/service-bus/typed.ts';
import { manualClock } from './bed.ts';

/**
 * The queue beside a model of it that knows no heaps, alarms or indexes: a list, searched from the front, and every rule
 * of locks, counts and times applied message by message. Random commands; both must agree after each.
 */
const lockDuration = 10;
const maxDeliveryCount = 3;
const never = Number.POSITIVE_INFINITY;

interface Modelled {
  readonly id: string;
  number: number;
  place: 'ready' | 'locked' | 'deferred' | 'scheduled' | 'gone' | 'dead';
  count: number;
  until: number;
  expiresAt: number;
  readonly timeToLive: number;
  wasDeferred: boolean;
  token: Buffer | undefined;
}

const settlements = ['complete', 'abandon', 'defer', 'dead-letter', 'renew', 'release'] as const;
type Settlement = (typeof settlements)[number];

function createModel(now: () => number) {
  const messages: Modelled[] = [];
  let next = 1;
  const inOrder = () => messages.toSorted((a, b) => a.number - b.number);
  function giveBack(message: Modelled): void {
    message.count += 1;
    putBack(message);
  }
  function putBack(message: Modelled): void {
    message.token = undefined;
    if (message.wasDeferred) message.place = 'deferred';
    else if (message.count >= maxDeliveryCount) message.place = 'dead';
    else message.place = message.expiresAt <= now() ? 'dead' : 'ready';
  }
  function passOne(message: Modelled, at: number): void {
    if (message.place === 'scheduled' && message.until === at)
      Object.assign(message, { place: 'ready', number: next++, expiresAt: at + message.timeToLive });
    if (message.place === 'locked' && message.until === at) giveBack(message);
    if (message.place === 'ready' && message.expiresAt === at) message.place = 'dead';
  }
  return {
    add(id: string, timeToLive: number, delay: number): void {
      const place = delay > 0 ? 'scheduled' : 'ready';
      const [until, expiresAt] = [now() + delay, now() + timeToLive];
      const number = next++;
      const fresh = {
        id,
        number,
        place,
        count: 0,
        until,
        expiresAt,
        timeToLive,
        wasDeferred: false,
      } as const;
      messages.push({ ...fresh, token: undefined });
    },
    /** What has happened by itself since `from`: one thing after the other, by its time. */
    pass(from: number): void {
      for (let at = from + 1; at <= now(); at += 1) for (const message of inOrder()) passOne(message, at);
    },
    first: () => inOrder().find(({ place }) => place === 'ready'),
    at: (place: Modelled['place'], number: number) =>
      messages.find((message) => message.number === number && message.place === place),
    lock(message: Modelled, token: Buffer): void {
      Object.assign(message, { place: 'locked', token, until: now() + lockDuration });
    },
    /** False: the lock is lost. */
    settle(how: Settlement, token: Buffer): boolean {
      const message = messages.find((held) => held.place === 'locked' && held.token === token);
      if (message === undefined) return false;
      if (how === 'defer') message.wasDeferred = true;
      if (how === 'renew') message.until = now() + lockDuration;
      else if (how === 'complete') message.place = 'gone';
      else if (how === 'dead-letter') message.place = 'dead';
      else if (how === 'release') putBack(message);
      else giveBack(message);
      return true;
    },
    held: () => inOrder().filter(({ place }) => place !== 'gone' && place !== 'dead'),
    dead: () =>
      messages
        .filter(({ place }) => place === 'dead')
        .map(({ id }) => id)
        .toSorted(),
  };
}

function settleIn(queue: MessageQueue, how: Settlement, token: Buffer): void {
  const none = new Map();
  if (how === 'complete') queue.complete(token);
  else if (how === 'abandon') queue.abandon(token, none);
  else if (how === 'defer') queue.defer(token, none);
  else if (how === 'dead-letter') queue.deadLetter(token, {}, none);
  else if (how === 'release') queue.release(token);
  else queue.renew(token);
}

function refused(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (error instanceof AmqpError) return true;
    throw error;
  }
}

const idIn = (bytes: Buffer): unknown => rhea.message.decode(bytes)['message_id'];

const number = fc.integer({ min: 1, max: 25 });
const timeToLive = fc.constantFrom(never, 5, 25);
const delay = fc.constantFrom(0, 0, 0, 3, 12);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), timeToLive, delay }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('next'), destructive: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      how: fc.constantFrom(...settlements),
      which: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('receive-deferred'), number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), number }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 12 }) }),
  },
);

const content = (id: string, timeToLive: number, at: number | undefined) => {
  const header = types.wrap_list(
    Number.isFinite(timeToLive) ? [null, null, types.wrap_uint(timeToLive)] : [],
  );
  const notes = at === undefined ? {} : { 'x-opt-scheduled-enqueue-time': types.wrap_timestamp(at) };
  return readMessage(
    Buffer.concat([
      section(0x70, header),
      section(0x72, types.wrap_symbolic_map(notes)),
      section(0x73, types.wrap_list([types.wrap_string(id)])),
    ]),
  );
};

test('the queue does what its rules say, whatever the order of events', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 40, maxLength: 120 }), (commands) => {
      const clock = manualClock();
      const model = createModel(clock.now);
      const buried: string[] = [];
      const queue = createMessageQueue({
        clock,
        settings: { lockDuration, maxDeliveryCount, timeToLive: never, deadLetterOnExpiration: true },
        bury: (_, { messageId }) => buried.push(messageId),
        onReady: () => {},
      });
      const tokens: Buffer[] = [];
      for (const [index, step] of commands.entries()) {
        switch (step.kind) {
          case 'add': {
            const at = step.delay > 0 ? clock.now() + step.delay : undefined;
            model.add(`m${index}`, step.timeToLive, step.delay);
            queue.add(content(`m${index}`, step.timeToLive, at));
            break;
          }
          case 'advance': {
            const before = clock.now();
            clock.advance(step.ms);
            model.pass(before);
            break;
          }
          case 'next': {
            const handed = queue.next(step.destructive);
            const expected = model.first();
            expect(handed && idIn(handed.bytes)).toBe(expected?.id);
            if (handed === undefined || expected === undefined) break;
            if (!step.destructive) model.lock(expected, handed.token);
            else expected.place = 'gone';
            tokens.push(handed.token);
            break;
          }
          case 'settle': {
            const token = tokens.at(-1 - step.which);
            if (token === undefined) break;
            const done = refused(() => settleIn(queue, step.how, token)) ? undefined : token;
            expect(done).toBe(model.settle(step.how, token) ? token : undefined);
            break;
          }
          case 'receive-deferred': {
            const expected = model.at('deferred', step.number);
            let handed: readonly Handed[] = [];
            const failed = refused(() => {
              handed = queue.receiveDeferred([step.number], false);
            });
            expect(failed).toBe(expected === undefined);
            for (const { bytes, token } of handed) {
              expect(idIn(bytes)).toBe(expected?.id);
              if (expected !== undefined) model.lock(expected, token);
              tokens.push(token);
            }
            break;
          }
          case 'cancel': {
            const expected = model.at('scheduled', step.number);
            expect(refused(() => queue.cancelScheduled([step.number]))).toBe(expected === undefined);
            if (expected !== undefined) expected.place = 'gone';
            break;
          }
        }
        expect(
          queue
            .inspect()
            .map((held) => [held.messageId, held.sequenceNumber, held.place, held.deliveryCount]),
        ).toEqual(model.held().map((held) => [held.id, held.number, held.place, held.count]));
        expect(buried.toSorted()).toEqual(model.dead());
      }
    }),
    { numRuns: 300 },
  );
});

test('messages that are scheduled for one time are enqueued in the order in which they came', () => {
  const clock = manualClock();
  const settings = { lockDuration, maxDeliveryCount, timeToLive: never, deadLetterOnExpiration: false };
  const queue = createMessageQueue({ clock, settings, bury: undefined, onReady: () => {} });
  const ids = Array.from({ length: 50 }, (_, n) => `m${n}`);
  for (const id of ids) queue.add(content(id, never, clock.now() + 5));
  clock.advance(5);
  expect(queue.inspect().map(({ messageId }) => messageId)).toEqual(ids);
});

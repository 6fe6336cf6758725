import { expect, test } from 'vitest';
import type { RejectedMessage } from '../../src/domain/checkout/attention-row.ts';
import { discard, whyNotDiscard } from '../../src/operator/dead-letters/discard.ts';
import { redrive } from '../../src/operator/dead-letters/redrive.ts';
import type { Copy } from '../../src/ports/checkout-queue.ts';
import type { DeadLetter, DeadLetters, TakenLetter } from '../../src/ports/dead-letters.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';
import { seededChance } from '../support/seeded-chance.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const lockMs = 60_000;
const job = { customerId, cartId };
const never = new AbortController().signal;

const letter = (
  sequenceNumber: string,
  body: unknown = job,
  reason = 'MaxDeliveryCountExceeded',
): DeadLetter => ({
  sequenceNumber,
  messageId: 'm',
  enqueuedAt: 7,
  deliveryCount: 10,
  reason,
  description: 'too often',
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  properties: {},
});

/** A dead-letter queue with locks that end, on a clock that the test moves. */
function aQueue(letters: readonly DeadLetter[]) {
  const clock = virtualClock();
  const there = new Map(letters.map((one) => [one.sequenceNumber, one]));
  const lockedUntil = new Map<string, number>();
  const log: string[] = [];
  const take = (one: DeadLetter): TakenLetter => ({
    letter: one,
    async requeue() {
      log.push(`sent ${one.sequenceNumber}`);
      await this.remove();
    },
    async remove() {
      log.push(`removed ${one.sequenceNumber}`);
      there.delete(one.sequenceNumber);
    },
    async release() {
      log.push(`released ${one.sequenceNumber}`);
      lockedUntil.delete(one.sequenceNumber);
    },
  });
  const queue: DeadLetters = {
    queue: 'jobs',
    async *peek() {
      yield* there.values();
    },
    async take(most, waitMs) {
      const free = [...there.values()].filter(
        ({ sequenceNumber }) => (lockedUntil.get(sequenceNumber) ?? 0) <= clock.now(),
      );
      if (free.length === 0) await clock.sleep(waitMs);
      for (const { sequenceNumber } of free.slice(0, most))
        lockedUntil.set(sequenceNumber, clock.now() + lockMs);
      return free.slice(0, most).map(take);
    },
  };
  return { queue, clock, there, log, lockedUntil };
}

const options = { filter: {}, signal: never, lockMs, onProgress: () => {}, onLocked: () => {} };
const requeue = async (taken: TakenLetter) => void (await taken.requeue());

test('each letter is sent before it is removed; those that a killed run had locked are waited for', async () => {
  const { queue, clock, there, log, lockedUntil } = aQueue(['1', '2', '3'].map((number) => letter(number)));
  lockedUntil.set('2', clock.now() + lockMs - 1);
  const waits: number[] = [];
  const result = await clock.until(
    redrive(queue, clock, { ...options, onLocked: (count) => waits.push(count) }, async (taken) => {
      await taken.requeue();
      return undefined;
    }),
  );
  expect(result).toEqual({ done: 3, refused: [], locked: 0, stopped: false });
  expect(there.size).toBe(0);
  expect(waits[0]).toBe(1);
  for (const number of ['1', '2', '3'])
    expect(log.indexOf(`sent ${number}`)).toBeLessThan(log.indexOf(`removed ${number}`));
});

test('what is not wanted is left, and released at the end; so is what is refused, with the reason', async () => {
  const { queue, clock, there, log } = aQueue([
    letter('1'),
    letter('2', job, 'TTLExpiredException'),
    letter('3'),
  ]);
  const filter = { reason: 'MaxDeliveryCountExceeded' };
  const result = await clock.until(
    redrive(queue, clock, { ...options, filter }, async (taken) => {
      if (taken.letter.sequenceNumber === '3') return 'not this one';
      await taken.requeue();
      return undefined;
    }),
  );
  expect(result).toMatchObject({ done: 1, refused: [{ sequenceNumber: '3', why: 'not this one' }] });
  expect([...there.keys()]).toEqual(['2', '3']);
  expect(log).toContain('released 2');
  expect(log).toContain('released 3');
});

test('a send that fails is thrown, and the letter stays', async () => {
  const { queue, clock, there } = aQueue([letter('1')]);
  const failing = redrive(queue, clock, options, async () => {
    throw new Error('no queue');
  });
  await expect(clock.until(failing)).rejects.toThrow('no queue');
  expect(there.size).toBe(1);
});

test('what another run never lets go is told in the end', async () => {
  const { queue, clock, lockedUntil } = aQueue([letter('1')]);
  lockedUntil.set('1', Number.MAX_SAFE_INTEGER);
  const result = await clock.until(
    redrive(queue, clock, options, async (taken) => void (await requeue(taken))),
  );
  expect(result).toMatchObject({ done: 0, locked: 1 });
});

test.each([
  [undefined, true],
  [aRecord({ state: 'waiting' }), true],
  [aRecord({ state: 'unresolved' }), true],
  [aRecord({ state: 'ordered' }), true],
  [aRecord({ state: 'completed' }), false],
  [aRecord({ state: 'failed' }), false],
])('discard is refused for a job that is not final (%#)', (record, refused) => {
  expect(whyNotDiscard(job, record) !== undefined).toBe(refused);
  expect(whyNotDiscard(undefined, record)).toBeUndefined();
});

test.each([
  ['never begun', undefined, { 'checkout-seen': 'nothing', 'checkout-ticket': '1' }],
  [
    'waiting',
    aRecord({ state: 'waiting', ticket: 5 }),
    { 'checkout-seen': 'waiting', 'checkout-ticket': '6' },
  ],
  [
    'left by a dead worker',
    aRecord({ ticket: 2 }),
    { 'checkout-seen': 'submitting', 'checkout-ticket': '3' },
  ],
  ['ordered', aRecord({ state: 'ordered', ticket: 5 }), undefined],
])('discard with give-up of a job %s: the worker is told, and it ends the job', async (_, record, told) => {
  const { queue, clock, there } = aQueue([letter('1')]);
  const sent: Copy[] = [];
  const deps = {
    ledger: { read: async () => (record === undefined ? undefined : { value: record, etag: 'e' }) },
    attention: { reject: async () => {} },
    queue: { send: async (copy: Copy) => void sent.push(copy) },
    clock,
    chance: seededChance(1),
  };
  const [first] = await queue.take(1, 0);
  if (first === undefined) throw new Error('no letter');
  expect(await discard(deps, first, { who: 'ann', giveUp: true })).toBeUndefined();
  expect(there.size).toBe(0);
  expect(sent.map(({ properties }) => properties)).toMatchObject(told === undefined ? [] : [told]);
  expect(sent.every((copy) => Buffer.from(copy.body).toString() === JSON.stringify(job))).toBe(true);
});

test('discard keeps the bytes and the name before it removes; give-up is decided first', async () => {
  const record = aRecord({ state: 'unresolved', ticket: 5 });
  const { queue, clock, there } = aQueue([letter('1'), letter('2', 'no job')]);
  const kept: RejectedMessage[] = [];
  const sent: Copy[] = [];
  const deps = {
    ledger: { read: async () => ({ value: record, etag: 'e' }) },
    attention: { reject: async (message: RejectedMessage) => void kept.push(message) },
    queue: { send: async (copy: Copy) => void sent.push(copy) },
    clock,
    chance: seededChance(1),
  };
  const [first, second] = await queue.take(2, 0);
  if (first === undefined || second === undefined) throw new Error('no letter');
  expect(await discard(deps, first, { who: 'ann', giveUp: false })).toContain('its job is unresolved');
  expect([there.size, kept.length, sent.length]).toEqual([2, 0, 0]);
  expect(await discard(deps, first, { who: 'ann', giveUp: true })).toBeUndefined();
  expect(sent.map(({ properties }) => properties)).toMatchObject([
    { 'checkout-decision': 'give-up', 'checkout-ticket': '6', 'checkout-who': 'ann' },
  ]);
  expect(await discard(deps, second, { who: 'ann', giveUp: false })).toBeUndefined();
  expect(there.size).toBe(0);
  expect(kept.map(({ closedBy, body }) => [closedBy, Buffer.from(body).toString()])).toEqual([
    ['ann', JSON.stringify(job)],
    ['ann', 'no job'],
  ]);
});

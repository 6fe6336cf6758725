/** Promise: a dead letter is sent before it is removed, so that none is lost. */

import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import type { RejectedMessage } from '../../src/domain/checkout/attention-row.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { discard, whyNotDiscard } from '../../src/operator/dead-letters/discard.ts';
import { workThroughLetters } from '../../src/operator/dead-letters/work-through-letters.ts';
import type { CheckoutQueue } from '../../src/ports/checkout-queue.ts';
import {
  aboutLetter,
  type DeadLetter,
  type DeadLetters,
  type TakenLetter,
} from '../../src/ports/dead-letters.ts';
import { asOperator } from '../support/as-operator.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const lockMs = 60_000;
const job = { customerId, cartId };
const jobKey = jobKeyOf(job);
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
    workThroughLetters(
      queue,
      clock,
      { ...options, onLocked: (count) => waits.push(count) },
      async (taken) => {
        await taken.requeue();
        return undefined;
      },
    ),
  );
  expect(result).toEqual({ done: 3, refused: [], locked: 0, interrupted: false });
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
    workThroughLetters(queue, clock, { ...options, filter }, async (taken) => {
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
  const failing = workThroughLetters(queue, clock, options, async () => {
    throw new Error('no queue');
  });
  await expect(clock.until(failing)).rejects.toThrow('no queue');
  expect(there.size).toBe(1);
});

test('what another run never lets go is told in the end', async () => {
  const { queue, clock, lockedUntil } = aQueue([letter('1')]);
  lockedUntil.set('1', Number.MAX_SAFE_INTEGER);
  const result = await clock.until(
    workThroughLetters(queue, clock, options, async (taken) => void (await requeue(taken))),
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

/** The tables behind a discard, in memory and as operators reach them, and queues that keep what is sent. */
function aBed(records: readonly CheckoutRecord[]) {
  const schedule = memoryTable();
  const sent: string[] = [];
  const kept: RejectedMessage[] = [];
  const queue = (name: string): CheckoutQueue => ({
    send: async (messages) => {
      for (const { body } of messages) sent.push(`${name} ${new TextDecoder().decode(body)}`);
    },
  });
  const ledger = ledgerStore(asOperator(memoryTable()));
  const attention = attentionStore(asOperator(memoryTable()));
  const deps = {
    ledger,
    schedule: scheduleStore(asOperator(schedule), () => {}),
    attention: {
      async reject(message: RejectedMessage) {
        await attention.reject(message);
        kept.push(message);
      },
    },
    times: defaultTimes,
    wakeUps: { urgent: queue('urgent'), standard: queue('standard') },
    now: () => 1_000,
    random: seededRandom(1),
  };
  const ready = Promise.all(records.map((record) => ledger.insert(record, 'w')));
  return { deps, sent, kept, ready, entries: () => schedule.all().map(({ key }) => key) };
}

async function oneLetter(dead: DeadLetter) {
  const { queue, there } = aQueue([dead]);
  const [taken] = await queue.take(1, 0);
  if (taken === undefined) throw new Error('no letter');
  return { taken, there };
}

const ann = { who: 'ann', giveUp: true, urgent: false };

test.each([
  ['waiting', aRecord({ state: 'waiting', nextTry: 99_000, unfinishedClaims: 5 })],
  ['left by a dead worker', aRecord()],
  ['unresolved', aRecord({ state: 'unresolved' })],
])(
  'discard with give-up of a job %s writes the decision into its record, after its entry',
  async (_, record) => {
    const { deps, sent, kept, ready, entries } = aBed([record]);
    await ready;
    const { taken, there } = await oneLetter(letter('1'));
    expect(await discard(deps, taken, ann)).toBeUndefined();
    expect((await deps.ledger.read(record.jobKey))?.value).toMatchObject({
      state: record.state,
      decision: { decision: 'give-up', who: 'ann' },
      unfinishedClaims: 0,
    });
    expect((await deps.ledger.read(record.jobKey))?.value.nextTry).toBeUndefined();
    // Its safety net, and a wake-up that names it.
    expect(entries()).toHaveLength(1);
    expect(sent).toEqual([`standard {"wake":{"entry":"${entries()[0]}","wakes":1}}`]);
    expect([there.size, kept.length]).toEqual([0, 1]);
    // Killed before the letter was removed: run again, it does not decide twice.
    const again = await oneLetter(letter('1'));
    expect(await discard(deps, again.taken, ann)).toBeUndefined();
    expect(sent).toHaveLength(1);
  },
);

test('discard with give-up of a job that was never begun records that it ended', async () => {
  const { deps, kept, entries } = aBed([]);
  const { taken, there } = await oneLetter(letter('1'));
  expect(await discard(deps, taken, { ...ann, urgent: true })).toBeUndefined();
  expect((await deps.ledger.read(jobKey))?.value).toMatchObject({
    state: 'failed',
    urgent: true,
    reason: { code: 'given-up' },
    body: JSON.stringify(job),
    decisions: [{ decision: 'give-up', who: 'ann' }],
  });
  expect(entries()).toHaveLength(1);
  expect([there.size, kept.length]).toEqual([0, 1]);
});

test('discard is refused with the reason while a worker has the job, and the letter stays', async () => {
  const { deps, sent, kept, ready } = aBed([aRecord({ lease: { id: 'x', until: 5_000 } })]);
  await ready;
  const { taken, there } = await oneLetter(letter('1'));
  expect(await discard(deps, taken, ann)).toContain('a worker has claimed job');
  expect([there.size, kept.length, sent.length]).toEqual([1, 0, 0]);
});

test('discard of a job with its orders only drops the letter', async () => {
  const { deps, sent, ready } = aBed([aRecord({ state: 'ordered' })]);
  await ready;
  const { taken, there } = await oneLetter(letter('1'));
  expect(await discard(deps, taken, ann)).toBeUndefined();
  expect([there.size, sent.length]).toEqual([0, 0]);
});

test('a letter that carries orders the ledger lacks, or is of a newer version, is never dropped', async () => {
  const { deps, kept, ready } = aBed([aRecord({ state: 'completed' })]);
  await ready;
  for (const [properties, why] of [
    [{ 'checkout-redelivered': '1', 'checkout-orders': 'O7' }, 'orders that job'],
    [{ 'checkout-version': '2' }, 'a newer version (2)'],
  ] as const) {
    const { taken, there } = await oneLetter({ ...letter('1'), properties });
    expect(await discard(deps, taken, ann)).toContain(why);
    expect(there.size).toBe(1);
  }
  expect(kept).toEqual([]);
});

test('discard keeps the bytes and the name before it removes; what is no job needs no decision', async () => {
  const { deps, kept, ready } = aBed([aRecord({ state: 'unresolved' })]);
  await ready;
  const first = await oneLetter(letter('1'));
  expect(await discard(deps, first.taken, { ...ann, giveUp: false })).toContain('its job is unresolved');
  expect([first.there.size, kept.length]).toEqual([1, 0]);
  const second = await oneLetter(letter('2', 'no job'));
  expect(await discard(deps, second.taken, { ...ann, giveUp: false })).toBeUndefined();
  expect(kept.map(({ closedBy, body }) => [closedBy, Buffer.from(body).toString()])).toEqual([
    ['ann', 'no job'],
  ]);
});

test('a list says what each letter is: a job, a wake-up of a job, or neither', () => {
  const key = `job:000000000000007:${jobKey}`;
  expect(aboutLetter(letter('1'))).toEqual({ kind: 'job', jobKey });
  expect(aboutLetter(letter('1', { wake: { entry: key, wakes: 1 } }))).toEqual({ kind: 'wake-up', jobKey });
  expect(aboutLetter(letter('1', 'no job'))).toEqual({ kind: 'no-job' });
});

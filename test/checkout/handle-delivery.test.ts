/** Promise: a delivery completes only for a reason of rule R1, on each way that it can take. */

import { beforeEach, describe, expect, test } from 'vitest';
import { finalize, writeBatchRows } from '../../src/checkout/finalize.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import { decodeOrder } from '../../src/domain/answer/decode-order.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { wakeUp } from '../../src/domain/message/delivery.ts';
import type { QueueMessage } from '../../src/domain/message/queue-message.ts';
import { jobEntry } from '../../src/domain/schedule-entry.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { decideJob } from '../../src/operator/jobs/decide-job.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { answered } from '../support/exchanges.ts';
import { oneWorker } from '../support/one-worker.ts';
import { aRecord, cartId, customerId, jobKey, otherCartId } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const start = Date.UTC(2026, 10, 24, 2);
const minute = 60_000;
const hour = 60 * minute;
const order = {
  id: 'O1',
  status: 'completed',
  billingCycle: 'monthly',
  lineItems: [{ offerId: 'o', quantity: 1, termDuration: 'P1M' }],
};
const bought = answered(201, { orders: [order] });

const line = { id: 0, catalogItemId: 'o', quantity: 1, billingCycle: 'monthly', termDuration: 'P1M' };

interface Bed {
  /** What each checkout is answered with; the last one for ever. */
  readonly answers?: readonly (Exchange | (() => Exchange))[];
  /** Of its cart. */
  readonly lineItems?: readonly object[];
  readonly cartStatus?: 'Active' | 'Ordered';
  /** The customer's order list. */
  readonly list?: () => Promise<Exchange>;
}

/** One worker; the test says which of its ports fail. */
function aBed({
  answers = [bought],
  lineItems = [],
  cartStatus = 'Active',
  list = async () => answered(200, { items: [] }),
}: Bed = {}) {
  const clock = leapingClock(start);
  let calls = 0;
  let permits = 0;
  const atCalls: CheckoutRecord[] = [];
  const down = { storage: false, queue: false, events: false, gate: false };
  const api: PartnerCenter = {
    checkout: async (_, __, { mayLeave }) => {
      if (mayLeave?.() === false) throw new Error('a permit of this gate is always good');
      const answer = answers[Math.min(calls, answers.length - 1)] ?? bought;
      calls += 1;
      atCalls.push(await record());
      return typeof answer === 'function' ? answer() : answer;
    },
    cart: async () => answered(200, { id: cartId, status: cartStatus, lineItems }),
    orders: list,
    order: async () => answered(200, order),
  };
  const base = oneWorker(api, clock);
  const unless = <A extends readonly unknown[], R>(
    what: keyof typeof down,
    work: (...args: A) => Promise<R>,
  ) => {
    return async (...args: A): Promise<R> => {
      if (down[what]) throw new Unavailable(what === 'gate' ? 'storage' : what, `${what} is unavailable`);
      return work(...args);
    };
  };
  const { gate } = base.deps;
  const worker = oneWorker(api, clock, {
    gate: {
      ...gate,
      take: async (...args) => {
        if (down.gate) return { kind: 'closed', until: clock.now() + 15 * minute, reason: 'a pause' };
        permits += 1;
        return gate.take(...args);
      },
      giveBack: () => {
        permits -= 1;
      },
      report: async (report) => {
        permits -= 1;
        return gate.report(report);
      },
    },
  });
  const { deps, stores, tables } = worker;
  Object.assign(stores.ledger, {
    read: unless('storage', stores.ledger.read),
    insert: unless('storage', stores.ledger.insert),
    replace: unless('storage', stores.ledger.replace),
    commit: unless('storage', stores.ledger.commit),
  });
  const handled = {
    ...deps,
    ledger: stores.ledger,
    queue: { send: unless('queue', deps.queue.send) },
    events: { publish: unless('events', deps.events.publish) },
  };
  let sequence = 100;
  const message = (body: Uint8Array, properties: QueueMessage['properties'] = {}): QueueMessage => ({
    body,
    properties,
    messageId: `m${++sequence}`,
    queue: 'standard',
    sequenceNumber: String(sequence),
    deliveryCount: 1,
    enqueuedAt: clock.now(),
  });
  const record = async (): Promise<CheckoutRecord> => {
    const found = await stores.ledger.read(jobKey);
    if (found === undefined) throw new Error('the job has no record');
    return found.value;
  };
  const entries = () =>
    tables.schedule
      .all()
      .filter(({ key }) => key.startsWith('job:'))
      .map(({ key, properties }) => ({ key, dueAt: Number(properties['dueAt']) }));
  return {
    ...worker,
    down,
    calls: () => calls,
    /** The record in the ledger while each call ran. */
    atCalls,
    permits: () => permits,
    record,
    entries,
    attention: () =>
      tables.attention
        .all()
        .filter(({ partition }) => partition === 'job')
        .map(({ properties }) => properties),
    /** A producer's message. */
    produce: (more: object = {}, properties: QueueMessage['properties'] = {}) =>
      handleDelivery(
        handled,
        message(Buffer.from(JSON.stringify({ customerId, cartId, ...more })), properties),
      ),
    /** A wake-up of an entry, which is there. */
    async wake(at: number, wakes = 0, properties: QueueMessage['properties'] = {}) {
      const entry = jobEntry({ jobKey, urgent: false, since: start, state: 'waiting' }, at);
      await stores.schedule.ensure(entry);
      const sent = wakeUp({ key: entry.key, wakes }, 'guid');
      return handleDelivery(handled, message(sent.body, { ...sent.properties, ...properties }));
    },
    /** A record as some earlier run left it. */
    put: (change: Partial<CheckoutRecord>) =>
      stores.ledger.insert(aRecord({ createdAt: start, firstEnqueued: start, ...change }), 'w'),
    deps: handled,
  };
}

let bed: ReturnType<typeof aBed>;
beforeEach(() => {
  bed = aBed();
});

test('a new job: one call, a result, no entry left, every permit used or given back', async () => {
  expect(await bed.produce()).toBe('finalized');
  expect(bed.calls()).toBe(1);
  expect(await bed.record()).toMatchObject({ state: 'completed', unfinishedClaims: 0, unansweredSends: 0 });
  expect(bed.entries()).toEqual([]);
  expect(bed.permits()).toBe(0);
});

describe('the last send is in the ledger before its call leaves', () => {
  const long = start - hour;
  test('of a new job', async () => {
    await bed.produce();
    expect(bed.atCalls).toMatchObject([{ firstSend: start, lastSend: start, unansweredSends: 1 }]);
  });
  test('of a job that waited after an earlier send', async () => {
    await bed.put({ state: 'waiting', firstSend: long, lastSend: long, nextTry: start });
    await bed.wake(start);
    expect(bed.atCalls).toMatchObject([{ firstSend: long, lastSend: start, unansweredSends: 1 }]);
  });
  test('of a repeat; a reconciliation without one leaves it alone', async () => {
    bed = aBed({ lineItems: [line] });
    await bed.put({ state: 'unresolved', firstSend: long, lastSend: start - 1 });
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.calls()).toBe(0);
    expect(await bed.record()).toMatchObject({ lastSend: start - 1 });
    await bed.settle();
    const [atRepeat] = bed.atCalls;
    expect(atRepeat).toMatchObject({ firstSend: long, unansweredSends: 1 });
    expect(atRepeat?.lastSend).toBeGreaterThan(start);
  });
});

describe('the entries of a delivery', () => {
  test('a producer’s message that takes over a known job has one at the end of its lease while it runs', async () => {
    let during: ReturnType<typeof bed.entries> = [];
    bed = aBed({
      answers: [
        () => {
          during = bed.entries();
          return bought;
        },
      ],
    });
    await bed.put({ state: 'waiting' });
    expect(await bed.produce()).toBe('finalized');
    expect(during).toEqual([expect.objectContaining({ dueAt: start + times.lease })]);
    expect(bed.entries()).toEqual([]);
  });
  test('the one of the very time that a reschedule names stays', async () => {
    const throttled = async (entryAt: number) => {
      bed = aBed({ answers: [answered(429, {})] });
      await bed.put({ state: 'waiting' });
      expect(await bed.wake(entryAt)).toBe('entry');
      return (await bed.record()).nextTry ?? 0;
    };
    const nextTry = await throttled(start);
    expect(await throttled(nextTry)).toBe(nextTry);
    expect(bed.entries()).toEqual([expect.objectContaining({ dueAt: nextTry })]);
  });
});

test('whoever finalizes a result late does not overwrite the batch row of a job that a person sent again', async () => {
  const settled = aRecord({ state: 'failed', revision: 2, reached: { final: 2 }, batches: ['night'] });
  const states = () => bed.tables.batches.all().map(({ properties }) => properties['state']);
  await finalize(bed.deps, settled);
  expect(states()).toContain('failed');
  await writeBatchRows(bed.deps, { ...settled, state: 'waiting' }, 'not-newer');
  await finalize(bed.deps, settled);
  expect(states()).toContain('waiting');
});

test('an order that an equal cart records while the list is read stays its own', async () => {
  const listed = { ...order, creationDate: new Date(start - hour + minute).toISOString() };
  const other = aRecord({ cartId: otherCartId, state: 'submitting' });
  bed = aBed({
    lineItems: [line],
    cartStatus: 'Ordered',
    list: async () => {
      const { ledger } = bed.stores;
      const inserted = await ledger.insert(other, 'w1');
      if (inserted.kind !== 'written') throw new Error('the other record was there');
      const decoded = decodeOrder(JSON.stringify(listed));
      if (!decoded.ok) throw new Error(decoded.why);
      await ledger.commit({
        record: { ...other, state: 'completed' },
        etag: inserted.etag,
        orders: [decoded.value],
        writeId: 'w2',
      });
      return answered(200, { totalCount: 1, items: [listed] });
    },
  });
  await bed.put({ state: 'unresolved', firstSend: start - hour, lastSend: start - hour });
  await bed.wake(start);
  // It is never tried on this job: a person is asked at once.
  expect(await bed.record()).toMatchObject({
    state: 'unresolved',
    orders: [],
    attempts: 0,
    asked: { kind: 'needs-decision' },
  });
});

test('what is no job is kept as rejected', async () => {
  expect(await bed.produce({ notafter: 'x' })).toBe('rejected');
});

describe('no permit', () => {
  beforeEach(() => {
    bed.down.gate = true;
  });
  test('a new job is inserted as waiting, with its entry, and nothing counts as sent', async () => {
    expect(await bed.produce()).toBe('entry');
    const record = await bed.record();
    expect(record).toMatchObject({ state: 'waiting', unfinishedClaims: 0, unansweredSends: 0 });
    expect(record.firstSend).toBeUndefined();
    expect(record.lastSend).toBeUndefined();
    expect(bed.entries()).toEqual([expect.objectContaining({ dueAt: record.nextTry })]);
    expect(record.entryOrigin).toBe(record.nextTry);
  });
  test('a producer’s message of a known job makes sure of an entry, and changes nothing', async () => {
    await bed.put({ state: 'waiting' });
    const before = await bed.record();
    expect(await bed.produce({}, { 'checkout-redelivered': '1' })).toBe('entry');
    expect(await bed.record()).toEqual(before);
    expect(bed.entries()).toHaveLength(1);
  });
  test('a wake-up moves its own entry to when the gate wants to be asked again', async () => {
    await bed.put({ state: 'waiting', nextTry: start });
    expect(await bed.wake(start)).toBe('entry');
    const [entry, ...more] = bed.entries();
    expect(more).toEqual([]);
    expect(entry?.key).toContain(String(start));
    expect(entry?.dueAt).toBeGreaterThanOrEqual(start + 15 * minute);
  });
});

describe('leased by another run', () => {
  const until = start + 3 * minute;
  beforeEach(() => bed.put({ state: 'submitting', lease: { id: 'theirs', until } }));
  test('a producer’s message makes sure of an entry at the end of the lease', async () => {
    expect(await bed.produce()).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([until]);
    expect(bed.calls()).toBe(0);
    expect(bed.permits()).toBe(0);
  });
  test('a wake-up moves its own there', async () => {
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([until]);
  });
});

describe('not due', () => {
  test('less than 90 s early it waits in place', async () => {
    await bed.put({ state: 'waiting', nextTry: start + 80_000 });
    expect(await bed.wake(start + 80_000)).toBe('finalized');
    expect(bed.clock.now()).toBeGreaterThanOrEqual(start + 80_000);
  });
  test('a wake-up of an older entry removes it: the record’s own comes later', async () => {
    await bed.put({ state: 'waiting', nextTry: start + hour });
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.entries()).toEqual([]);
  });
  test('a wake-up of the record’s own entry moves it back', async () => {
    await bed.put({ state: 'waiting', nextTry: start + hour });
    expect(await bed.wake(start + hour)).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + hour]);
  });
  test('a producer’s message makes sure of the entry at the next try', async () => {
    await bed.put({ state: 'waiting', nextTry: start + hour });
    expect(await bed.produce()).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + hour]);
  });
});

describe('table storage is unavailable', () => {
  test('a producer’s message is sent again, with a mark', async () => {
    bed.down.storage = true;
    expect(await bed.produce()).toBe('redelivered');
    expect(bed.queue.map(({ message }) => message.properties['checkout-redelivered'])).toEqual(['1']);
    bed.down.storage = false;
    await bed.settle();
    expect(await bed.record()).toMatchObject({ state: 'completed' });
    expect(bed.calls()).toBe(1);
  });
  test('a wake-up with nothing in hand completes: its entry stands', async () => {
    bed.down.storage = true;
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.entries()).toHaveLength(1);
    expect(bed.queue).toEqual([]);
  });
  test('a wake-up with orders in hand is sent again with them', async () => {
    bed.down.storage = true;
    expect(await bed.wake(start, 0, { 'checkout-orders': 'O1' })).toBe('redelivered');
    expect(bed.queue.map(({ message }) => message.properties['checkout-orders'])).toEqual(['O1']);
  });
  test('if the queue fails too, it throws shortly before its lock ends', async () => {
    bed.down.storage = true;
    bed.down.queue = true;
    await expect(bed.produce()).rejects.toThrow('queue is unavailable');
    expect(bed.clock.now()).toBe(start + times.lockRenewed - times.throwDelay);
  });
});

describe('finalizing fails', () => {
  test('a producer’s message makes sure of an entry in a minute', async () => {
    bed.down.events = true;
    expect(await bed.produce()).toBe('entry');
    expect(await bed.record()).toMatchObject({ state: 'completed' });
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + minute]);
  });
  test.each([
    [0, 1],
    [1, 2],
    [3, 8],
    [5, 32],
    [6, 60],
    [50, 60],
  ])(
    'a wake-up that was woken %i times before moves its entry by %i minutes, and writes no other',
    async (wakes, minutes) => {
      await bed.put({ state: 'completed', revision: 1, reached: { final: 1 } });
      bed.down.events = true;
      expect(await bed.wake(start, wakes)).toBe('entry');
      expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + minutes * minute]);
      bed.down.events = false;
      expect(await bed.wake(start, wakes + 1)).toBe('finalized');
      expect(bed.entries()).toEqual([]);
    },
  );
  test('a settled record is finalized by whoever may be the last to know, and by nobody else', async () => {
    await bed.put({ state: 'completed', revision: 1, reached: { final: 1 }, claimedBy: 'standard:1' });
    expect(await bed.produce()).toBe('finalized');
    expect(bed.events).toEqual([]);
    expect(await bed.produce({}, { 'checkout-redelivered': '1' })).toBe('finalized');
    expect(bed.events.length).toBeGreaterThan(0);
  });
});

test.each([
  ['behind', { low: 31_000, high: 33_000 }],
  ['ahead of', { low: -33_000, high: -31_000 }],
])('a worker whose clock is half a minute %s the storage’s claims nothing', async (side, skew) => {
  Object.assign(bed.deps, { clockSkew: () => skew });
  expect(await bed.produce()).toBe('entry');
  expect(bed.calls()).toBe(0);
  expect((await bed.record()).state).toBe('waiting');
  expect(bed.warnings.join()).toContain(`clock is 32 s ${side} the storage's`);
  Object.assign(bed.deps, { clockSkew: () => ({ low: -30_000, high: 30_000 }) });
  await bed.settle();
  expect(await bed.record()).toMatchObject({ state: 'completed' });
});

describe('the crash counters', () => {
  test('the third unfinished claim is put off once by up to ten minutes, then it runs', async () => {
    await bed.put({ state: 'waiting', unfinishedClaims: 2 });
    expect(await bed.wake(start)).toBe('entry');
    const put = await bed.record();
    expect(put).toMatchObject({ state: 'waiting', unfinishedClaims: 2, putOffAt: 3 });
    expect((put.nextTry ?? 0) - start).toBeLessThanOrEqual(times.putOffMax);
    expect(bed.calls()).toBe(0);
    await bed.settle();
    expect(await bed.record()).toMatchObject({ state: 'completed', unfinishedClaims: 0 });
  });
  test.each([
    ['claim', { unfinishedClaims: 5 }],
    ['unanswered send', { unansweredSends: 5 }],
  ])(
    'the sixth %s does not run: a person is asked, and it runs again six hours later',
    async (_, counters) => {
      await bed.put({ state: 'waiting', lastError: 'TypeError: boom', ...counters });
      expect(await bed.wake(start)).toBe('entry');
      expect(bed.calls()).toBe(0);
      expect(await bed.record()).toMatchObject({
        unfinishedClaims: 4,
        unansweredSends: 4,
        asked: { kind: 'needs-decision', code: 'worker-crashed' },
        nextTry: start + times.slowRetry,
      });
      expect(bed.attention()).toEqual([
        expect.objectContaining({
          code: 'worker-crashed',
          open: true,
          description: expect.stringContaining('boom'),
        }),
      ]);
      await bed.settle();
      expect(bed.calls()).toBe(1);
      expect(bed.clock.now()).toBeGreaterThanOrEqual(start + times.slowRetry);
      expect(await bed.record()).toMatchObject({
        state: 'completed',
        unfinishedClaims: 0,
        unansweredSends: 0,
      });
    },
  );
  test('an outcome closes the question, though the job goes on', async () => {
    bed = aBed({ answers: [answered(429, {}), bought] });
    await bed.put({ state: 'waiting', unfinishedClaims: 5 });
    await bed.wake(start);
    bed.clock.leapTo(start + times.slowRetry);
    // Put off once more, as its fifth claim; then it runs and is throttled.
    for (let steps = 0; bed.calls() === 0 && steps < 10; steps += 1) await bed.step();
    const record = await bed.record();
    expect(record).toMatchObject({ state: 'waiting', unfinishedClaims: 0, unansweredSends: 0 });
    expect(record.asked).toBeUndefined();
    expect(bed.attention()).toEqual([expect.objectContaining({ open: false })]);
  });
  test('named orders that crash each run do so six times, then the person is asked again', async () => {
    const decision = { decision: 'orders' as const, who: 'ann', at: start, orderIds: ['O1'] };
    await bed.put({ state: 'unresolved', decision, decisions: [decision], unfinishedClaims: 5 });
    expect(await bed.wake(start)).toBe('entry');
    const record = await bed.record();
    expect(record).toMatchObject({ state: 'unresolved', asked: { code: 'worker-crashed' } });
    expect(record.decision).toBeUndefined();
    expect(record.decisions).toMatchObject([
      { who: 'ann', refused: expect.stringContaining('claimed 5 times') },
    ]);
    expect(record.nextTry).toBe(start + times.slowRetry);
  });
  test('a decision of a person sets both to 0', async () => {
    await bed.put({ state: 'waiting', unfinishedClaims: 5, unansweredSends: 5 });
    await bed.wake(start);
    const decided = await decideJob({ ...bed.deps, now: bed.clock.now }, jobKey, {
      decision: 'retry',
      who: 'ann',
      orderIds: [],
    });
    expect(decided).toMatchObject({ kind: 'decided', record: { unfinishedClaims: 0, unansweredSends: 0 } });
    await bed.settle();
    expect(await bed.record()).toMatchObject({ state: 'completed' });
  });
  test.each([
    ['is counted before it runs', {}, 2],
    ['of a redelivered message is not counted the first time', { 'checkout-redelivered': '1' }, 1],
  ])('a claim %s', async (_, properties, unfinishedClaims) => {
    bed = aBed({
      answers: [
        () => {
          throw new Error('boom');
        },
      ],
    });
    await bed.put({ state: 'waiting', unfinishedClaims: 1 });
    await bed.produce({}, properties);
    expect(await bed.record()).toMatchObject({ unfinishedClaims });
  });
});

describe('a bug', () => {
  test('inside a claim: its text is in the record, the lease is free, the job runs again in five minutes', async () => {
    bed = aBed({
      answers: [
        () => {
          throw new TypeError('boom');
        },
        bought,
      ],
    });
    expect(await bed.produce()).toBe('entry');
    const record = await bed.record();
    expect(record.lastError).toContain('boom');
    expect(record.lease).toBeUndefined();
    expect(record.unfinishedClaims).toBe(1);
    expect(record.nextTry).toBe(start + times.bugRetry);
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + times.bugRetry]);
    expect(bed.permits()).toBeLessThanOrEqual(1);
    // Another entry of the same job, and its producer's second message, do not run it sooner.
    expect(await bed.wake(start + 1)).toBe('entry');
    expect(await bed.produce()).toBe('entry');
    expect(bed.calls()).toBe(1);
  });
  test('outside a claim: a person hears of it, and the job is looked at again in an hour', async () => {
    await bed.put({ state: 'waiting' });
    const { read } = bed.stores.ledger;
    Object.assign(bed.stores.ledger, { read: () => Promise.reject(new TypeError('boom')) });
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.attention()).toEqual([
      expect.objectContaining({
        code: 'worker-crashed',
        open: true,
        description: expect.stringContaining('boom'),
      }),
    ]);
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + hour]);
    Object.assign(bed.stores.ledger, { read });
    await bed.settle();
    expect(await bed.record()).toMatchObject({ state: 'completed' });
  });
});

test('a bug is reported while another run finalizes the job: an entry closes the report afterwards', async () => {
  await bed.put({ state: 'completed', revision: 1, reached: { final: 1 }, batches: ['night'] });
  const { write } = bed.stores.attention;
  Object.assign(bed.stores.attention, {
    // The other run removes the entry between the promise and the report.
    write: async (...row: Parameters<typeof write>) => {
      for (const { partition, key } of bed.tables.schedule.all())
        await bed.tables.schedule.change({ kind: 'remove', partition, key });
      return write(...row);
    },
  });
  const { write: writeBatch } = bed.stores.batches;
  Object.assign(bed.stores.batches, { write: () => Promise.reject(new TypeError('boom')) });
  expect(await bed.wake(start)).toBe('entry');
  Object.assign(bed.stores.attention, { write });
  Object.assign(bed.stores.batches, { write: writeBatch });
  expect(bed.attention()).toEqual([expect.objectContaining({ code: 'worker-crashed', open: true })]);
  await bed.settle();
  expect(bed.attention()).toEqual([expect.objectContaining({ open: false })]);
});

test('a bug is reported between the finalizing of another run and its removal of the entry: the result stands', async () => {
  await bed.put({ state: 'failed', revision: 1 });
  await finalize(bed.deps, await bed.record());
  const { read } = bed.stores.ledger;
  Object.assign(bed.stores.ledger, {
    read: () => {
      Object.assign(bed.stores.ledger, { read });
      return Promise.reject(new TypeError('boom'));
    },
  });
  expect(await bed.wake(start)).toBe('entry');
  // Nothing else would close the report: the other run removes the entry.
  expect(bed.attention()).toEqual([expect.objectContaining({ kind: 'failed', revision: 1, open: true })]);
});

describe('a record that is missing', () => {
  test('the first four wake-ups leave the entry; the fifth asks a person and removes it', async () => {
    for (const wakes of [0, 1, 2, 3]) {
      expect(await bed.wake(start, wakes)).toBe('entry');
      expect(bed.entries()).toHaveLength(1);
      expect(bed.attention()).toEqual([]);
    }
    await bed.wake(start, 4);
    expect(bed.entries()).toEqual([]);
    expect(bed.attention()).toEqual([expect.objectContaining({ code: 'record-missing', open: true })]);
  });
});

describe('a newer version', () => {
  const newer = { 'checkout-version': '2' };
  test('of a message: it is sent again, and kept after an hour', async () => {
    expect(await bed.produce({}, newer)).toBe('redelivered');
    const first = String(start - hour - 1);
    expect(await bed.produce({}, { ...newer, 'checkout-first-enqueued': first })).toBe('rejected');
    expect(bed.calls()).toBe(0);
  });
  test('of a wake-up: its entry moves by five minutes', async () => {
    expect(await bed.wake(start, 0, newer)).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + times.bugRetry]);
  });
  test('of a wake-up with orders in hand: it is sent again with them', async () => {
    expect(await bed.wake(start, 0, { ...newer, 'checkout-orders': 'O1' })).toBe('redelivered');
    const [sent] = bed.queue;
    expect(sent?.message.properties).toMatchObject({ 'checkout-version': '2', 'checkout-orders': 'O1' });
  });
  test('while storage is away: a wake-up completes as its entry stands, a message is sent again', async () => {
    const { moveJobs } = bed.stores.schedule;
    const { reject } = bed.stores.attention;
    const away = () => Promise.reject(new Unavailable('storage', 'storage is unavailable'));
    Object.assign(bed.stores.schedule, { moveJobs: away });
    Object.assign(bed.stores.attention, { reject: away });
    expect(await bed.wake(start, 0, newer)).toBe('entry');
    const first = String(start - hour - 1);
    expect(await bed.produce({}, { ...newer, 'checkout-first-enqueued': first })).toBe('redelivered');
    Object.assign(bed.stores.schedule, { moveJobs });
    Object.assign(bed.stores.attention, { reject });
    expect(bed.entries()).toHaveLength(1);
  });
  test('of a record: nobody acts on it; after an hour a person is asked', async () => {
    await bed.put({ state: 'waiting' });
    const row = bed.tables.checkouts.all().find(({ key }) => key.startsWith('cart:'));
    if (row === undefined) throw new Error('no row');
    bed.tables.checkouts.put({ ...row, properties: { ...row.properties, version: 2 } });
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.entries().map(({ dueAt }) => dueAt)).toEqual([start + times.bugRetry]);
    expect(bed.attention()).toEqual([]);
    bed.clock.leapTo(start + hour + 1);
    expect(await bed.wake(start)).toBe('entry');
    expect(bed.attention()).toEqual([expect.objectContaining({ open: true })]);
    expect(bed.calls()).toBe(0);
  });
});

describe('two messages for one job', () => {
  const iso = (at: number) => new Date(at).toISOString();
  test('the strictest times hold', async () => {
    await bed.produce({ notBefore: iso(start + hour), notAfter: iso(start + 5 * hour) });
    await bed.produce({ notBefore: iso(start + 2 * hour), notAfter: iso(start + 9 * hour) });
    expect((await bed.record()).job).toMatchObject({
      notBefore: start + 2 * hour,
      notAfter: start + 5 * hour,
    });
    await bed.settle();
    expect(bed.calls()).toBe(1);
    expect(bed.clock.now()).toBeGreaterThanOrEqual(start + 2 * hour);
  });
  test('that contradict each other: nothing is bought, and both are named', async () => {
    await bed.produce({ notBefore: iso(start + hour) });
    await bed.produce({ notAfter: iso(start + minute) });
    await bed.settle();
    const { state, reason } = await bed.record();
    expect(bed.calls()).toBe(0);
    expect({ state, code: reason?.code }).toEqual({ state: 'failed', code: 'too-late' });
    expect(reason?.description).toContain('message m101 asks for');
    expect(reason?.description).toContain('message m102 asks for');
  });
  test('a new batch beside a result gets its row', async () => {
    await bed.produce({ batchId: 'one' });
    expect(await bed.produce({ batchId: 'two' })).toBe('finalized');
    expect((await bed.record()).batches).toEqual(['one', 'two']);
    const rows = bed.tables.batches.all().filter(({ key }) => key !== 'summary');
    expect(rows.map(({ partition, properties }) => [partition, properties['state']])).toEqual([
      ['one', 'completed'],
      ['two', 'completed'],
    ]);
    expect(bed.calls()).toBe(1);
  });
});

test('orders in hand of a job that has a result are read and recorded', async () => {
  await bed.put({ state: 'failed', revision: 1, reached: { final: 1 } });
  expect(await bed.produce({}, { 'checkout-redelivered': '1', 'checkout-orders': 'O1' })).toBe('finalized');
  expect(await bed.record()).toMatchObject({ state: 'completed', orders: [{ id: 'O1' }] });
  expect(bed.calls()).toBe(0);
});

test('orders in hand of a job that a person gave up on: nobody knows whether there are more', async () => {
  const reason = { code: 'given-up', description: 'ann gave up', remedy: '', at: start };
  await bed.put({ state: 'failed', gaveUp: true, revision: 1, reached: { final: 1 }, reason });
  expect(await bed.produce({}, { 'checkout-redelivered': '1', 'checkout-orders': 'O1' })).toBe('finalized');
  expect(await bed.record()).toMatchObject({
    state: 'partial',
    failedGroups: [{ group: '*', code: 'given-up' }],
  });
});

test('a reschedule replaces the entry that woke the job: one job has one entry', async () => {
  bed = aBed({ answers: [answered(429, {}), answered(429, {}), answered(429, {}), bought] });
  await bed.produce();
  for (let steps = 0; steps < 20; steps += 1) {
    expect(bed.entries().length).toBeLessThanOrEqual(1);
    await bed.step();
  }
  expect(await bed.record()).toMatchObject({ state: 'completed' });
  expect(bed.entries()).toEqual([]);
});

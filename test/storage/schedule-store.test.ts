/** Promise: an entry is inserted once, moved without being inserted, and found when it is due. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import {
  batchCountEntry,
  type JobEntry,
  type JobEntryFields,
  type JobRange,
  jobEntry,
  type OrderEntry,
  pollEntryKey,
} from '../../src/domain/schedule-entry.ts';
import type { Schedule, WhichJobs } from '../../src/ports/schedule.ts';
import { collect } from '../support/collect.ts';
import { type MemoryTable, memoryTable } from '../support/memory-table.ts';
import { counted, onEachBackend } from './backends.ts';
import { at, jobKey as sampleKey } from './samples.ts';

const never = (key: string, why: string) => {
  throw new Error(`${key}: ${why}`);
};

const newKey = () => jobKeyOf({ customerId: randomUUID(), cartId: randomUUID() });

function entry(origin: number, change: Partial<JobEntryFields> = {}): JobEntry {
  return jobEntry(
    { jobKey: newKey(), urgent: false, since: origin - 5, state: 'waiting', ...change },
    origin,
  );
}

const orderEntry = (dueAt: number, orderId: string = randomUUID()): OrderEntry => ({
  key: pollEntryKey(dueAt, orderId),
  dueAt,
  orderId,
  jobKey: sampleKey,
  since: dueAt - 10,
  polls: 3,
});

/** Each test has an hour of its own, as there is one partition. Beyond 2^31, as times are. */
let hours = Math.floor(at / 3_600_000);
const newHour = () => ++hours * 3_600_000;

/** The entries of this test's hour. */
async function jobsOf(
  store: Schedule,
  hour: number,
  range: JobRange,
  which: WhichJobs,
  now: number,
): Promise<JobEntry[]> {
  return (await collect(store.jobs(range, which, now))).filter(({ origin }) => origin >= hour);
}

onEachBackend('job entries', (tables) => {
  const open = () => scheduleStore(tables().schedule, never);

  test('an entry comes back as it was written, in its own range, due at its time and not before', async () => {
    const store = open();
    const hour = newHour();
    const plain = entry(hour + 10);
    const urgent = entry(hour + 10, { urgent: true, state: 'unresolved', notAfter: hour + 99 });
    await store.ensure(plain);
    await store.ensure(urgent);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 9)).toEqual([]);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 10)).toStrictEqual([plain]);
    expect(await jobsOf(store, hour, 'urgent', 'due', hour + 10)).toStrictEqual([urgent]);
    expect(await store.exists(plain.key)).toBe(true);
    expect(plain.key).toBe(`job:${String(hour + 10).padStart(15, '0')}:${plain.jobKey}`);
    expect(urgent.key).toBe(`urgent:${String(hour + 10).padStart(15, '0')}:${urgent.jobKey}`);
  });

  test('made sure of twice: it stands as it was moved meanwhile', async () => {
    const store = open();
    const hour = newHour();
    const job = entry(hour);
    await store.ensure(job);
    await store.moveJobs([{ key: job.key, dueAt: hour + 60, wakes: 2, wokenAt: hour + 5 }]);
    await store.ensure(job);
    expect(await jobsOf(store, hour, 'standard', 'due', hour)).toEqual([]);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 60)).toStrictEqual([
      { ...job, dueAt: hour + 60, wakes: 2, wokenAt: hour + 5 },
    ]);
  });

  test('a move changes when it is due and what it names, and leaves the rest', async () => {
    const store = open();
    const hour = newHour();
    const job = entry(hour, { notAfter: hour + 7 });
    await store.ensure(job);
    await store.moveJobs([{ key: job.key, dueAt: hour + 1, wakes: 4, wokenAt: hour + 1 }]);
    await store.moveJobs([{ key: job.key, dueAt: hour + 2, wokenAt: 0, state: 'completed' }]);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 2)).toStrictEqual([
      { ...job, dueAt: hour + 2, wakes: 4, wokenAt: 0, state: 'completed' },
    ]);
  });

  test('more moves than a transaction holds; those that are gone stay gone, and the others move', async () => {
    const store = open();
    const hour = newHour();
    const jobs = Array.from({ length: 110 }, (_, n) => entry(hour + n));
    for (const job of jobs) await store.ensure(job);
    const gone = new Set([jobs[0]?.key, jobs[105]?.key]);
    for (const key of gone) await store.remove(key ?? '');
    await store.moveJobs(jobs.map(({ key }) => ({ key, dueAt: hour + 5_000, wakes: 1, wokenAt: hour })));
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 4_999)).toEqual([]);
    const moved = await jobsOf(store, hour, 'standard', 'due', hour + 5_000);
    expect(moved.map(({ key }) => key)).toEqual(jobs.map(({ key }) => key).filter((key) => !gone.has(key)));
    for (const key of gone) expect(await store.exists(key ?? '')).toBe(false);
    await store.moveJobs([{ key: [...gone][0] ?? '', dueAt: hour, wokenAt: 0 }]);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 4_999)).toEqual([]);
    await store.moveJobs([]);
  });

  test('removed, and removed again', async () => {
    const store = open();
    const hour = newHour();
    const job = entry(hour);
    await store.ensure(job);
    await store.remove(job.key);
    await store.remove(job.key);
    expect(await store.exists(job.key)).toBe(false);
    expect(await jobsOf(store, hour, 'standard', 'due', hour)).toEqual([]);
  });

  test.each([['urgent'], ['standard']] as const)(
    '%s: the oldest first; those that need no call; those that were woken',
    async (range) => {
      const store = open();
      const hour = newHour();
      const now = hour + 1_000;
      const urgent = range === 'urgent';
      const make = async (n: number, change: Partial<JobEntryFields> = {}) => {
        const job = entry(hour + n, { urgent, ...change });
        await store.ensure(job);
        return job;
      };
      const second = await make(20);
      const first = await make(10);
      const late = await make(30, { notAfter: now });
      const inTime = await make(40, { notAfter: now + 1 });
      const settled = [
        await make(50, { state: 'ordered' }),
        await make(51, { state: 'completed' }),
        await make(52, { state: 'partial' }),
        await make(53, { state: 'failed' }),
      ];
      await make(1_001, { state: 'failed' });
      const woken = await make(60);
      await store.moveJobs([{ key: woken.key, dueAt: now + 300, wakes: 1, wokenAt: now - 10 }]);
      const wokenLongAgo = await make(61);
      await store.moveJobs([{ key: wokenLongAgo.key, dueAt: now + 300, wakes: 7, wokenAt: now - 500 }]);
      const heard = await make(62);
      await store.moveJobs([{ key: heard.key, dueAt: now + 300, wakes: 1, wokenAt: 0 }]);
      const dueAgain = await make(63);
      await store.moveJobs([{ key: dueAgain.key, dueAt: now, wakes: 1, wokenAt: now - 10 }]);
      const keys = async (which: WhichJobs) =>
        (await jobsOf(store, hour, range, which, now)).map(({ key }) => key);
      expect(await keys('due')).toEqual(
        [first, second, late, inTime, ...settled, dueAgain].map(({ key }) => key),
      );
      expect(await keys('no-call')).toEqual([late, ...settled].map(({ key }) => key));
      expect(await keys({ wokenSince: now - 100 })).toEqual([woken.key]);
      expect(await keys({ wokenSince: now - 501 })).toEqual([woken, wokenLongAgo].map(({ key }) => key));
      const others = await jobsOf(store, hour, urgent ? 'standard' : 'urgent', 'due', now);
      expect(others).toEqual([]);
    },
  );
});

onEachBackend('entries of orders and batches', (tables) => {
  const open = () => scheduleStore(tables().schedule, never);
  const since = async (of: 'orders' | 'batches', from: number, now: number) => {
    const store = open();
    const rows =
      of === 'orders' ? await collect(store.due('orders', now)) : await collect(store.due('batches', now));
    return rows.filter((row) => row.dueAt >= from);
  };

  test('jobs, orders and batches each in a range of their own', async () => {
    const store = open();
    const hour = newHour();
    const batch = batchCountEntry('night 1', hour + 1);
    const order = orderEntry(hour + 1);
    await store.insert([batch, order]);
    await store.ensure(entry(hour + 1));
    await store.ensure(entry(hour + 1, { urgent: true }));
    expect(await since('batches', hour, hour + 10)).toStrictEqual([batch]);
    expect(await since('orders', hour, hour + 10)).toStrictEqual([order]);
    expect(await jobsOf(store, hour, 'standard', 'due', hour + 10)).toHaveLength(1);
    expect(await jobsOf(store, hour, 'urgent', 'due', hour + 10)).toHaveLength(1);
    const later = batchCountEntry('night 1', hour + 50);
    await store.move(batch, later);
    expect(await since('batches', hour, hour + 10)).toEqual([]);
    await store.drop(later);
    expect(await store.exists(later.key)).toBe(false);
  });

  test('entries due by now come oldest first, those later do not', async () => {
    const hour = newHour();
    const rows = [orderEntry(hour + 9), orderEntry(hour + 10), orderEntry(hour), orderEntry(hour + 100)];
    await open().insert(rows);
    expect(await since('orders', hour, hour + 10)).toStrictEqual([rows[2], rows[0], rows[1]]);
  });

  test('inserted twice is there once; none is no request', async () => {
    const store = open();
    const hour = newHour();
    const row = orderEntry(hour);
    await store.insert([row]);
    await store.insert([row, orderEntry(hour + 1)]);
    await store.insert([]);
    expect(await since('orders', hour, hour)).toStrictEqual([row]);
  });

  test('more entries than a transaction holds', async () => {
    const hour = newHour();
    await open().insert(Array.from({ length: 150 }, (_, n) => orderEntry(hour + n)));
    expect(await since('orders', hour, hour + 1_000)).toHaveLength(150);
  });

  test('moved: at the new time, not at the old one, however often', async () => {
    const store = open();
    const hour = newHour();
    const from = orderEntry(hour);
    const to = { ...orderEntry(hour + 60, from.orderId), polls: 4 };
    await store.insert([from]);
    await store.move(from, to);
    await store.move(from, to);
    expect(await since('orders', hour, hour + 60)).toStrictEqual([to]);
    expect(await store.exists(from.key)).toBe(false);
    expect(await store.exists(to.key)).toBe(true);
  });

  test('moved to its own time: still there', async () => {
    const store = open();
    const row = orderEntry(newHour());
    await store.insert([row]);
    await store.move(row, { ...row, polls: 4 });
    expect(await since('orders', row.dueAt, row.dueAt)).toStrictEqual([{ ...row, polls: 4 }]);
  });

  test('moved though another tick took it away: at the new time', async () => {
    const hour = newHour();
    const to = orderEntry(hour + 1);
    await open().move(orderEntry(hour), to);
    expect(await since('orders', hour, hour + 1)).toStrictEqual([to]);
  });

  test('dropped, and dropped again', async () => {
    const store = open();
    const row = orderEntry(newHour());
    await store.insert([row]);
    await store.drop(row);
    await store.drop(row);
    expect(await store.exists(row.key)).toBe(false);
  });
});

test('requests: moves go by the hundred, and one by one only where one of them is gone', async () => {
  const table = counted(memoryTable());
  const store = scheduleStore(table, never);
  const jobs = Array.from({ length: 201 }, (_, n) => entry(at + n));
  for (const job of jobs) await store.ensure(job);
  await store.remove(jobs[100]?.key ?? '');
  table.requests.length = 0;
  await store.moveJobs(jobs.map(({ key }) => ({ key, dueAt: at, wokenAt: at })));
  expect(table.requests).toEqual([
    'transact 100',
    'transact 100',
    ...Array.from({ length: 100 }, () => 'merge'),
    'merge',
  ]);
});

/** A row as a person left it, over one that was written. */
function edit(table: MemoryTable, key: string, properties: Record<string, string | number>): void {
  const row = table.all().find((stored) => stored.key === key);
  table.put({ partition: 'due', key, properties: { ...row?.properties, ...properties } });
}

test('an edited entry of a job wakes it all the same: what cannot be read is read as at once', async () => {
  const table = memoryTable();
  const store = scheduleStore(table, never);
  const job = entry(at);
  await store.ensure(job);
  edit(table, job.key, {
    wakes: 'x',
    wokenAt: -3,
    since: 'long',
    state: 'bought',
    notAfter: 'never',
    more: 1,
  });
  const { notAfter: _, ...rest } = job;
  expect(await collect(store.jobs('standard', 'due', at))).toStrictEqual([
    { ...rest, wakes: 0, wokenAt: 0, since: 0, state: 'unresolved' },
  ]);
});

test('rows whose key names no job are reported, and do not stop the others', async () => {
  const table = memoryTable();
  const reported: string[] = [];
  const store = scheduleStore(table, (key) => reported.push(key));
  const job = entry(at);
  await store.ensure(job);
  const bad = [`job:${'0'.repeat(15)}:nobody`, 'job:0', `job:${String(at).padStart(15, '0')}`];
  for (const key of bad) table.put({ partition: 'due', key, properties: { dueAt: 1 } });
  table.put({ partition: 'due', key: 'urgent:x', properties: {} });
  expect(await collect(store.jobs('standard', 'due', at))).toStrictEqual([job]);
  expect(reported.toSorted()).toEqual(bad.toSorted());
});

test('polls that no record keeps yet go with the entry; nonsense in their place is left out', async () => {
  const table = memoryTable();
  const store = scheduleStore(table, never);
  const poll = {
    what: 'order',
    orderId: 'o',
    at: 1,
    correlationId: 'c',
    end: { ms: 2, status: 503 },
  } as const;
  const row = { ...orderEntry(4), unkept: [poll] };
  await store.insert([row]);
  expect(await collect(store.due('orders', 10))).toStrictEqual([row]);
  for (const unkept of ['{', '[{"what":"sold"}]', 7]) {
    edit(table, row.key, { unkept });
    expect(await collect(store.due('orders', 10))).toStrictEqual([orderEntry(4, row.orderId)]);
  }
});

test('an entry of an order that cannot be read is reported, and does not stop the others', async () => {
  const table = memoryTable();
  const reported: string[] = [];
  const store = scheduleStore(table, (key, why) => reported.push(`${key} ${why}`));
  const put = (key: string, properties: Record<string, string | number>) =>
    table.put({ partition: 'due', key, properties });
  put('000000000000001:a', { dueAt: 1, orderId: 'a' });
  put('000000000000002:b', { jobKey: sampleKey, orderId: 'b', dueAt: 'soon' });
  put('000000000000003:c', { version: 2 });
  put('batch:000000000000001:night', { batchId: 'night' });
  const good = { ...orderEntry(4), since: 4, polls: 0 };
  put(good.key, { jobKey: sampleKey, dueAt: 4, orderId: good.orderId, polls: 'x' });
  expect(await collect(store.due('orders', 10))).toStrictEqual([good]);
  expect(await collect(store.due('batches', 10))).toEqual([]);
  expect(reported).toEqual([
    '000000000000001:a jobKey is missing',
    '000000000000002:b dueAt or orderId is missing',
    '000000000000003:c version 2 is newer than 1, which this program knows',
    'batch:000000000000001:night dueAt is missing',
  ]);
});

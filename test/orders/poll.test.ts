/** Promise: each pending order is polled until it ends, and a person hears of one that lasts too long. */

import { expect, test } from 'vitest';
import { withResult } from '../../src/domain/checkout/apply-result.ts';
import { pollEntryKey } from '../../src/domain/schedule-entry.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { anOrder, aRecord, customerId, jobKey } from '../support/records.ts';
import { minute, pollBed } from './bed.ts';

const hour = 60 * minute;
const other = '0a1b2c3d-0000-4000-8000-000000000001';

/** Polls every minute, as the timer does. */
async function poll(bed: ReturnType<typeof pollBed>, ms: number): Promise<void> {
  const { deps } = bed.instance();
  for (const end = bed.clock.now() + ms; bed.clock.now() < end; await bed.clock.run(minute))
    await bed.clock.until(bed.work(deps));
}

test('a poll that dies after any of its requests leaves one live entry for each pending order, none for the others', async () => {
  let deaths = 0;
  for (let dies = 1; ; dies += 1) {
    const bed = pollBed();
    await bed.clock.until(bed.seed(customerId, ['a', 'b', 'c'], bed.clock.now()));
    bed.truth.set('a', 'completed');
    const dying = bed.instance({ dies });
    void bed.work(dying.deps);
    await bed.clock.run(minute);
    if (dying.requests() < dies) break;
    deaths += 1;
    for (const pending of ['b', 'c']) expect(bed.schedule().get(pending)).toBeGreaterThan(0);
    await poll(bed, hour);
    expect(bed.schedule()).toEqual(
      new Map([
        ['b', 1],
        ['c', 1],
      ]),
    );
    bed.truth.set('b', 'completed').set('c', 'completed');
    await poll(bed, 3 * hour);
    expect(bed.schedule()).toEqual(new Map());
    expect(bed.states()).toEqual(['completed']);
    expect(new Set(bed.events.map(({ id }) => id)).size).toBe(5);
  }
  expect(deaths).toBeGreaterThan(8);
});

test('an entry whose order is not in the record yet stays, and the order is polled when it is', async () => {
  const bed = pollBed();
  const { ledger, schedule } = bed.instance().deps;
  const now = bed.clock.now();
  const [record, orders] = [aRecord({ state: 'submitting' }), [anOrder('late', 'pending')]];
  const entry = { key: pollEntryKey(now, 'late'), dueAt: now, orderId: 'late', jobKey, since: now, polls: 0 };
  await bed.clock.until(schedule.insert([entry]));
  const inserted = await bed.clock.until(ledger.insert(record, 'w1'));
  if (inserted.kind === 'conflict') throw new Error('the record is there already');
  await poll(bed, 5 * minute);
  expect(bed.asked).toEqual([]);
  expect(bed.schedule().get('late')).toBe(1);
  // The transaction that its run still had to write.
  const whole = withResult(record, { orders, failedGroups: [] }, { now, firstPoll: now });
  await bed.clock.until(ledger.commit({ record: whole, etag: inserted.etag, orders, writeId: 'w2' }));
  bed.truth.set('late', 'completed');
  await poll(bed, hour);
  expect(bed.asked.length).toBeGreaterThan(0);
  expect(bed.states()).toEqual(['completed']);
});

test('an order is asked for in growing steps, and only while it is pending', async () => {
  const bed = pollBed();
  const start = bed.clock.now();
  await bed.clock.until(bed.seed(customerId, ['slow'], start + 2 * minute));
  await poll(bed, 24 * hour);
  // 1, 5, 7, 8, 10, 15, 15, 30, 60 min, then 6 h: 9 looks in two and a half hours, 3 or 4 more in the rest of the day.
  expect(bed.asked.length).toBeGreaterThanOrEqual(11);
  expect(bed.asked.length).toBeLessThanOrEqual(13);
});

test('an order pending longer than PENDING_ALARM_HOURS opens one row for a person, is polled on, and closes it', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ['stuck', 'fine'], bed.clock.now()));
  await bed.clock.until(bed.seed(other, ['quick'], bed.clock.now()));
  await poll(bed, 10 * minute);
  bed.truth.set('fine', 'completed').set('quick', 'completed');
  await poll(bed, defaultTimes.pendingAlarm - hour);
  expect(bed.tables.attention.all()).toEqual([]);
  await poll(bed, 9 * hour);
  const rows = bed.questions();
  expect(rows).toEqual([expect.objectContaining({ kind: 'pending-too-long', open: true, customerId })]);
  expect(JSON.stringify(rows)).toContain('24 hours: stuck');
  const asked = bed.asked.length;
  await poll(bed, 13 * hour);
  expect(bed.asked.length).toBeGreaterThan(asked);
  expect(bed.told.filter(({ name }) => name === 'AttentionOpened')).toHaveLength(1);
  bed.truth.set('stuck', 'completed');
  await poll(bed, 7 * hour);
  expect(bed.questions().map(({ open }) => open)).toEqual([false]);
  expect(bed.schedule()).toEqual(new Map());
});

test('an order that nobody can read opens the same row, and is polled on', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ['hidden'], bed.clock.now()));
  bed.truth.delete('hidden');
  await poll(bed, defaultTimes.pendingAlarm + 8 * hour);
  expect(bed.questions().map(({ kind }) => kind)).toEqual(['pending-too-long']);
  expect(bed.schedule().get('hidden')).toBe(1);
});

test('the orders of a customer that alone is throttled are not asked for, and those of others are', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ['mine'], bed.clock.now()));
  await bed.clock.until(bed.seed(other, ['theirs'], bed.clock.now()));
  bed.gate.throttled.add(customerId);
  await bed.clock.until(bed.work(bed.instance().deps));
  expect(bed.asked).toEqual(['theirs']);
  expect(bed.schedule().get('mine')).toBe(1);
});

test('an entry that moves on is the one that its record names: repair writes none beside it', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ['a', 'b', 'c', 'hidden'], bed.clock.now()));
  bed.truth.delete('hidden');
  await poll(bed, 2 * hour);
  bed.gate.throttled.add(customerId);
  await poll(bed, 2 * hour);
  expect(bed.schedule()).toEqual(new Map(['a', 'b', 'c', 'hidden'].map((id) => [id, 1])));
  expect(bed.warnings.filter((warning) => /missing/.test(warning))).toEqual([]);
  // 1, 5, 7, 8, 10, 15, 15, 30 and 60 minutes: an order that cannot be read keeps to its steps too.
  expect(bed.asked.filter((id) => id === 'hidden').length).toBeLessThanOrEqual(9);
});

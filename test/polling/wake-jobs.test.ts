/** Promise: a tick wakes what is due, as far as the gate allows, urgent jobs first. */

import { expect, test } from 'vitest';
import { wakeJobs } from '../../src/polling/wake-jobs.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { minute, pollBed } from '../orders/bed.ts';
import { jobsIn, range } from './jobs.ts';

const other = '0a1b2c3d-0000-4000-8000-000000000001';

function setUp() {
  const bed = pollBed();
  const jobs = jobsIn(bed);
  const { deps } = bed.instance();
  const start = bed.clock.now();
  const wake = (ms = 15_000) => bed.clock.until(wakeJobs(deps, bed.clock.now() + ms));
  return { bed, ...jobs, deps, start, wake };
}

test('as many as two minutes of permits serve with those under way: urgent first, then the oldest', async () => {
  const { bed, add, woken, wake, start, schedule } = setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 30 };
  for (const n of range(0, 80)) await add(n, start - 1_000 + n);
  for (const n of range(100, 105)) await add(n, start - n, { urgent: true });
  const underWay = [await add(201, start - 5_000), await add(202, start - 6_000, { urgent: true })];
  await schedule.moveJobs(
    underWay.map(({ key }) => ({ key, dueAt: start + minute, wakes: 1, wokenAt: start - minute })),
  );
  expect(await wake()).toEqual({ woken: 58, moved: 0 });
  expect(woken()).toEqual([...range(100, 105).reverse(), ...range(0, 53)]);
  await bed.clock.run(minute);
  // Those two are due again, and all others under way: no permit is left for more.
  await schedule.moveJobs(underWay.map(({ key }) => ({ key, dueAt: start + 9 * minute, wokenAt: start })));
  expect(await wake()).toEqual({ woken: 0, moved: 0 });
  // Two deliveries have moved their entries, and one has removed its own.
  const [, , third] = bed.tables.schedule.all().filter(({ key }) => key.startsWith('job:'));
  await schedule.moveJobs(underWay.map(({ key }) => ({ key, dueAt: start + 9 * minute, wokenAt: 0 })));
  await schedule.remove(third?.key ?? '');
  expect(await wake()).toEqual({ woken: 3, moved: 0 });
  expect(woken()).toEqual(range(53, 56));
});

test('jobs in doubt of one customer take half of the permits of a minute, at six calls a job', async () => {
  const { bed, add, woken, wake, start, schedule } = setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 36 };
  const customerId = 'c0000000-0000-4000-8000-000000000009';
  const doubted = [];
  for (const n of range(0, 8)) doubted.push(await add(n, start - 1_000 + n, { state: 'unresolved' }));
  for (const n of range(20, 23)) await add(n, start, { state: 'unresolved', customerId });
  for (const n of range(30, 35)) await add(n, start + n);
  await bed.clock.run(35);
  await wake();
  expect(woken()).toEqual([...range(0, 3), ...range(20, 23), ...range(30, 35)]);
  // Those three are still under way; then two have said something.
  await bed.clock.run(minute);
  await wake();
  expect(woken()).toEqual([]);
  await schedule.remove(doubted[0]?.key ?? '');
  await schedule.remove(doubted[1]?.key ?? '');
  await wake();
  expect(woken()).toEqual([3, 4]);
});

test('at a very low limit one job in doubt of each customer is woken', async () => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 2 };
  await add(1, start - 2, { state: 'unresolved' });
  await add(2, start - 1, { state: 'unresolved' });
  await wake();
  expect(woken()).toEqual([1]);
});

test('urgent jobs are woken by the urgent queue, the others by the other', async () => {
  const { bed, add, woken, wake, start } = setUp();
  await add(1, start);
  await add(2, start, { urgent: true });
  await wake();
  expect(bed.wakeUps.map(({ queue }) => queue)).toEqual(['urgent', 'standard']);
  expect(woken()).toEqual([2, 1]);
});

test('an entry is not woken before it is due', async () => {
  const { bed, add, woken, wake, start } = setUp();
  await add(1, start + minute);
  expect(await wake()).toEqual({ woken: 0, moved: 0 });
  await bed.clock.run(minute);
  await wake();
  expect(woken()).toEqual([1]);
});

test('a wake-up carries its entry and how often it was woken, and the entry is pushed', async () => {
  const { bed, add, entry, wake, start } = setUp();
  const { key } = await add(1, start - 1);
  await wake();
  expect(bed.wakeUps.splice(0).map(({ body }) => JSON.parse(body))).toEqual([
    { wake: { entry: key, wakes: 1 } },
  ]);
  const { wokenAt, dueAt, wakes } = entry(1) ?? {};
  expect([wakes, Number(dueAt) - Number(wokenAt)]).toEqual([1, 5 * minute]);
  expect(wokenAt).toBeGreaterThanOrEqual(start);
});

test('pushed by 5 minutes six times, then by 15, doubling up to 6 hours', async () => {
  const { bed, add, entry, wake, start } = setUp();
  await add(1, start);
  const rests: number[] = [];
  for (const _ of range(0, 14)) {
    await wake();
    const { wokenAt, dueAt } = entry(1) ?? {};
    rests.push((Number(dueAt) - Number(wokenAt)) / minute);
    await bed.clock.run(Number(dueAt) - bed.clock.now());
  }
  expect(rests).toEqual([5, 5, 5, 5, 5, 5, 15, 30, 60, 120, 240, 360, 360, 360]);
  expect(bed.wakeUps).toHaveLength(14);
});

test.each([
  ['closed', { kind: 'closed', until: Number.MAX_SAFE_INTEGER }, []],
  ['on trial', { kind: 'trial' }, [1]],
  ['open, with permits for one', { kind: 'open', permitsPerMinute: 0.5 }, [1]],
  ['open', { kind: 'open', permitsPerMinute: 60 }, range(1, 6)],
] as const)('gate %s: jobs that need no call are woken all the same', async (_, standing, calling) => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = standing;
  for (const n of range(1, 6)) await add(n, start - 100 + n);
  await add(11, start - 50, { state: 'completed' });
  await add(12, start - 50, { state: 'failed', urgent: true });
  await add(13, start - 50, { notAfter: start - 1 });
  await add(14, start - 50, { notAfter: start - 1, urgent: true, state: 'unresolved' });
  await add(15, start + minute, { state: 'completed' });
  await wake();
  const all = woken();
  expect(all.filter((n) => n < 10)).toEqual(calling);
  expect(all.filter((n) => n > 10).toSorted()).toEqual([11, 12, 13, 14]);
});

test('of a thousand jobs that need no call a tick wakes half, and then those that call as ever', async () => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = { kind: 'closed', until: Number.MAX_SAFE_INTEGER };
  for (const n of range(0, 1_000)) await add(n, start - 2_000 + n, { state: 'ordered' });
  expect(await wake()).toEqual({ woken: 500, moved: 0 });
  expect(woken()).toEqual(range(0, 500));
  expect(await wake()).toEqual({ woken: 500, moved: 0 });
  expect(woken()).toEqual(range(500, 1_000));
});

test('on trial exactly one is woken at a time, urgent first, and none of a throttled customer', async () => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = { kind: 'trial' };
  bed.gate.throttled.add(other);
  for (const n of range(1, 6)) await add(n, start - 100);
  await add(10, start - 900, { urgent: true, customerId: other });
  await add(11, start, { urgent: true });
  expect(await wake()).toEqual({ woken: 1, moved: 1 });
  expect(woken()).toEqual([11]);
  expect(await wake()).toEqual({ woken: 1, moved: 0 });
  expect(woken()).toEqual([1]);
});

test('closed, nothing is woken; a gate that opens within the share of wake-ups is waited for, a later one is not', async () => {
  const { bed, add, woken, wake, start, deps } = setUp();
  await add(1, start - 1);
  bed.gate.standing = { kind: 'closed', until: start + 15_001 };
  await wake();
  expect([woken(), bed.clock.now() < start + 1_000]).toEqual([[], true]);
  const opens = bed.clock.now() + 14_990;
  bed.gate.standing = { kind: 'closed', until: opens };
  const waking = wakeJobs(deps, bed.clock.now() + 15_000);
  await bed.clock.run(14_000);
  expect(woken()).toEqual([]);
  bed.gate.standing = { kind: 'open', permitsPerMinute: 60 };
  expect(await bed.clock.until(waking)).toEqual({ woken: 1, moved: 0 });
  expect(bed.clock.now()).toBeGreaterThanOrEqual(opens);
});

test('a gate that opens at the end of the share leaves time for wake-ups', async () => {
  const { bed, add, deps, start } = setUp();
  for (const n of range(0, 250)) await add(n, start - 1_000 + n);
  bed.queues.sendMs = 1_500;
  bed.gate.standing = { kind: 'closed', until: start + 14_990 };
  const waking = wakeJobs(deps, start + 15_000);
  await bed.clock.run(14_000);
  bed.gate.standing = { kind: 'open', permitsPerMinute: 6_000 };
  expect(await bed.clock.until(waking)).toEqual({ woken: 250, moved: 0 });
});

test('entries of a customer that alone is throttled move to the end of that, unsent, and use no permit', async () => {
  const { bed, add, woken, wake, start, entry } = setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 1 };
  bed.gate.throttled.add(other);
  for (const n of range(0, 250)) await add(n, start - 1_000 + n, { customerId: other });
  await add(251, start - 1, { customerId: other, state: 'failed' });
  await add(300, start);
  expect(await wake()).toEqual({ woken: 2, moved: 250 });
  expect(woken()).toEqual([251, 300]);
  const { dueAt, wakes, wokenAt } = entry(7, other) ?? {};
  expect([wakes, wokenAt]).toEqual([0, 0]);
  expect(dueAt).toBeGreaterThanOrEqual(start + minute);
});

test('sent before pushed: a tick that dies in between wakes them once more', async () => {
  const { bed, add, woken, deps, start, wake } = setUp();
  for (const n of range(0, 5)) await add(n, start);
  const moveJobs = () => Promise.reject(new Unavailable('storage', 'no answer'));
  const broken = { ...deps, schedule: { ...deps.schedule, moveJobs } };
  await expect(bed.clock.until(wakeJobs(broken, start + 15_000))).rejects.toThrow('no answer');
  expect(woken()).toEqual(range(0, 5));
  await wake();
  expect(woken()).toEqual(range(0, 5));
});

test.each([
  ['urgent', 'standard'],
  ['standard', 'urgent'],
] as const)(
  'the %s queue fails: the %s one gets all permits, and nothing unsent is pushed',
  async (broken, working) => {
    const { bed, add, wake, start, entry } = setUp();
    bed.gate.standing = { kind: 'open', permitsPerMinute: 60 };
    const urgent = broken === 'urgent';
    for (const n of range(0, 150)) await add(n, start - 1_000 + n, { urgent });
    for (const n of range(200, 310)) await add(n, start - 1_000 + n, { urgent: !urgent });
    bed.queues.failing.add(broken);
    const { failure, ...counts } = await wake();
    expect(counts).toEqual({ woken: 110, moved: 0 });
    expect(failure?.what).toBe('queue');
    expect(bed.wakeUps.map(({ queue }) => queue)).toEqual(range(0, 110).map(() => working));
    expect(entry(0)).toMatchObject({ wakes: 0, dueAt: start - 1_000 });
    expect(entry(200)).toMatchObject({ wakes: 1 });
  },
);

test('on trial with a failing urgent queue the trial goes to another job', async () => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = { kind: 'trial' };
  await add(1, start, { urgent: true });
  await add(2, start);
  bed.queues.failing.add('urgent');
  expect(await wake()).toMatchObject({ woken: 1 });
  expect(woken()).toEqual([2]);
});

test('wake-ups keep to their share of the time, and go on where they stopped', async () => {
  const { bed, add, woken, wake, start } = setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 6_000 };
  for (const n of range(0, 3_000)) await add(n, start - 5_000 + n);
  bed.queues.sendMs = 3_000;
  const before = bed.clock.now();
  const { woken: first } = await wake();
  expect(bed.clock.now() - before).toBeLessThan(15_000 + 2 * 3_100);
  expect(first).toBeGreaterThanOrEqual(400);
  expect(first).toBeLessThanOrEqual(700);
  expect(woken()).toEqual(range(0, first));
  bed.queues.sendMs = 0;
  await wake();
  expect(woken()[0]).toBe(first);
});

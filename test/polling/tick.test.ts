/** Promise: a failure or a slow part of a tick does not stop the others. */

import { expect, test } from 'vitest';
import {
  type BatchCountEntry,
  batchCountEntry,
  type CancellationEntry,
  type OrderEntry,
  type PollEntry,
  type PollKind,
  pollEntryKey,
} from '../../src/domain/schedule-entry.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { runTick, tickNow, tickStarter, workTick } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { minute, pollBed } from '../orders/bed.ts';
import { aRecord, customerId } from '../support/records.ts';
import { cart, jobsIn, range } from './jobs.ts';

const outage = () => new Unavailable('storage', 'no answer');

/** One thing to do for each part of a tick. */
async function setUp() {
  const bed = pollBed();
  const jobs = jobsIn(bed);
  const { deps } = bed.instance();
  const start = bed.clock.now();
  await jobs.add(1, start);
  await jobs.schedule.insert([batchCountEntry('night', start)]);
  await bed.clock.until(bed.seed(customerId, ['order'], start));
  const lost = aRecord({ cartId: cart(9), state: 'waiting', nextTry: start, entryOrigin: start });
  await bed.clock.until(deps.ledger.insert(lost, 'w'));
  const work = async (change: Partial<TickDeps> = {}) =>
    (await bed.clock.until(workTick({ ...deps, ...change }, undefined))).report;
  return { bed, ...jobs, deps, start, work };
}

test('a tick wakes jobs, counts batches, polls orders, reads cancellation dates and repairs, in this order', async () => {
  const { deps, work, woken } = await setUp();
  const order: string[] = [];
  function due(of: 'orders', now: number): AsyncIterable<OrderEntry>;
  function due(of: 'batches', now: number): AsyncIterable<BatchCountEntry>;
  function due(of: 'cancellations', now: number): AsyncIterable<CancellationEntry>;
  function due(of: PollKind, now: number): AsyncIterable<PollEntry> {
    order.push(of);
    switch (of) {
      case 'orders':
        return deps.schedule.due(of, now);
      case 'batches':
        return deps.schedule.due(of, now);
      case 'cancellations':
        return deps.schedule.due(of, now);
    }
  }
  const schedule: TickDeps['schedule'] = {
    ...deps.schedule,
    jobs: (...args) => {
      order.push('jobs');
      return deps.schedule.jobs(...args);
    },
    due,
  };
  const ledgerScan: TickDeps['ledgerScan'] = {
    page: (...args) => {
      order.push('repair');
      return deps.ledgerScan.page(...args);
    },
  };
  expect(await work({ schedule, ledgerScan })).toMatchObject({
    woken: 1,
    moved: 0,
    seen: 2,
    pending: 2,
    failed: 0,
    repaired: 1,
  });
  expect(woken()).toEqual([1]);
  expect([...new Set(order)]).toEqual(['jobs', 'batches', 'orders', 'cancellations', 'repair']);
  // What was repaired is woken by the next tick, and repaired once.
  expect(await work()).toMatchObject({ woken: 1, repaired: 0 });
  expect(woken()).toEqual([9]);
});

const throwing = (error: () => Error): never => {
  throw error();
};

test.each<[string, (deps: TickDeps, error: () => Error) => Partial<TickDeps>, object]>([
  [
    'wake-ups',
    ({ schedule }, error) => ({ schedule: { ...schedule, jobs: () => throwing(error) } }),
    { woken: 0, seen: 2, repaired: 1 },
  ],
  [
    'batches',
    ({ batches }, error) => ({ batches: { ...batches, summary: () => Promise.reject(error()) } }),
    { woken: 1, seen: 2, pending: 1, failed: 1, repaired: 1 },
  ],
  [
    'orders',
    ({ partnerCenter }, error) => ({
      partnerCenter: { ...partnerCenter, order: () => Promise.reject(error()) },
    }),
    { woken: 1, seen: 2, pending: 1, failed: 1, repaired: 1 },
  ],
  [
    'repair',
    (_, error) => ({ ledgerScan: { page: () => Promise.reject(error()) } }),
    { woken: 1, seen: 2, pending: 2, repaired: 0 },
  ],
])('what fails in %s does not stop the other parts', async (part, change, expected) => {
  for (const error of [outage, () => new TypeError('a bug')]) {
    const { bed, deps, work } = await setUp();
    const report = await work(change(deps, error));
    expect(report).toMatchObject(expected);
    expect(report.stopped === 'storage' || report.failed === 1).toBe(true);
    expect(bed.warnings.join('\n')).toContain(
      part === 'wake-ups' || part === 'repair' ? part : 'The poll of entry',
    );
  }
});

test('a queue that accepts nothing is reported, and the other parts go on', async () => {
  const { bed, work } = await setUp();
  bed.queues.failing.add('standard');
  expect(await work()).toMatchObject({ stopped: 'queue', woken: 0, seen: 2, repaired: 1 });
});

test('each part has its own share of the time: slow wake-ups and slow orders leave some to the others', async () => {
  const { bed, add, deps, start, work } = await setUp();
  bed.gate.standing = { kind: 'open', permitsPerMinute: 6_000 };
  bed.queues.sendMs = 4_000;
  for (const n of range(100, 2_100)) await add(n, start - 5_000 + n);
  const ids = range(0, 200).map((n) => `slow-${n}`);
  await bed.clock.until(bed.seed(customerId, ids, bed.clock.now()));
  const slow: TickDeps['partnerCenter'] = {
    ...deps.partnerCenter,
    order: async (...args) => {
      await bed.clock.sleep(5_000);
      return deps.partnerCenter.order(...args);
    },
  };
  const before = bed.clock.now();
  const report = await work({ partnerCenter: slow });
  expect(report).toMatchObject({ stopped: 'time', failed: 0, repaired: 1 });
  expect(report.woken).toBeGreaterThanOrEqual(300);
  expect(report.woken).toBeLessThan(700);
  expect(report.seen).toBeGreaterThan(16);
  expect(bed.clock.now() - before).toBeLessThan(defaultTimes.tickLimit + defaultTimes.readTimeout);
});

test('ticks repair page after page, keep their place over a failure, and begin anew at the end', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const { entry } = jobsIn(bed);
  const start = bed.clock.now();
  for (const n of range(0, 1_200)) {
    const lost = n % 100 === 50 ? { nextTry: start, entryOrigin: start, state: 'waiting' as const } : {};
    const record = aRecord({ cartId: cart(n), state: 'completed', ...lost });
    await bed.clock.until(deps.ledger.insert(record, `w${n}`));
  }
  bed.gate.standing = { kind: 'closed', until: Number.MAX_SAFE_INTEGER };
  const tick = (change: Partial<TickDeps> = {}) => bed.clock.until(runTick({ ...deps, ...change }));
  const repaired: number[] = [];
  repaired.push((await tick()).repaired);
  const failed = await tick({ ledgerScan: { page: () => Promise.reject(outage()) } });
  expect(failed).toMatchObject({ repaired: 0, stopped: 'storage' });
  for (const _ of range(0, 3)) repaired.push((await tick()).repaired);
  expect(repaired).toEqual([5, 5, 2, 0]);
  expect(range(0, 1_200).filter((n) => entry(n) !== undefined)).toHaveLength(12);
});

test('a repair that runs out of time goes on where it stopped', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const start = bed.clock.now();
  for (const n of range(0, 40)) {
    const record = aRecord({ cartId: cart(n), state: 'waiting', nextTry: start, entryOrigin: start });
    await bed.clock.until(deps.ledger.insert(record, `w${n}`));
  }
  bed.gate.standing = { kind: 'closed', until: Number.MAX_SAFE_INTEGER };
  const schedule: TickDeps['schedule'] = {
    ...deps.schedule,
    exists: async (key) => {
      await bed.clock.sleep(3_000);
      return deps.schedule.exists(key);
    },
  };
  const first = await bed.clock.until(runTick({ ...deps, schedule }));
  expect(first.stopped).toBe('time');
  expect(first.repaired).toBeGreaterThan(5);
  expect(first.repaired).toBeLessThan(20);
  const asked: string[] = [];
  const noting: TickDeps['schedule'] = {
    ...deps.schedule,
    exists: (key) => {
      asked.push(key);
      return deps.schedule.exists(key);
    },
  };
  const second = await bed.clock.until(runTick({ ...deps, schedule: noting }));
  expect(second.repaired).toBe(40 - first.repaired);
  // Those before are not looked at again.
  expect(new Set(asked).size).toBe(40 - first.repaired);
});

test('while the gate is closed for an hour, a missing entry is written once', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const { entry } = jobsIn(bed);
  const at = bed.clock.now() - minute;
  const lost = aRecord({ cartId: cart(1), state: 'waiting', nextTry: at, entryOrigin: at });
  await bed.clock.until(deps.ledger.insert(lost, 'w'));
  bed.gate.standing = { kind: 'closed', until: Number.MAX_SAFE_INTEGER };
  let repaired = 0;
  for (const _ of range(0, 60)) {
    repaired += (await bed.clock.until(runTick(deps))).repaired;
    await bed.clock.run(minute);
  }
  expect(repaired).toBe(1);
  expect(bed.tables.schedule.all()).toHaveLength(1);
  expect(entry(1)).toMatchObject({ wakes: 0 });
});

test('an instance starts a tick if none ended within three minutes, at most once in three minutes', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const start = tickStarter(deps);
  const tryNow = () => bed.clock.until(start(bed.clock.now()));
  const ticks = () => bed.told.filter(({ name }) => name === 'PollTick').length;
  // None ever ended.
  expect(await tryNow()).toBe(true);
  expect(ticks()).toBe(1);
  expect(await tryNow()).toBe(false);
  await bed.clock.run(defaultTimes.heartbeatStale - minute);
  expect(await tryNow()).toBe(false);
  await bed.clock.run(minute);
  expect(await tryNow()).toBe(true);
  expect(ticks()).toBe(2);
  // A timer that works leaves nothing to start.
  for (const _ of range(0, 12)) {
    await bed.clock.run(minute);
    await bed.clock.until(runTick(deps));
    expect(await tryNow()).toBe(false);
  }
  expect(ticks()).toBe(14);
});

test('an instance that cannot leave a heartbeat starts no tick more often for it', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const end = () => Promise.reject(outage());
  const start = tickStarter({ ...deps, heartbeats: { ...deps.heartbeats, end } });
  for (const _ of range(0, 16)) {
    await bed.clock.until(start(bed.clock.now()));
    await bed.clock.run(10_000);
  }
  expect(bed.told.filter(({ name }) => name === 'PollTick')).toHaveLength(1);
});

test('an instance starts no tick with less than three minutes of its lock left, and looks again later', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const start = tickStarter(deps);
  const { lockRenewed, heartbeatStale } = defaultTimes;
  const now = bed.clock.now();
  expect(await bed.clock.until(start(now - lockRenewed + heartbeatStale - 1))).toBe(false);
  expect(await bed.clock.until(start(now - lockRenewed + heartbeatStale))).toBe(true);
});

test('two instances that start a tick at once work one after the other, on one tick', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ['a', 'b', 'c'], bed.clock.now()));
  const starts = [bed.instance(), bed.instance()].map(({ deps }) => tickStarter(deps)(bed.clock.now()));
  await bed.clock.until(Promise.all(starts));
  expect(bed.asked.toSorted()).toEqual(['a', 'b', 'c']);
});

test('errors of a tick that an instance starts are logged, and never thrown', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const bug = () => Promise.reject(new TypeError('a bug'));
  const heartbeats = { ...deps.heartbeats, begin: bug };
  expect(await bed.clock.until(tickStarter({ ...deps, heartbeats })(bed.clock.now()))).toBe(false);
  const unread = { ...deps.heartbeats, read: () => Promise.reject(outage()) };
  expect(await bed.clock.until(tickStarter({ ...deps, heartbeats: unread })(bed.clock.now()))).toBe(false);
  await bed.clock.until(tickNow({ ...deps, heartbeats }));
  expect(bed.warnings).toHaveLength(3);
  expect(bed.warnings.every((warning) => /a bug|no answer/.test(warning))).toBe(true);
});

test('whoever opens the gate wakes what waits at once', async () => {
  const { bed, deps, woken, add, start } = await setUp();
  for (const n of range(2, 5)) await add(n, start);
  await bed.clock.until(tickNow(deps));
  expect(woken()).toEqual([1, 2, 3, 4]);
});

test('a heartbeat that cannot be written stops no tick, and one that cannot be read begins none', async () => {
  const { deps, bed, woken } = await setUp();
  const end = () => Promise.reject(outage());
  expect(await bed.clock.until(runTick({ ...deps, heartbeats: { ...deps.heartbeats, end } }))).toMatchObject({
    woken: 1,
  });
  expect(woken()).toEqual([1]);
  const begin = () => Promise.reject(outage());
  expect(
    await bed.clock.until(runTick({ ...deps, heartbeats: { ...deps.heartbeats, begin } })),
  ).toMatchObject({ stopped: 'storage', seen: 0 });
});

/** Counts what a tick asks of its ports, pages included. `closed`: attention rows that are closed; `rows`: closed records and future entries. */
async function operationsOf(rows: number, closed = rows): Promise<Record<string, number>> {
  // Pages as the service has them.
  const bed = pollBed(1_000);
  const { deps } = bed.instance();
  const { add, schedule } = jobsIn(bed);
  const start = bed.clock.now();
  for (const n of range(0, rows)) {
    const cartId = cart(n);
    const settled = aRecord({ cartId, state: n % 3 === 0 ? 'failed' : 'completed', updatedAt: start });
    await bed.clock.until(deps.ledger.insert(settled, `w${n}`));
    await add(n, start + 3_600_000 + n);
  }
  for (const n of range(0, closed))
    bed.tables.attention.put({
      partition: 'job',
      key: aRecord({ cartId: cart(n) }).jobKey,
      properties: { open: false, kind: 'failed' },
    });
  const later = start + 3_600_000;
  await schedule.insert(
    range(0, rows).map((n) => ({
      key: pollEntryKey(later, `later-${n}`),
      dueAt: later,
      orderId: `later-${n}`,
      since: start + n,
      jobKey: aRecord().jobKey,
      polls: 0,
    })),
  );
  await schedule.insert(range(0, rows).map((n) => batchCountEntry(`later ${n}`, later)));
  // Work that is the same in each: a job to wake, an order to poll, an entry to write again.
  await add(rows + 1, start);
  await bed.clock.until(bed.seed(customerId, ['order'], start));
  const counts: Record<string, number> = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const counting = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get(target, member, receiver) {
        const found: unknown = Reflect.get(target, member, receiver);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]) => {
          count(`${name}.${String(member)}`);
          return Reflect.apply(found, target, args);
        };
      },
    });
  bed.seen.onPage = (table) => count(`page of ${table}`);
  const counted: TickDeps = {
    ...deps,
    ledger: counting('ledger', deps.ledger),
    schedule: counting('schedule', deps.schedule),
    attention: counting('attention', deps.attention),
    batches: counting('batches', deps.batches),
    ledgerScan: counting('ledgerScan', deps.ledgerScan),
    heartbeats: counting('heartbeats', deps.heartbeats),
  };
  await bed.clock.until(runTick(counted));
  return counts;
}

test('the requests of a tick are the same with 10, 1,000 and 100,000 closed attention rows', async () => {
  const few = await operationsOf(10);
  expect(few).toMatchObject({ 'schedule.jobs': expect.any(Number), 'ledgerScan.page': 1 });
  // The open rows alone.
  expect(few['page of attention']).toBe(1);
  expect(await operationsOf(10, 1_000)).toEqual(few);
  expect(await operationsOf(10, 100_000)).toEqual(few);
});

test('the requests of a tick do not grow with closed records or entries of the future', async () => {
  const few = await operationsOf(10);
  expect(await operationsOf(1_000)).toEqual(few);
  expect(await operationsOf(10_000)).toEqual(few);
});

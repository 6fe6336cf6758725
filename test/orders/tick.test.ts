/** Promise: one tick runs at a time, and a dead one holds up nobody. */

import { expect, test } from 'vitest';
import { noMemory } from '../../src/domain/fleet-state.ts';
import { nothingDone } from '../../src/domain/tick-report.ts';
import { runTick } from '../../src/polling/tick.ts';
import { succeeded } from '../../src/ports/heartbeat.ts';
import { customerId } from '../support/records.ts';
import { minute, pollBed } from './bed.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `order-${index}`);

test('two ticks at once, on instances whose clocks are 30 s apart, ask for each order once', async () => {
  const bed = pollBed();
  const now = bed.clock.now();
  await bed.clock.until(bed.seed(customerId, ids(30), now));
  const instances = [bed.instance(), bed.instance({ skew: 30_000 }), bed.instance({ skew: -30_000 })];
  const ticks = Promise.all(instances.map(({ deps }) => runTick(deps)));
  // Some come while the first is in the middle of it.
  await bed.clock.run(1_000);
  const late = bed.instance({ skew: 30_000 });
  const lateReport = await bed.clock.until(runTick(late.deps));
  const reports = await bed.clock.until(ticks);

  expect([...reports, lateReport].filter(({ stopped }) => stopped === 'overlap')).toHaveLength(3);
  expect(bed.asked.toSorted()).toEqual(ids(30).toSorted());
  expect(bed.told.filter(({ name }) => name === 'PollTick')).toHaveLength(4);
});

test('a tick that dies is waited for no longer than it could have run; one that ended is not waited for', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ids(3), bed.clock.now()));
  const dying = bed.instance({ dies: 5 });
  void runTick(dying.deps);
  await bed.clock.run(60_000);
  const other = bed.instance();
  const tick = () => bed.clock.until(runTick(other.deps));
  expect(await tick()).toMatchObject({ stopped: 'overlap' });
  await bed.clock.run(minute);
  expect(await tick()).toMatchObject({ seen: 3, failed: 0 });
  expect(await tick()).not.toMatchObject({ stopped: 'overlap' });
});

test('the heartbeat tells the last tick and the last that succeeded', async () => {
  const bed = pollBed();
  const { deps } = bed.instance();
  const read = () => bed.clock.until(deps.heartbeats.read());
  expect(await read()).toBeUndefined();
  await bed.clock.until(bed.seed(customerId, ids(2), bed.clock.now()));
  await bed.clock.until(runTick(deps));
  const good = await read();
  expect(good).toMatchObject({ runningUntil: 0, last: { report: { seen: 2, pending: 2, failed: 0 } } });
  expect(good?.lastSuccess).toBe(good?.last?.endedAt);

  await bed.clock.run(10 * minute);
  bed.gate.taken = { kind: 'closed', until: bed.clock.now() + minute, reason: 'throttled' };
  const report = await bed.clock.until(runTick(deps));
  expect(report.stopped).toBe('gate');
  expect(await read()).toEqual({
    age: expect.any(Number),
    runningUntil: 0,
    last: { endedAt: expect.any(Number), report },
    lastSuccess: good?.lastSuccess,
    notices: {},
  });
  expect(bed.asked).toHaveLength(2);
});

test('a tick that was frozen past its time says nothing over the one that followed it', async () => {
  const bed = pollBed();
  const frozen = bed.instance();
  const begun = await bed.clock.until(frozen.deps.heartbeats.begin(minute));
  if (begun === undefined) throw new Error('the first tick did not begin');
  await bed.clock.run(2 * minute);
  const other = bed.instance();
  await bed.clock.until(runTick(other.deps));
  const row = () => bed.tables.gate.all();
  const before = row();
  expect(before).toHaveLength(1);
  await bed.clock.until(frozen.deps.heartbeats.end(begun, { ...nothingDone, seen: 99 }, undefined, noMemory));
  expect(row()).toEqual(before);
});

test('a heartbeat that a person filled with nonsense stops no tick', async () => {
  const nonsense = [{ runningUntil: 9e15 }, { runningUntil: 'soon', endedAt: -1 }, { tick: 7 }, {}];
  for (const properties of nonsense) {
    const bed = pollBed();
    bed.tables.gate.put({ partition: 'poller', key: 'heartbeat', properties });
    await bed.clock.until(bed.seed(customerId, ids(1), bed.clock.now()));
    const { deps } = bed.instance();
    expect(await bed.clock.until(runTick(deps))).toMatchObject({ seen: 1, pending: 1 });
  }
});

test('without the heartbeat two polls at once ask twice and break nothing', async () => {
  const bed = pollBed();
  await bed.clock.until(bed.seed(customerId, ids(12), bed.clock.now()));
  for (const id of ids(6)) bed.truth.set(id, 'completed');
  const polls = [bed.instance(), bed.instance()].map(({ deps }) => bed.work(deps));
  await bed.clock.until(Promise.all(polls));
  // A row that lost the race is found to be an old one by a later poll.
  for (let turn = 0; turn < 2; turn += 1) {
    await bed.clock.run(10 * minute);
    await bed.clock.until(bed.work(bed.instance().deps));
  }
  expect(bed.schedule()).toEqual(
    new Map(
      ids(12)
        .slice(6)
        .map((id) => [id, 1]),
    ),
  );
  expect(bed.states()).toEqual(['ordered']);
});

test('a success is a tick that looked at all that was due', () => {
  expect(succeeded(nothingDone)).toBe(true);
  expect(succeeded({ ...nothingDone, seen: 4_000, stopped: 'time' })).toBe(true);
  expect(succeeded({ ...nothingDone, failed: 1 })).toBe(false);
  for (const stopped of ['gate', 'storage', 'overlap'] as const)
    expect(succeeded({ ...nothingDone, stopped })).toBe(false);
});

/** Promise: dead, frozen and edited parts of the gate never let everything through. */

import { expect, test } from 'vitest';
import { Unavailable } from '../../src/ports/unavailable.ts';
import type { Fault } from '../support/memory-table.ts';
import { busiest, fleet, load, passing } from './fleet.ts';

const minute = 60_000;
const fixed = { limitPerMinute: 300, ceilingPerMinute: 300 };

const between = (calls: readonly { at: number }[], from: number, to: number) =>
  calls.filter(({ at }) => at > from && at <= to).length;

test('instances that die take only the permits they hold with them', async () => {
  const world = fleet(fixed);
  const start = world.clock.now();
  const end = start + 12 * minute;
  const instances = Array.from({ length: 20 }, () => world.instance());
  const run = load(world, instances.slice(0, 5), 32, passing(world.clock), { end });
  void load(world, instances.slice(5), 32, passing(world.clock), { end, seed: 9 });
  await world.clock.run(6 * minute);
  for (const instance of instances.slice(5)) instance.freeze();
  const died = world.clock.now();
  await world.clock.run(6 * minute);
  // Fifteen of twenty had permit batches, and reservedUntil turns of which each costs its stretch; soon the others have it all.
  expect(between(run.calls, died, died + minute)).toBeGreaterThan(240);
  expect(between(run.calls, died + minute, died + 5 * minute)).toBeGreaterThan(0.98 * 300 * 4);
});

test('an instance that was frozen for a minute uses none of its old permits', async () => {
  const world = fleet(fixed);
  const start = world.clock.now();
  const end = start + 8 * minute;
  const frozen = world.instance();
  const other = world.instance();
  const runs = [frozen, other].map((instance, seed) =>
    load(world, [instance], 32, passing(world.clock), { end, claimMs: 50, seed }),
  );
  await world.clock.run(3 * minute);
  frozen.freeze();
  await world.clock.run(minute);
  frozen.thaw();
  await world.clock.until(Promise.all(runs.map(({ done }) => done)));
  // Whoever had a permit in hand when the time stood still saw at the fence that it is stale: at most one permit batch.
  expect(runs[0]?.stale.count).toBeLessThanOrEqual(5);
  const times = runs.flatMap(({ calls }) => calls.map(({ at }) => at)).filter((at) => at < end);
  expect(busiest(times, 1_000)).toBeLessThanOrEqual(12);
  expect(busiest(times, minute)).toBeLessThanOrEqual(307);
});

test('a trial whose answer comes after a standstill is not used: the gate may be closed for another reason by then', async () => {
  const world = fleet(fixed);
  const [frozen, other] = [world.instance(), world.instance()];
  const taken = frozen.gate.take('worker', frozen.clock.now() + 10 * minute);
  const holder = () => world.table.all()[0]?.properties['trialHolder'] ?? '';
  while (holder() === '') await world.clock.run(1);
  frozen.freeze();
  const told = other.gate.report({ kind: 'throttled', customerId: 'c', retryAfterMs: 5 * minute });
  expect(await world.clock.until(told)).toMatchObject({ kind: 'closed' });
  await world.clock.run(minute);
  frozen.thaw();
  expect(await world.clock.until(taken)).toMatchObject({ kind: 'closed' });
});

test('a lane alone has the whole budget; both together have their shares', async () => {
  for (const lane of ['worker', 'poller'] as const) {
    const world = fleet(fixed);
    const start = world.clock.now();
    const run = load(world, [world.instance()], 32, passing(world.clock), { lane, end: start + 6 * minute });
    await world.clock.until(run.done);
    expect(between(run.calls, start + minute, start + 5 * minute)).toBeGreaterThan(0.98 * 300 * 4);
  }
  const world = fleet(fixed);
  const start = world.clock.now();
  const end = start + 12 * minute;
  const [a, b, c] = [world.instance(), world.instance(), world.instance()];
  const worker = load(world, [a, b], 32, passing(world.clock), { end });
  await world.clock.run(minute);
  const poller = load(world, [c], 8, passing(world.clock), { end, lane: 'poller', seed: 5 });
  await world.clock.until(Promise.all([worker.done, poller.done]));
  // The poller has its fifth within seconds, though the worker had borrowed it all.
  expect(between(poller.calls, start + minute, start + 2 * minute)).toBeGreaterThan(54);
  expect(between(poller.calls, start + 2 * minute, end) / 10).toBeGreaterThan(0.95 * 60);
  expect(between(worker.calls, start + 2 * minute, end) / 10).toBeGreaterThan(0.97 * 240);
  const times = [...worker.calls, ...poller.calls].map(({ at }) => at);
  expect(busiest(times, minute)).toBeLessThanOrEqual(307);
});

test('a row that a person filled with nonsense is healed with a warning, and never lets everything through', async () => {
  const nonsense = [
    { limit: 1e9 },
    { limit: 0 },
    { limit: -5 },
    { limit: 'many', workerNext: 'soon', closedUntil: true, throttledCustomers: '{' },
    { workerNext: 9e15, pollerNext: 9e15, workerReservedUntil: 9e15, minuteAt: 9e15 },
    {},
  ];
  for (const properties of nonsense) {
    const world = fleet();
    const start = world.clock.now();
    const end = start + 8 * minute;
    const run = load(world, [world.instance(), world.instance()], 32, passing(world.clock), { end });
    await world.clock.run(3 * minute);
    const row = world.table.all()[0];
    if (row === undefined) throw new Error('the gate has no row');
    const kept = Object.keys(properties).length === 0 ? {} : row.properties;
    world.table.put({ partition: 'gate', key: 'gate', properties: { ...kept, ...properties } });
    await world.clock.until(run.done);
    expect(world.warnings.length).toBeGreaterThan(0);
    const times = run.calls.map(({ at }) => at).filter((at) => at < end);
    expect(busiest(times, minute)).toBeLessThanOrEqual(410);
    expect(between(run.calls, start + 5 * minute, start + 7 * minute)).toBeGreaterThan(2 * 290);
  }
});

test('a row that was deleted is made again, closed until one call passes', async () => {
  const world = fleet(fixed);
  const start = world.clock.now();
  const run = load(world, [world.instance()], 32, passing(world.clock), { end: start + 6 * minute });
  await world.clock.run(2 * minute);
  await world.clock.until(world.table.change({ kind: 'remove', partition: 'gate', key: 'gate' }));
  await world.clock.until(run.done);
  expect(between(run.calls, start + 4 * minute, start + 5 * minute)).toBeGreaterThan(290);
  expect(
    run.refusals.some((taken) => taken.kind === 'closed' && taken.reason.includes('no call has succeeded')),
  ).toBe(true);
});

test('while the storage fails, take throws, and a report still tells its caller what to do', async () => {
  let fault: Fault | undefined;
  const world = fleet(fixed, 1, { before: () => fault });
  const { gate, clock } = world.instance();
  await world.clock.until(gate.report({ kind: 'ok', customerId: 'a' }));
  fault = 'unreached';
  await expect(world.clock.until(gate.take('worker', clock.now() + minute))).rejects.toBeInstanceOf(
    Unavailable,
  );
  expect(await world.clock.until(gate.report({ kind: 'ok', customerId: 'a' }))).toEqual({ kind: 'open' });
  const told = clock.now();
  const verdict = await world.clock.until(
    gate.report({ kind: 'throttled', customerId: 'a', retryAfterMs: 40_000 }),
  );
  expect(verdict).toMatchObject({ kind: 'closed' });
  fault = undefined;
  // This instance keeps the Retry-After that it could not write down.
  expect(await world.clock.until(gate.take('worker', clock.now() + minute))).toMatchObject({
    kind: 'closed',
  });
  // The row says that the gate is open, and tells so with the next report: the Retry-After holds all the same.
  const next = await world.clock.until(gate.report({ kind: 'unknown', customerId: 'b', reason: 'reset' }));
  expect(next).toEqual({ kind: 'open' });
  expect(await world.clock.until(gate.take('worker', clock.now() + minute))).toMatchObject({
    kind: 'closed',
  });
  await world.clock.run(41_000);
  expect(clock.now()).toBeGreaterThan(told + 40_000);
  expect(await world.clock.until(gate.take('worker', clock.now() + minute))).toMatchObject({
    kind: 'permit',
  });
});

test('lost answers and echoes of our own writes cost permits at most, and the budget holds', async () => {
  let count = 0;
  const faults: readonly (Fault | undefined)[] = [
    undefined,
    'echo',
    undefined,
    'unanswered',
    'echo',
    undefined,
    'unreached',
  ];
  const world = fleet(fixed, 3, { before: () => faults[count++ % faults.length] });
  const start = world.clock.now();
  const end = start + 6 * minute;
  const [a, b] = [world.instance(), world.instance()];
  const calls: number[] = [];
  const callers = [a, b].flatMap(({ gate, clock }) =>
    Array.from({ length: 16 }, async () => {
      while (world.clock.now() < end) {
        try {
          const taken = await gate.take('worker', clock.now() + 10_000);
          if (taken.kind === 'permit') calls.push(world.clock.now());
          else await clock.sleep(taken.until - clock.now());
          await gate.report({ kind: 'ok', customerId: 'a' });
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
        }
        await clock.sleep(500);
      }
    }),
  );
  await world.clock.until(Promise.all(callers));
  expect(busiest(calls, minute)).toBeLessThanOrEqual(307);
  expect(calls.length).toBeGreaterThan(0.6 * 6 * 300);
});

test('an echo of our own write is known by its id: no permit is lost', async () => {
  const world = fleet(fixed, 3, { before: ({ kind }) => (kind === 'change' ? 'echo' : undefined) });
  const start = world.clock.now();
  const run = load(world, [world.instance()], 32, passing(world.clock), { end: start + 6 * minute });
  await world.clock.until(run.done);
  expect(between(run.calls, start + minute, start + 5 * minute)).toBeGreaterThan(0.96 * 300 * 4);
});

test('MAX_JOBS_PER_DAY is never passed by a fleet, stops no poller, and ends with the day', async () => {
  const world = fleet({ ...fixed, maxJobsPerDay: 500 });
  const start = world.clock.now();
  const midnight = Math.ceil(start / 86_400_000) * 86_400_000;
  const instances = Array.from({ length: 8 }, () => world.instance());
  const started: number[] = [];
  const evidence = { turn: 0 };
  const callers = instances.flatMap(({ gate, clock }) =>
    Array.from({ length: 8 }, async () => {
      while (world.clock.now() < midnight + 10 * minute) {
        const taken = await gate.take('worker', clock.now() + minute);
        if (taken.kind !== 'permit') {
          await clock.sleep(Math.min(minute, Math.max(1, taken.until - clock.now())));
          continue;
        }
        // Every third call is no start of a job: it looks for evidence.
        evidence.turn += 1;
        if (evidence.turn % 3 !== 0) {
          gate.jobStarted();
          started.push(world.clock.now());
        }
        await clock.sleep(600);
        await gate.report({ kind: 'ok', customerId: 'a' });
      }
    }),
  );
  await world.clock.run(60 * minute);
  const today = started.length;
  expect(today).toBeLessThanOrEqual(500);
  // Job quotas that instances hold and do not use: at most a permit batch each.
  expect(today).toBeGreaterThan(500 - 8 * 6);
  const [reader] = instances;
  const taken = await world.clock.until(
    reader?.gate.take('worker', reader.clock.now() + minute) ?? Promise.reject(),
  );
  expect(taken).toMatchObject({ kind: 'closed', reason: expect.stringContaining('MAX_JOBS_PER_DAY') });
  const polled = await world.clock.until(
    reader?.gate.take('poller', reader.clock.now() + minute) ?? Promise.reject(),
  );
  expect(polled.kind).toBe('permit');
  await world.clock.until(Promise.all(callers));
  const tomorrow = started.filter((at) => at >= midnight).length;
  expect(started.length - tomorrow).toBe(today);
  expect(tomorrow).toBeGreaterThan(400);
  expect(tomorrow).toBeLessThanOrEqual(500);
});

test('all times divided by sixty: three hundred calls a second, still evenly', async () => {
  const scaled = {
    ...fixed,
    minuteMs: 1_000,
    permitBatchAheadMs: 1_000 / 60,
    permitLifeMs: 1_000 / 60,
    trialLifeMs: 4_000,
  };
  const world = fleet(scaled, 1, {}, 4);
  const start = world.clock.now();
  const end = start + 20_000;
  const run = load(world, [world.instance(), world.instance()], 64, passing(world.clock, 50), { end });
  await world.clock.until(run.done);
  expect(between(run.calls, start + 4_000, start + 19_000) / 15).toBeGreaterThan(0.95 * 300);
  const times = run.calls.map(({ at }) => at).filter((at) => at > start + 4_000);
  expect(busiest(times, 1_000)).toBeLessThanOrEqual(310);
});

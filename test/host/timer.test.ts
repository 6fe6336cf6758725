/** Promise: the local host's timers never overlap, and make up for what was missed once. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Driver, Listener } from '../../local/functions-host/driver.ts';
import { readHostJson } from '../../local/functions-host/host-json.ts';
import { timerDriver } from '../../local/functions-host/timer.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

const start = Date.parse('2026-01-05T10:00:30.000Z');
const minute = 60_000;

interface Run {
  readonly at: number;
  readonly isPastDue: boolean;
  readonly status: { Last: string; Next: string } | null;
}

interface Timer {
  readonly listener: Listener;
  readonly runs: Run[];
  readonly logged: string[];
}

let stateFolder: string;
let listeners: Listener[];
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'timers-'));
  listeners = [];
});
afterEach(async () => {
  await Promise.all(listeners.map((listener) => listener.drain()));
  rmSync(stateFolder, { recursive: true, force: true });
});

async function startTimer(
  clock: ManualClock,
  options: { trigger?: object; handler?: () => Promise<void>; timeFactor?: number } = {},
): Promise<Timer> {
  const runs: Run[] = [];
  const logged: string[] = [];
  const trigger = { schedule: '0 * * * * *', ...options.trigger };
  const run: Parameters<Driver>[0][number]['run'] = async ({ data }) => {
    const timer = JSON.parse(data.json ?? '');
    runs.push({ at: clock.now(), isPastDue: timer.IsPastDue, status: timer.ScheduleStatus });
    await options.handler?.();
    return {};
  };
  const listener = timerDriver([{ name: 'tick', trigger, run }], {
    env: {},
    hostJson: readHostJson('{"version":"2.0"}', {}),
    clock,
    log: (_level, _category, message) => logged.push(message),
    timeFactor: options.timeFactor ?? 1,
    stateFolder,
    stopping: () => false,
  });
  listeners.push(listener);
  await listener.start();
  return { listener, runs, logged };
}

const timesOf = ({ runs }: Timer) => runs.map(({ at }) => new Date(at).toISOString().slice(11, 23));

test('runs on the schedule, with the status that Azure tells', async () => {
  const clock = manualClock(start);
  const timer = await startTimer(clock);
  await clock.advanceTo(start + 2 * minute);
  expect(timesOf(timer)).toEqual(['10:01:00.000', '10:02:00.000']);
  expect(timer.runs[0]).toMatchObject({
    isPastDue: false,
    status: { Last: '0001-01-01T00:00:00+00:00', Next: '2026-01-05T10:01:00.000Z' },
  });
  expect(timer.runs[1]?.status).toMatchObject({
    Last: '2026-01-05T10:01:00.000Z',
    Next: '2026-01-05T10:02:00.000Z',
  });
});

test('runs never overlap; an overrun brings one run at once, and it is not past due', async () => {
  const clock = manualClock(start);
  const first = Promise.withResolvers<void>();
  const handlers = [first.promise];
  const timer = await startTimer(clock, { handler: async () => handlers.shift() });
  await clock.advanceTo(start + 4 * minute);
  expect(timesOf(timer)).toEqual(['10:01:00.000']);
  first.resolve();
  await clock.advanceTo(start + 5 * minute);
  expect(timesOf(timer)).toEqual(['10:01:00.000', '10:04:30.000', '10:05:00.000']);
  expect(timer.runs.map(({ isPastDue }) => isPastDue)).toEqual([false, false, false]);
});

test('a failed run does not stop the schedule', async () => {
  const clock = manualClock(start);
  const timer = await startTimer(clock, { handler: () => Promise.reject(new Error('broken')) });
  await clock.advanceTo(start + 2 * minute);
  expect(timer.runs).toHaveLength(2);
  expect(timer.logged.filter((line) => line.includes('broken'))).toHaveLength(2);
});

test('draining waits for the run and starts no other', async () => {
  const clock = manualClock(start);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = await startTimer(clock, { handler: () => promise });
  await clock.advanceTo(start + minute);
  let drained = false;
  const draining = timer.listener.drain().then(() => {
    drained = true;
  });
  await clock.advanceTo(start + 5 * minute);
  expect(drained).toBe(false);
  resolve();
  await draining;
  expect(timer.runs).toHaveLength(1);
});

describe('after a restart', () => {
  async function stoppedAt(trigger = {}): Promise<void> {
    const clock = manualClock(start);
    const before = await startTimer(clock, { trigger });
    await clock.advanceTo(start + minute);
    await before.listener.drain();
  }

  test('what is past due runs once, however much was missed', async () => {
    await stoppedAt();
    const clock = manualClock(start + 10 * minute);
    const timer = await startTimer(clock);
    await clock.advanceTo(start + 11 * minute);
    expect(timesOf(timer)).toEqual(['10:10:30.000', '10:11:00.000']);
    expect(timer.runs.map(({ isPastDue }) => isPastDue)).toEqual([true, false]);
    expect(timer.runs[0]?.status).toMatchObject({
      Last: '2026-01-05T10:01:00.000Z',
      Next: '2026-01-05T10:02:00.000Z',
    });
  });

  test('in time, nothing runs early', async () => {
    await stoppedAt();
    const clock = manualClock(start + minute + 5_000);
    const timer = await startTimer(clock);
    await clock.advanceTo(start + 2 * minute);
    expect(timesOf(timer)).toEqual(['10:02:00.000']);
  });

  test('another schedule starts afresh', async () => {
    await stoppedAt();
    const clock = manualClock(start + 10 * minute);
    const timer = await startTimer(clock, { trigger: { schedule: '30 * * * * *' } });
    await clock.advanceTo(start + 11 * minute);
    expect(timer.runs.map(({ isPastDue }) => isPastDue)).toEqual([false]);
  });

  test('an unmonitored timer is never past due', async () => {
    await stoppedAt({ useMonitor: false });
    const clock = manualClock(start + 10 * minute);
    const timer = await startTimer(clock, { trigger: { useMonitor: false } });
    await clock.advanceTo(start + 10 * minute + 1);
    expect(timer.runs).toEqual([]);
  });

  test('a status file that is no status counts as none', async () => {
    writeFileSync(join(stateFolder, 'tick.json'), '{"schedule":"0 * * * * *"}');
    const clock = manualClock(start);
    const timer = await startTimer(clock);
    await clock.advanceTo(start + minute);
    expect(timesOf(timer)).toEqual(['10:01:00.000']);
  });
});

test('runOnStartup runs at once', async () => {
  const clock = manualClock(start);
  const timer = await startTimer(clock, { trigger: { runOnStartup: true } });
  await clock.advanceTo(start + minute);
  expect(timesOf(timer)).toEqual(['10:00:30.000', '10:01:00.000']);
});

test('more often than once a minute there is no status', async () => {
  const clock = manualClock(start);
  const timer = await startTimer(clock, { trigger: { schedule: '*/30 * * * * *' } });
  await clock.advanceTo(start + minute);
  expect(timer.runs.map(({ status }) => status)).toEqual([null, null]);
});

test('the time factor divides the period: once a minute at 60 is once a second, with status', async () => {
  const clock = manualClock(start + 400);
  const timer = await startTimer(clock, { timeFactor: 60 });
  await clock.advanceTo(start + 3_500);
  expect(timesOf(timer)).toEqual(['10:00:31.000', '10:00:32.000', '10:00:33.000']);
  expect(timer.runs[1]?.status).toMatchObject({
    Last: '2026-01-05T10:00:31.000Z',
    Next: '2026-01-05T10:00:32.000Z',
  });
});

test('the largest time factor reaches no end of the calendar', async () => {
  const clock = manualClock(start);
  const timer = await startTimer(clock, { timeFactor: 4_000 });
  await clock.advanceTo(start + 45);
  expect(timer.runs).toHaveLength(3);
});

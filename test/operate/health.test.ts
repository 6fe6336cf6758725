/** Promise: health tells the truth, and nothing that is not for everyone. */

import { describe, expect, test } from 'vitest';
import { answerHealth } from '../../functions/triggers/health.ts';
import { type HealthDeps, health, healthReader } from '../../src/api/health.ts';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { type GateState, initialState } from '../../src/domain/gate/gate-state.ts';
import { nothingDone } from '../../src/domain/tick-report.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';

const now = Date.parse('2026-11-24T02:00:00Z');
const minute = 60_000;
const open: GateState = { ...initialState(now, defaultGateSettings), closure: undefined };

const depsOf = (state: GateState, endedAt: () => Promise<number | undefined>): HealthDeps => ({
  gate: { read: async () => state, now: () => ({ earliest: now, latest: now }) },
  gateSettings: defaultGateSettings,
  heartbeats: {
    read: async () => {
      const at = await endedAt();
      return at === undefined
        ? undefined
        : {
            runningUntil: 0,
            last: { endedAt: at, report: nothingDone },
            age: now - at,
            lastSuccess: 0,
            notices: {},
          };
    },
  },
});

const ask = (state = open, endedAt: () => Promise<number | undefined> = async () => now - minute) =>
  health(depsOf(state, endedAt));

test('asked often, the tables are read once in ten seconds', async () => {
  let reads = 0;
  let clock = now;
  const deps = depsOf(open, async () => {
    reads += 1;
    return now - minute;
  });
  const read = healthReader(deps, () => clock);
  for (let n = 0; n < 50; n += 1) await read();
  expect(reads).toBe(1);
  clock += 10_000;
  await read();
  expect(reads).toBe(2);
});

describe('health', () => {
  test('a poller that ticks, an open gate', async () => {
    expect(await ask()).toEqual({
      healthy: true,
      tables: 'reachable',
      gate: { open: true, callsPerMinute: 300 },
      lastTick: { at: '2026-11-24T01:59:00.000Z', ageSeconds: 60 },
    });
  });

  test('it is healthy for five minutes after a tick, and unhealthy before the first', async () => {
    const silent = (ms: number) => ask(open, async () => now - ms);
    expect(await silent(5 * minute)).toMatchObject({ healthy: true });
    expect(await silent(5 * minute + 1)).toMatchObject({ healthy: false });
    const before = await ask(open, async () => undefined);
    expect(before).toMatchObject({ healthy: false, tables: 'reachable' });
    expect(before).not.toHaveProperty('lastTick');
  });

  test('a closed gate is told, and is no illness; who paused it, and why, is not for everyone', async () => {
    const paused = { ...open, paused: { who: 'ada@contoso.com', reason: 'invoice dispute', since: now } };
    const told = await ask(paused);
    expect(told).toMatchObject({ healthy: true, gate: { open: false, cause: 'paused' } });
    expect(JSON.stringify(told)).not.toMatch(/ada|dispute/);
    const closure = {
      cause: 'throttled' as const,
      since: now,
      until: now + minute,
      reason: 'customer x',
      pauses: 0,
    };
    expect(await ask({ ...open, closure })).toMatchObject({
      gate: { open: false, cause: 'throttled', until: '2026-11-24T02:01:00.000Z' },
    });
  });

  test('the one trial call of a closed gate is told, with the time since when it is out', async () => {
    const trial = { holder: 'one', until: now - 20_000 + defaultGateSettings.trialLifeMs };
    const untested = { ...initialState(now - minute, defaultGateSettings), trial };
    expect(await ask(untested)).toMatchObject({
      gate: { open: false, cause: 'untested', trialCallSince: '2026-11-24T01:59:40.000Z' },
    });
    const over = { ...untested, trial: { holder: 'one', until: now } };
    expect((await ask(over)).gate).not.toHaveProperty('trialCallSince');
  });

  test('tables that cannot be reached', async () => {
    const away = async () => {
      throw new Unavailable('storage', 'account contoso is away');
    };
    expect(await ask(open, away)).toEqual({ healthy: false, tables: 'unreachable' });
  });
});

test('a health request starts a tick and reports what it found before', async () => {
  const done: string[] = [];
  const answer = await answerHealth({
    ready: async () => {},
    health: () =>
      health(
        depsOf(open, async () => {
          done.push('heartbeat read');
          return now - 6 * minute;
        }),
      ),
    // The tick does not end before the answer.
    tickIfStale: () => {
      done.push('tick started');
      return Promise.withResolvers<boolean>().promise;
    },
  });
  expect(answer).toMatchObject({ status: 503, jsonBody: { healthy: false, lastTick: { ageSeconds: 360 } } });
  expect(done).toEqual(['heartbeat read', 'tick started']);
});

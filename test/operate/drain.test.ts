/** Promise: drain does what its page says, with bad input too. */

import { expect, test } from 'vitest';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { initialState } from '../../src/domain/gate/gate-state.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { paused, resumed } from '../../src/operator/pause-gate.ts';
import { drain, drainMs } from '../../src/operator/release/drain.ts';
import type { GateStore } from '../../src/ports/gate-store.ts';

/** A gate whose time passes only while somebody sleeps. */
function gate() {
  let now = 1_000_000;
  let state = initialState(now, defaultGateSettings);
  const interrupt = new AbortController();
  const store: GateStore = {
    async change(decide) {
      const decided = decide(state, { earliest: now, latest: now });
      state = decided.state;
      return decided.value;
    },
    read: async () => state,
    lastSeen: () => state,
    now: () => ({ earliest: now, latest: now }),
  };
  const slept: number[] = [];
  return {
    store,
    interrupt,
    slept,
    set: (change: (given: typeof state, at: number) => typeof state) => {
      state = change(state, now);
    },
    state: () => state,
    deps: {
      gateStore: store,
      gateSettings: defaultGateSettings,
      times: defaultTimes,
      interrupted: interrupt.signal,
      progress: () => {},
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    },
  };
}

test('it pauses with the reason and the name, and waits 3 min 10 s', async () => {
  const { deps, state } = gate();
  expect(drainMs(deps)).toBe(190_000);
  expect(await drain(deps, 'release 2', 'ann')).toEqual({
    kind: 'drained',
    pausedBy: 'ann',
    waitedMs: 190_000,
  });
  expect(state().paused).toMatchObject({ who: 'ann', reason: 'release 2' });
});

test('a pause that somebody made before counts from its beginning, and stays theirs', async () => {
  const { deps, set, state, slept } = gate();
  set((given, now) => paused(given, { who: 'bob', reason: 'maintenance', since: now - 180_000 }));
  expect(await drain(deps, 'release', 'ann')).toEqual({ kind: 'drained', pausedBy: 'bob', waitedMs: 10_000 });
  expect(state().paused).toMatchObject({ who: 'bob', reason: 'maintenance' });
  expect(slept.reduce((sum, ms) => sum + ms)).toBe(10_000);
});

test('a pause that would end by itself is replaced by one that does not', async () => {
  const { deps, set, state } = gate();
  set((given, now) =>
    paused(given, { who: 'bob', reason: 'lunch', since: now - 180_000, until: now + 60_000 }),
  );
  expect(await drain(deps, 'release', 'ann')).toMatchObject({ kind: 'drained', waitedMs: 190_000 });
  expect(state().paused).toMatchObject({ who: 'ann' });
  expect(state().paused?.until).toBeUndefined();
});

test('when somebody resumes meanwhile, it does not say that nothing runs', async () => {
  const { deps, set } = gate();
  const resuming = {
    ...deps,
    sleep: async () => set((given, now) => resumed(given, 'bob', now)),
  };
  expect(await drain(resuming, 'release', 'ann')).toEqual({ kind: 'resumed', by: 'bob' });
});

test('interrupted, it leaves the pause and says how long calls may run', async () => {
  const { deps, interrupt, state } = gate();
  interrupt.abort();
  expect(await drain(deps, 'release', 'ann')).toEqual({ kind: 'interrupted', leftMs: 190_000 });
  expect(state().paused).toBeDefined();
});

test('every time that a call may take is waited for', () => {
  const { deps } = gate();
  const obeyed = 2 * defaultGateSettings.permitLifeMs;
  expect(defaultGateSettings.permitBatchAheadMs + defaultGateSettings.permitLifeMs).toBeLessThanOrEqual(
    obeyed,
  );
  expect(drainMs(deps)).toBeGreaterThan(obeyed + defaultTimes.callTimeout);
});

/** Promise: each report of a call moves the gate as the protocol says. */

import { describe, expect, test } from 'vitest';
import { decreased, increased } from '../../src/domain/gate/adaptive-limit.ts';
import { afterReport, withoutTrial } from '../../src/domain/gate/circuit-rules.ts';
import { defaultGateSettings, pauseMs } from '../../src/domain/gate/gate-settings.ts';
import {
  closingsUntil,
  closureNow,
  type GateState,
  initialState,
  opened,
} from '../../src/domain/gate/gate-state.ts';
import type { CallReport } from '../../src/domain/gate/permit.ts';
import { limitedTo, paused, resumed } from '../../src/operator/pause-gate.ts';
import { withSpaced } from './fleet.ts';

const settings = defaultGateSettings;
const start = Date.UTC(2026, 0, 5, 20);
const minute = 60_000;
const open = (): GateState => opened(initialState(start, settings), start);

const ok = (customerId = 'a'): CallReport => ({ kind: 'ok', customerId });
const throttled = (customerId: string, retryAfterMs: number | undefined = 57_000): CallReport => ({
  kind: 'throttled',
  customerId,
  retryAfterMs,
});
const unknown: CallReport = { kind: 'unknown', customerId: 'a', reason: 'reset' };
const auth: CallReport = { kind: 'auth', reason: 'expired' };
const refused = (customerId: string): CallReport => ({ kind: 'partner-wide', customerId, reason: 'credit' });

/** What a report makes of a state, told by an instance on which others passed just now (or never). */
const told = (
  state: GateState,
  report: CallReport,
  now: number,
  { instance = 'i', othersPassed = undefined as number | undefined } = {},
) => afterReport(state, report, { earliest: now - 500, latest: now }, { instance, othersPassed }, settings);

const worked = (state: GateState, reports: readonly CallReport[], now = start, instance = 'i'): GateState =>
  reports.reduce((next, report) => told(next, report, now, { instance }).state, state);

describe('429', () => {
  test('closes until Retry-After from the later bound of the time, and cuts the limit once', () => {
    const first = told(open(), throttled('a'), start + minute).state;
    expect(first.closure).toMatchObject({ cause: 'throttled', until: start + minute + 57_000 + 3_000 });
    expect(first.limit).toBe(225);
    const second = told(first, throttled('b', 50_000), start + minute + 1_500).state;
    expect(second).toBe(first);
    const longer = told(first, throttled('b', 90_000), start + minute).state;
    expect(longer.closure?.until).toBe(start + minute + 90_000 + 3_000);
    expect(longer.limit).toBe(225);
  });

  test('a straggler that comes after the gate opened closes it again, and does not cut twice', () => {
    const closed = told(open(), throttled('a', 10_000), start).state;
    const reopened = opened(closed, start + 10_000);
    expect(told(reopened, throttled('b', 10_000), start + 12_000).state).toMatchObject({
      limit: 225,
      closure: { cause: 'throttled' },
    });
    expect(told(reopened, throttled('b', 10_000), start + 16_000).state.limit).toBeLessThan(225);
  });

  test('meets its customer alone while others pass, and the whole gate when a second customer meets one', () => {
    const now = start + minute;
    const first = told(open(), throttled('a'), now, { othersPassed: now - 300 });
    expect(first.customerUntil).toBe(now + 57_000);
    expect(first.state.closure).toBeUndefined();
    expect(first.state.limit).toBe(300);
    const again = told(first.state, throttled('a'), now + 10_000, { othersPassed: now + 9_000 });
    expect(again.customerUntil).toBe(now + 67_000);
    const other = told(first.state, throttled('b'), now + 200, { othersPassed: now - 300 });
    expect(other.customerUntil).toBeUndefined();
    expect(other.state.closure?.cause).toBe('throttled');
  });

  test('a customer refused twice has a limit of its own, so the next customer is judged by itself', () => {
    const now = start + minute;
    const others = { othersPassed: now - 300 };
    const twice = told(
      told(open(), throttled('a'), now, others).state,
      throttled('a'),
      now + 5_000,
      others,
    ).state;
    expect(told(twice, throttled('b'), now + 6_000, others).customerUntil).toBe(now + 63_000);
  });

  test('a customer that passes again had met the limit of all: the next 429 closes', () => {
    const now = start + minute;
    const others = { othersPassed: now - 300 };
    const first = told(open(), throttled('a'), now, others).state;
    const stillOut = told(first, ok('a'), now + 1_000).state;
    expect(stillOut).toBe(first);
    const passed = told(first, ok('a'), now + 5_000).state;
    expect(told(passed, throttled('a'), now + 9_000, others).state.closure?.cause).toBe('throttled');
  });
});

describe('probes', () => {
  const closings: readonly [string, readonly CallReport[]][] = [
    ['breaker', [unknown, unknown, unknown, unknown, unknown]],
    ['auth', [auth]],
    ['partner-wide', [refused('a'), refused('b'), refused('c')]],
  ];
  test.for(closings)('%s: closes, and only the answer to the trial opens or prolongs', ([cause, reports]) => {
    expect(worked(open(), reports.slice(1)).closure).toBeUndefined();
    const closed = worked(open(), reports);
    expect(closed.closure).toMatchObject({ cause, until: start + pauseMs(settings, 'auth', 1), pauses: 1 });
    // What was under way tells nothing.
    expect(worked(closed, [ok(), unknown, auth, refused('z')], start + 1_000)).toBe(closed);

    const probing = { ...closed, trial: { holder: 'p', until: start + 300_000 } };
    expect(worked(probing, [ok()], start + 20_000, 'i')).toBe(probing);
    expect(worked(probing, [ok()], start + 20_000, 'p').closure).toBeUndefined();
    const failed = worked(probing, reports.slice(0, 1), start + 20_000, 'p');
    expect(failed.closure).toMatchObject({ cause, until: start + 50_000, pauses: 2 });
    expect(failed.trial).toBeUndefined();
    expect(withoutTrial(probing, 'p')).toEqual(closed);
    expect(withoutTrial(probing, 'i')).toBe(probing);
  });

  test.for(closings)(
    '%s: a Retry-After that comes meanwhile is waited for, before any trial',
    ([, reports]) => {
      const closed = worked(open(), reports);
      const told = worked(closed, [throttled('z', 600_000)], start + 1_000);
      expect(told.closure).toMatchObject({ cause: 'throttled', until: start + 604_000 });
      expect(told.closure?.reason).toContain(closed.closure?.reason);
      expect(closureNow(told, start + 603_999, settings)).toMatchObject({ trialWanted: false });
      expect(closureNow(told, start + 604_000, settings)).toBeUndefined();
    },
  );

  test('pauses grow to five minutes for an outage, to a quarter of an hour for what people mend', () => {
    const pauses = (cause: 'breaker' | 'auth') =>
      [1, 2, 3, 4, 5, 6, 7, 8].map((n) => pauseMs(settings, cause, n) / 1_000);
    expect(pauses('breaker')).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
    expect(pauses('auth')).toEqual([15, 30, 60, 120, 240, 480, 900, 900]);
  });

  test('before the first token works any call that passes opens, and a refused one says why it is closed', () => {
    const first = initialState(start, settings);
    expect(closureNow(first, start, settings)).toMatchObject({ trialWanted: true });
    expect(worked(first, [ok()]).closure).toBeUndefined();
    const probing = { ...first, trial: { holder: 'p', until: start + 300_000 } };
    expect(worked(probing, [auth], start, 'p').closure?.reason).toBe(
      'no call has succeeded yet: Partner Center refuses the credential: expired',
    );
    expect(worked(probing, [throttled('a')], start, 'p').closure?.cause).toBe('throttled');
    expect(worked(probing, [refused('a')], start, 'p')).toMatchObject({ closure: undefined, refused: ['a'] });
  });
});

test('a call that passes writes nothing, unless it ends a row of failures', () => {
  const state = open();
  expect(worked(state, [ok(), ok('b')])).toBe(state);
  expect(worked(state, [unknown, unknown, ok()])).toEqual(state);
  expect(worked(state, [unknown, unknown, unknown, unknown, ok(), unknown]).closure).toBeUndefined();
});

describe('people', () => {
  test('a pause stands above all else, and a resume keeps a Retry-After', () => {
    const closed = told(open(), throttled('a'), start).state;
    const stopped = paused(closed, { reason: 'invoices look wrong', who: 'Ada', since: start });
    expect(closureNow(stopped, start + 10 * minute, settings)?.reason).toBe(
      'paused by a person: invoices look wrong',
    );
    const again = resumed(stopped, 'Grace', start + 1_000);
    // Three seconds more than it, for room.
    expect(closureNow(again, start + 1_000, settings)?.until).toBe(start + 60_000);
    expect(closureNow(again, start + 60_000, settings)).toBeUndefined();
  });

  test('a pause with an end holds until then, and the gate is as it was', () => {
    const until = start + 3 * minute;
    const pause = { reason: 'portal maintenance', who: 'Ada', since: start, until };
    const stopped = paused(open(), pause);
    expect(closureNow(stopped, start, settings)?.until).toBe(start + minute);
    expect(closureNow(stopped, until - 1, settings)?.until).toBe(until);
    expect(closureNow(stopped, until, settings)).toBeUndefined();
    const refused = paused(worked(open(), [auth]), pause);
    expect(closureNow(refused, until, settings)).toMatchObject({ trialWanted: true });
  });

  test('a limit that a person sets counts at once, and grows from there', () => {
    const cut = {
      ...open(),
      limit: 34,
      sustainedLimit: 40,
      throttledLimit: 36,
      holdUntil: start + 60 * minute,
      holdMs: minute,
    };
    const set = limitedTo(cut, { perMinute: 300, who: 'Ada', at: start });
    expect(set.limitSet?.who).toBe('Ada');
    expect(set.limit).toBe(300);
    expect(increased(set, start + 10_000, settings).limit).toBe(300);
    expect(
      increased(withSpaced(set, 300, start, start + minute, settings), start + minute, settings).limit,
    ).toBe(303);
  });

  test('closings that ended are kept for charts: one that comes back at once is the same, and a pause is one', () => {
    const meets429 = (state: GateState, at: number) =>
      opened(
        { ...state, closure: { cause: 'throttled', since: at, until: at + 1_000, reason: '', pauses: 1 } },
        at + 1_000,
      );
    const before = open().closings.length;
    const twice = meets429(meets429(open(), start + 60 * minute), start + 60 * minute + 30_000);
    expect(twice.closings.slice(before)).toEqual([
      { cause: 'throttled', since: start + 60 * minute, until: start + 60 * minute + 31_000 },
    ]);
    const pausedLater = paused(twice, { reason: 'x', who: 'Ada', since: start + 90 * minute });
    expect(closingsUntil(pausedLater, start + 95 * minute).at(-1)).toEqual({
      cause: 'paused',
      since: start + 90 * minute,
      until: start + 95 * minute,
    });
    expect(resumed(pausedLater, 'Ada', start + 99 * minute).closings.at(-1)).toMatchObject({
      cause: 'paused',
      until: start + 99 * minute,
    });
    let many = open();
    for (let n = 0; n < 100; n += 1) many = meets429(many, start + n * 10 * minute);
    expect(many.closings).toHaveLength(20);
  });

  test('a resume lets a probe through at once where one is waited for', () => {
    const closed = resumed(
      paused(worked(open(), [auth]), { reason: 'x', who: 'Ada', since: start }),
      'Ada',
      start + 1_000,
    );
    expect(closureNow(closed, start + 1_000, settings)).toMatchObject({ trialWanted: true });
  });
});

describe('the limit', () => {
  const refusedAt = (now: number, retryAfterMs?: number) => ({ now, firstAt: now, retryAfterMs });

  /** So many minutes in which every permit was used. */
  const minutes = (state: GateState, from: number, count: number): GateState => {
    let next = state;
    for (let at = 1; at <= count; at++) {
      const now = from + at * minute;
      next = increased(withSpaced(next, next.limit, now - minute, now, settings), now, settings);
    }
    return next;
  };

  test('grows by a hundredth a minute up to the ceiling, while it is used', () => {
    expect(minutes(open(), start, 1).limit).toBe(303);
    expect(minutes(open(), start, 60).limit).toBe(400);
    expect(
      increased(withSpaced(open(), 100, start, start + minute, settings), start + minute, settings).limit,
    ).toBe(300);
  });

  test('after a cut it has 97 % of the last good limit back half a minute after the gate opened', () => {
    const grew = minutes(open(), start, 10);
    const reopened = opened(decreased(grew, refusedAt(start + 10 * minute), settings), start + 11 * minute);
    expect(reopened.limit).toBe(0.75 * grew.limit);
    expect(increased(reopened, start + 11 * minute + 29_000, settings).limit).toBe(reopened.limit);
    expect(increased(reopened, start + 11 * minute + 30_000, settings).limit).toBeCloseTo(
      0.97 * grew.sustainedLimit,
    );
    // Then it keeps below the limit that met the 429 for twenty minutes, and tries again.
    const regained = increased(reopened, start + 11 * minute + 30_000, settings);
    expect(minutes(regained, start + 12 * minute, 15).limit).toBeCloseTo(0.98 * grew.limit);
    expect(minutes(regained, start + 12 * minute, 25).limit).toBeGreaterThan(grew.limit);
  });

  /** A permit for each call that the limit allows, from `start` on. */
  const used = (state: GateState, ms: number): GateState =>
    withSpaced(state, (state.limit * ms) / minute, start, start + ms, settings);

  test('is cut to what Retry-After tells: the calls that stand in the count, fixed or sliding', () => {
    // At 300 a minute, 48 s after the opening: 240 calls were made, and the count has room again after 12 s.
    const state = decreased(used(open(), 48_000), refusedAt(start + 48_000, 12_000), settings);
    expect(state).toMatchObject({ limit: 240, throttledLimit: 240 });
    // The first 429 came a second before the one that closes: what was called since was refused too.
    const late = { now: start + 49_000, firstAt: start + 48_000, retryAfterMs: 11_000 };
    expect(decreased(used(open(), 49_000), late, settings)).toMatchObject({
      limit: 240,
      throttledLimit: 240,
    });
    // Long open, at a limit a little too high. The oldest call of the count is 59 s old, or nearly 60.
    const steady = { ...used(open(), 2 * minute), openedAt: start - 60 * minute };
    const at = start + 2 * minute;
    expect(decreased(steady, refusedAt(at, 1_000), settings)).toMatchObject({
      limit: 0.98 * 300,
      throttledLimit: 300,
    });
    expect(decreased(steady, refusedAt(at, 3_000), settings)).toMatchObject({
      limit: 287.5,
      throttledLimit: 290,
    });
  });

  test('is cut by a quarter where Retry-After cannot mean that', () => {
    const open57 = used(open(), minute);
    // 300 calls passed in a minute: a limit of 20 in a minute would have refused them.
    expect(decreased(open57, refusedAt(start + minute, 57_000), settings)).toMatchObject({
      limit: 225,
      throttledLimit: 300,
    });
    expect(decreased(open57, refusedAt(start + minute, 3_600_000), settings)).toMatchObject({
      limit: 225,
      throttledLimit: 300,
    });
    expect(decreased(open57, refusedAt(start + minute), settings)).toMatchObject({
      limit: 225,
      throttledLimit: 300,
    });
  });

  test('is never cut to nothing', () => {
    let state = open();
    for (let count = 0; count < 100; count++) state = decreased(state, refusedAt(start + count), settings);
    expect(state.limit).toBe(10);
  });
});

/** Promise: permit batches never hold more permits than the limit. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultGateSettings, type GateSettings } from '../../src/domain/gate/gate-settings.ts';
import { type GateState, initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { leasePermits, type PermitRequest } from '../../src/domain/gate/permit-batches.ts';
import { busiest } from './fleet.ts';

const start = Date.UTC(2026, 0, 5, 20);
/** With a permit's life of a second, a minute of 59 s has permits 250 ms apart in the worker's lane: numbers to reckon with. */
const settings: GateSettings = {
  ...defaultGateSettings,
  limitPerMinute: 300,
  ceilingPerMinute: 300,
  minuteMs: 59_000,
  permitBatchAheadMs: 1_000,
};
const open = (): GateState => opened(initialState(start, settings), start);
const at = (now: number) => ({ earliest: now, latest: now });
const ask = (given: Partial<PermitRequest> = {}): PermitRequest => ({
  lane: 'worker',
  want: 5,
  instance: 'i',
  onTime: false,
  quota: 0,
  ...given,
});

const step = fc.record({
  after: fc.integer({ min: 0, max: 900 }),
  /** How wrong the asking instance is about the storage's time. */
  error: fc.integer({ min: -1_000, max: 0 }),
  lane: fc.constantFrom('worker' as const, 'poller' as const),
  want: fc.integer({ min: 1, max: 40 }),
  onTime: fc.boolean(),
});

test('whoever asks whenever, no minute holds more permits than the limit, and no permit lies beyond a batch', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 600 }), (steps) => {
      let state = open();
      let now = start;
      const permits: number[] = [];
      for (const { after, error, ...asked } of steps) {
        now += after;
        const leased = leasePermits(state, at(now + error), ask(asked), settings);
        state = leased.state;
        if (leased.batch.kind !== 'batch') throw new Error(leased.batch.kind);
        expect(leased.batch.permits.length).toBeLessThanOrEqual(asked.want);
        for (const permit of leased.batch.permits) {
          expect(permit).toBeLessThanOrEqual(now + settings.permitBatchAheadMs);
          expect(permit).toBeGreaterThanOrEqual(now + error - settings.permitLifeMs / 2);
        }
        permits.push(...leased.batch.permits);
      }
      // Each of the two schedules may have a permit at both ends of a minute.
      expect(busiest(permits, 60_000)).toBeLessThanOrEqual(302);
    }),
    { numRuns: 60 },
  );
});

describe('permit batches', () => {
  test('a lane alone is lent what the other has not claimed, but only near its time', () => {
    const { batch } = leasePermits(open(), at(start), ask({ want: 40 }), settings);
    // Own permits at 0, 250, … 1,000; of the poller's only the one at 0.
    expect(batch).toMatchObject({
      kind: 'batch',
      permits: [0, 0, 250, 500, 750, 1_000].map((ms) => start + ms),
    });
  });

  test('what is not there is reservedUntil, and the next instance is reservedUntil what comes after', () => {
    const first = leasePermits(open(), at(start), ask({ want: 40 }), settings);
    const second = leasePermits(first.state, at(start), ask({ instance: 'j' }), settings);
    const third = leasePermits(second.state, at(start), ask({ instance: 'k' }), settings);
    const turns = [first, second, third].map(({ batch }) =>
      batch.kind === 'batch' ? batch.comeBackAt : undefined,
    );
    expect(second.batch).toMatchObject({ permits: [] });
    // The line stands at 1,250; stretches of three permits; each comes a quarter of a permit batch before its own.
    expect(turns).toEqual([start + 500, start + 1_750, start + 2_500]);
  });

  test('what is reservedUntil is left alone by who comes out of turn, until it is overdue', () => {
    const crowded = leasePermits(
      leasePermits(open(), at(start), ask({ want: 40 }), settings).state,
      at(start),
      ask(),
      settings,
    ).state;
    const permitsAt = (now: number, onTime: boolean) => {
      const { batch } = leasePermits(crowded, at(now), ask({ onTime, want: 2 }), settings);
      // Less the poller's permit, which is open to both.
      return batch.kind === 'batch' ? batch.permits.filter((permit) => permit !== start + 1_000).length : 0;
    };
    expect(permitsAt(start + 800, true)).toBe(2);
    expect(permitsAt(start + 800, false)).toBe(0);
    expect(permitsAt(start + 1_300, false)).toBe(1);
  });

  test('a closed gate gives nothing, and one trial when its pause is over', () => {
    const closureNow: GateState = {
      ...open(),
      closure: { cause: 'auth', since: start, until: start + 15_000, reason: 'no token', pauses: 1 },
    };
    const early = leasePermits(closureNow, at(start + 14_999), ask(), settings);
    expect(early.batch).toEqual({ kind: 'closed', until: start + 15_000, reason: 'no token', wide: true });
    expect(early.state).toBe(closureNow);
    const trial = leasePermits(closureNow, at(start + 15_000), ask(), settings);
    expect(trial.batch).toMatchObject({ kind: 'trial', permits: [start + 15_000] });
    const other = leasePermits(trial.state, at(start + 15_001), ask({ instance: 'j' }), settings);
    expect(other.batch).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('a trial call is out since'),
    });
    const lapsed = leasePermits(trial.state, at(start + 15_000 + settings.trialLifeMs), ask(), settings);
    expect(lapsed.batch).toMatchObject({ kind: 'trial' });
  });

  test('after a Retry-After the permits begin where it ends, without those of the time before', () => {
    const until = start + 57_000;
    const closureNow: GateState = {
      ...open(),
      closure: { cause: 'throttled', since: start, until, reason: '429', pauses: 0 },
    };
    expect(leasePermits(closureNow, at(until - 1), ask(), settings).batch.kind).toBe('closed');
    const { batch, state } = leasePermits(closureNow, at(until + 100), ask({ want: 3 }), settings);
    expect(batch).toMatchObject({ permits: [until, until, until + 250] });
    expect(state.closure).toBeUndefined();
  });
});

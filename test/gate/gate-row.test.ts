/** Promise: any row at all is read as a gate that is safe. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toProperties, toState } from '../../src/adapters/azure-tables/gate-row.ts';
import { afterReport } from '../../src/domain/gate/circuit-rules.ts';
import { defaultGateSettings, maxClosedMs } from '../../src/domain/gate/gate-settings.ts';
import { type GateState, initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { leasePermits } from '../../src/domain/gate/permit-batches.ts';
import { paused } from '../../src/operator/pause-gate.ts';

const settings = defaultGateSettings;
const now = Date.UTC(2026, 0, 5, 20);
const time = { earliest: now, latest: now };
const witness = { instance: 'i', othersPassed: now - 1_000 };

test('what was written is read again, whatever the gate has been through', () => {
  const open = opened(initialState(now, settings), now);
  const reported = (state: GateState, report: Parameters<typeof afterReport>[1]): GateState =>
    afterReport(state, report, time, witness, settings).state;
  const ask = { lane: 'worker', want: 7, instance: 'i', onTime: false, quota: 0 } as const;
  const states: GateState[] = [
    initialState(now, settings),
    leasePermits(initialState(now, settings), time, ask, settings).state,
    leasePermits(open, time, ask, settings).state,
    reported(open, { kind: 'throttled', customerId: 'c', retryAfterMs: 57_000 }),
    reported(open, { kind: 'unknown', customerId: 'c', reason: 'reset' }),
    reported(open, { kind: 'auth', reason: 'expired' }),
    reported(open, { kind: 'partner-wide', customerId: 'c', reason: 'credit' }),
    paused(open, { reason: 'stop', who: 'Ada', since: now, until: now + 3_600_000 }),
  ];
  for (const state of states) {
    expect(toState(toProperties(state, 'w'), now, settings)).toEqual({ state, healed: [] });
  }
});

const property = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.constantFrom(1e9, -1, 0, 9e15, now + 1e12, 'throttled', '[]', '[1]', '{', new Uint8Array([1])),
);
const names = Object.keys(toProperties(initialState(now, settings), 'w'));
const rows = fc.dictionary(fc.constantFrom(...names), property, { maxKeys: names.length });

test('any row at all becomes a state that is safe: no crash, no flood, no closing for ever', () => {
  fc.assert(
    fc.property(rows, fc.boolean(), (edited, whole) => {
      const base = whole ? toProperties(opened(initialState(now, settings), now), 'w') : {};
      const { state } = toState({ ...base, ...edited }, now, settings);
      expect(state.limit).toBeGreaterThanOrEqual(settings.limitPerMinute / 30);
      expect(state.limit).toBeLessThanOrEqual(settings.ceilingPerMinute);
      const ask = { lane: 'worker', want: 1_000, instance: 'i', onTime: true, quota: 0 } as const;
      const { batch, state: next } = leasePermits(state, time, ask, settings);
      if (batch.kind === 'batch')
        expect(batch.permits.length).toBeLessThanOrEqual(settings.ceilingPerMinute / 30);
      if (batch.kind === 'closed' && state.paused === undefined)
        expect(batch.until).toBeLessThanOrEqual(now + maxClosedMs(settings) + settings.minuteMs);
      // Two hours later somebody may call, unless a person paused it.
      const later = now + 120 * settings.minuteMs;
      const then = leasePermits(next, { earliest: later, latest: later }, ask, settings).batch;
      if (state.paused === undefined) expect(['batch', 'trial']).toContain(then.kind);
      // And what is made of it can be read without a word.
      expect(toState(toProperties(next, 'w'), now, settings).healed).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('what was healed is said, with what it was', () => {
  const base = toProperties(initialState(now, settings), 'w');
  const { healed, state } = toState({ ...base, limit: 1e9, workerNext: 'soon' }, now, settings);
  expect(state.limit).toBe(400);
  expect(healed).toEqual(['limit was 1000000000, now 400', `workerNext was "soon", now ${now}`]);
});

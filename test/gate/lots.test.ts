import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GateState, initialState, opened } from '../../src/gate/gate-state.ts';
import { type LotAsk, leaseLot } from '../../src/gate/lots.ts';
import { defaultGateSettings, type GateSettings } from '../../src/gate/settings.ts';
import { busiest } from './fleet.ts';

const start = Date.UTC(2026, 0, 5, 20);
/** With a slot's life of a second, a minute of 59 s has slots 250 ms apart in the worker's lane: numbers to reckon with. */
const settings: GateSettings = {
  ...defaultGateSettings,
  limitPerMinute: 300,
  ceilingPerMinute: 300,
  minuteMs: 59_000,
  lotAheadMs: 1_000,
};
const open = (): GateState => opened(initialState(start, settings), start);
const at = (now: number) => ({ atLeast: now, atMost: now });
const ask = (given: Partial<LotAsk> = {}): LotAsk => ({
  lane: 'worker',
  want: 5,
  instance: 'i',
  inTurn: false,
  permits: 0,
  ...given,
});

const step = fc.record({
  after: fc.integer({ min: 0, max: 900 }),
  /** How wrong the asking instance is about the storage's time. */
  error: fc.integer({ min: -1_000, max: 0 }),
  lane: fc.constantFrom('worker' as const, 'poller' as const),
  want: fc.integer({ min: 1, max: 40 }),
  inTurn: fc.boolean(),
});

test('whoever asks whenever, no minute holds more slots than the limit, and no slot lies beyond a lot', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 600 }), (steps) => {
      let state = open();
      let now = start;
      const slots: number[] = [];
      for (const { after, error, ...asked } of steps) {
        now += after;
        const leased = leaseLot(state, at(now + error), ask(asked), settings);
        state = leased.state;
        if (leased.lot.kind !== 'lot') throw new Error(leased.lot.kind);
        expect(leased.lot.slots.length).toBeLessThanOrEqual(asked.want);
        for (const slot of leased.lot.slots) {
          expect(slot).toBeLessThanOrEqual(now + settings.lotAheadMs);
          expect(slot).toBeGreaterThanOrEqual(now + error - settings.slotLifeMs / 2);
        }
        slots.push(...leased.lot.slots);
      }
      // Each of the two lines may have a slot at both ends of a minute.
      expect(busiest(slots, 60_000)).toBeLessThanOrEqual(302);
    }),
    { numRuns: 60 },
  );
});

describe('lots', () => {
  test('a lane alone is lent what the other has not claimed, but only near its time', () => {
    const { lot } = leaseLot(open(), at(start), ask({ want: 40 }), settings);
    // Own slots at 0, 250, … 1,000; of the poller's only the one at 0.
    expect(lot).toMatchObject({ kind: 'lot', slots: [0, 0, 250, 500, 750, 1_000].map((ms) => start + ms) });
  });

  test('what is not there is promised, and the next instance is promised what comes after', () => {
    const first = leaseLot(open(), at(start), ask({ want: 40 }), settings);
    const second = leaseLot(first.state, at(start), ask({ instance: 'j' }), settings);
    const third = leaseLot(second.state, at(start), ask({ instance: 'k' }), settings);
    const turns = [first, second, third].map(({ lot }) => (lot.kind === 'lot' ? lot.turn : undefined));
    expect(second.lot).toMatchObject({ slots: [] });
    // The line stands at 1,250; stretches of three slots; each comes a quarter of a lot before its own.
    expect(turns).toEqual([start + 500, start + 1_750, start + 2_500]);
  });

  test('what is promised is left alone by who comes out of turn, until it is overdue', () => {
    const crowded = leaseLot(
      leaseLot(open(), at(start), ask({ want: 40 }), settings).state,
      at(start),
      ask(),
      settings,
    ).state;
    const slotsAt = (now: number, inTurn: boolean) => {
      const { lot } = leaseLot(crowded, at(now), ask({ inTurn, want: 2 }), settings);
      // Less the poller's slot, which is open to both.
      return lot.kind === 'lot' ? lot.slots.filter((slot) => slot !== start + 1_000).length : 0;
    };
    expect(slotsAt(start + 800, true)).toBe(2);
    expect(slotsAt(start + 800, false)).toBe(0);
    expect(slotsAt(start + 1_300, false)).toBe(1);
  });

  test('a closed gate gives nothing, and one probe when its pause is over', () => {
    const shut: GateState = {
      ...open(),
      closing: { cause: 'auth', since: start, until: start + 15_000, reason: 'no token', pauses: 1 },
    };
    const early = leaseLot(shut, at(start + 14_999), ask(), settings);
    expect(early.lot).toEqual({ kind: 'closed', until: start + 15_000, reason: 'no token', wide: true });
    expect(early.state).toBe(shut);
    const probe = leaseLot(shut, at(start + 15_000), ask(), settings);
    expect(probe.lot).toMatchObject({ kind: 'probe', slot: start + 15_000 });
    const other = leaseLot(probe.state, at(start + 15_001), ask({ instance: 'j' }), settings);
    expect(other.lot).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('a trial call is out since'),
    });
    const lapsed = leaseLot(probe.state, at(start + 15_000 + settings.probeLifeMs), ask(), settings);
    expect(lapsed.lot).toMatchObject({ kind: 'probe' });
  });

  test('after a Retry-After the slots begin where it ends, without those of the time before', () => {
    const until = start + 57_000;
    const shut: GateState = {
      ...open(),
      closing: { cause: 'throttled', since: start, until, reason: '429', pauses: 0 },
    };
    expect(leaseLot(shut, at(until - 1), ask(), settings).lot.kind).toBe('closed');
    const { lot, state } = leaseLot(shut, at(until + 100), ask({ want: 3 }), settings);
    expect(lot).toMatchObject({ slots: [until, until, until + 250] });
    expect(state.closing).toBeUndefined();
  });
});

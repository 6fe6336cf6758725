/** Promise: the permits of the last minutes are counted by the second. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { isHistory, noPermits, permitsBetween, withPermit } from '../../src/domain/gate/permit-history.ts';

const start = Date.UTC(2026, 0, 5, 20);
const permit = fc.record({
  time: fc.integer({ min: 0, max: 300_000 }),
  lane: fc.constantFrom('worker' as const, 'poller' as const),
});

test('the permits of whole seconds are counted one by one, in any order, for two minutes', () => {
  fc.assert(
    fc.property(fc.array(permit, { maxLength: 300 }), fc.nat(60), fc.nat(60), (permits, back, length) => {
      const history = permits.reduce(
        (next, { lane, time }) => withPermit(next, lane, start + time, settings),
        noPermits,
      );
      const last = Math.max(0, ...permits.map(({ time }) => Math.floor(time / 1_000) * 1_000));
      const [from, to] = [last - (back + length) * 1_000, last - back * 1_000];
      for (const lane of ['worker', 'poller'] as const) {
        expect(isHistory(history[lane])).toBe(true);
        const mine = permits.filter((each) => each.lane === lane && each.time >= from && each.time < to);
        expect(permitsBetween(history, start + from, start + to, settings, lane)).toBe(mine.length);
      }
    }),
  );
});

test('of a second that is not whole, the part counts', () => {
  let history = noPermits;
  for (let ms = 0; ms < 60_000; ms += 125) history = withPermit(history, 'worker', start + ms, settings);
  expect(permitsBetween(history, start + 10_500, start + 20_250, settings)).toBe(78);
  expect(permitsBetween(history, start - 5_000, start + 10_000, settings, 'worker')).toBe(80);
  expect(permitsBetween(history, start, start + 60_000, settings, 'poller')).toBe(0);
});

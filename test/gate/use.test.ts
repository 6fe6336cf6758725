import { expect, test } from 'vitest';
import { type Use, useAt, withSlots } from '../../src/gate/use.ts';

const minute = 60_000;

test('a steady rate shows as the slots of a minute, whatever the lots', () => {
  for (const lot of [1, 5, 30]) {
    let use: Use = { at: 0, worker: 0, poller: 0 };
    for (let now = 0; now < 10 * minute; now += (lot * minute) / 240)
      use = withSlots(use, 'worker', lot, now, minute);
    expect(useAt(use, 10 * minute, minute).worker).toBeGreaterThan(220);
    expect(useAt(use, 10 * minute, minute).worker).toBeLessThan(260);
    expect(use.poller).toBe(0);
  }
});

test('what was used long ago does not show', () => {
  const use = withSlots({ at: 0, worker: 0, poller: 0 }, 'poller', 100, 0, minute);
  expect(useAt(use, 0, minute).poller).toBe(100);
  expect(useAt(use, 10 * minute, minute).poller).toBeLessThan(0.01);
  expect(useAt(use, -minute, minute).poller).toBe(100);
});

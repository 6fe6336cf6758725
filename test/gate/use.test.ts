import { expect, test } from 'vitest';
import { type Use, useAt, withPermits } from '../../src/domain/gate/usage.ts';

const minute = 60_000;

test('a steady rate shows as the permits of a minute, whatever the permit batches', () => {
  for (const batch of [1, 5, 30]) {
    let use: Use = { at: 0, worker: 0, poller: 0 };
    for (let now = 0; now < 10 * minute; now += (batch * minute) / 240)
      use = withPermits(use, 'worker', batch, now, minute);
    expect(useAt(use, 10 * minute, minute).worker).toBeGreaterThan(220);
    expect(useAt(use, 10 * minute, minute).worker).toBeLessThan(260);
    expect(use.poller).toBe(0);
  }
});

test('what was used long ago does not show', () => {
  const use = withPermits({ at: 0, worker: 0, poller: 0 }, 'poller', 100, 0, minute);
  expect(useAt(use, 0, minute).poller).toBe(100);
  expect(useAt(use, 10 * minute, minute).poller).toBeLessThan(0.01);
  expect(useAt(use, -minute, minute).poller).toBe(100);
});

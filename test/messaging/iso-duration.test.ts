/** Promise: durations of Service Bus are read in each form. */

import { expect, test } from 'vitest';
import { durationMs } from '../../src/adapters/service-bus/iso-duration.ts';

// Promise held here: `doctor` judges a queue by the lengths of time that Service Bus gives it, whatever form they have.
test.each([
  ['PT3M', 180_000],
  ['PT1.5S', 1_500],
  ['P14D', 14 * 86_400_000],
  ['P1DT2H3M4S', 93_784_000],
  ['P10675199DT2H48M5.4775807S', 922_337_203_685_478],
  ['P', undefined],
  ['PT', undefined],
  ['P1DT', undefined],
  ['P1M', undefined],
  ['5m', undefined],
])('%s is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

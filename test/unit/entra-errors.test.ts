/** Promise: what Entra refuses is told with its remedy, and reads the same each time. */

import { expect, test } from 'vitest';
import { refusalInWords } from '../../src/adapters/partner-auth/entra-errors.ts';

const refusal = (code: string, sentence: string, id: number) =>
  `AADSTS${code}: ${sentence} Trace ID: ${id}-4000 Correlation ID: ${id}-9000 Timestamp: 2026-11-30 00:0${id}:00Z`;

test('a code that is not listed reads the same each time, without the ids of its request', () => {
  const [one, other] = [1, 2].map((id) => refusalInWords(refusal('7999999', 'Something new.', id)));
  expect(one).toBe('AADSTS7999999: Something new.');
  expect(other).toBe(one);
});

test.each(['7000112', '7000229', '500011', '53000'])('AADSTS%s has a remedy', (code) => {
  expect(refusalInWords(refusal(code, 'Its own sentence.', 1))).toMatch(/^AADSTS\d+: .+\. [A-Z].+\.$/);
});

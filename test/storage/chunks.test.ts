/** Promise: text and bytes of any length survive the limits of a table's property. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinBytes, joinText, splitBytes, splitText } from '../../src/adapters/azure-tables/chunks.ts';

// Here and not on Azurite: it decodes a body piece by piece, and breaks a character that two TCP reads share.
test.each([0, 1, 32_767, 32_768, 32_769, 65_535, 65_536, 100_000])(
  'text around the seams: %d units',
  (length) => {
    for (const text of ['x'.repeat(length), `${'x'.repeat(length)}${'\u{1f600}'.repeat(40_000)}`]) {
      const chunks = splitText('record', text);
      expect(joinText('record', chunks)).toBe(text);
      for (const chunk of Object.values(chunks)) {
        expect(chunk.length).toBeLessThanOrEqual(32_768);
        expect(chunk.isWellFormed()).toBe(true);
      }
    }
  },
);

test('any text and any bytes come back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.integer({ min: 1, max: 3_000 }),
      (piece, times) => {
        const text = piece.repeat(times);
        expect(joinText('t', splitText('t', text))).toBe(text);
        const bytes = Buffer.from(text);
        expect(bytes.equals(joinBytes('b', splitBytes('b', bytes)) ?? Buffer.from('none'))).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test('bytes: 64 KiB in each property', () => {
  const chunks = splitBytes('body', Buffer.alloc(150_000, 7));
  expect(Object.entries(chunks).map(([name, chunk]) => [name, chunk.byteLength])).toEqual([
    ['body', 65_536],
    ['body1', 65_536],
    ['body2', 18_928],
  ]);
});

test('what is missing or of another type is undefined', () => {
  expect(joinText('t', {})).toBeUndefined();
  expect(joinText('t', { t: 'a', t1: 7 })).toBeUndefined();
  expect(joinBytes('b', {})).toBeUndefined();
  expect(joinBytes('b', { b: 'text' })).toBeUndefined();
});

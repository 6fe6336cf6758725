/** Promise: a cut text stays well formed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText } from '../../src/domain/text.ts';

test('a cut text is well-formed, no longer than asked, and the beginning of what came', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(45), (text, most) => {
      const cut = cutText(text, most);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut.length).toBeLessThanOrEqual(most);
      expect(text.startsWith(cut)).toBe(true);
      // Half of a pair at most is missing.
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, most) - 1);
    }),
  );
});

test('a lone surrogate becomes the replacement character', () => {
  expect(cutText('a\ud83db', 10)).toBe('a\ufffdb');
});

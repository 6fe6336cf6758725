/** Promise: any order id becomes a key of its own. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyPart } from '../../src/adapters/azure-tables/keys.ts';
import { escapeOrderId, orderIdKey, unescapeOrderId } from '../../src/domain/order/order.ts';
import { pollEntryKey } from '../../src/domain/schedule-entry.ts';

const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1_000 }),
  fc.string({
    unit: fc.constantFrom('/', '\\', '#', '?', '%', ',', '!', '0', '2', 'f', '\u0000', '\u009f', ':'),
    minLength: 1,
  }),
);

test('any id can be a part of a key, alone and after a time', () => {
  fc.assert(
    fc.property(id, (text) => {
      expect(keyPart('id', orderIdKey(text))).toBe(orderIdKey(text));
      expect(keyPart('entry', pollEntryKey(1, text))).toBe(pollEntryKey(1, text));
    }),
  );
});

test('an escaped id holds no separator, and is read back as it was', () => {
  fc.assert(
    fc.property(id, (text) => {
      expect(escapeOrderId(text)).not.toContain(',');
      expect(unescapeOrderId(escapeOrderId(text))).toBe(text);
    }),
  );
});

test('two ids never share a key', () => {
  fc.assert(
    fc.property(id, id, (a, b) => {
      expect(orderIdKey(a) === orderIdKey(b)).toBe(a === b);
    }),
  );
});

test('the usual ids are their own keys', () => {
  for (const usual of [
    'kQ2vWm7R-xT0aLd9_ZpUe4Hs8NcYb6J31',
    '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
    'SzSPoe2sXjTp',
  ])
    expect(orderIdKey(usual)).toBe(usual);
});

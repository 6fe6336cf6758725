/** Promise: a code says whether the same cart would be refused again, and its remedy says the same. */

import { expect, test } from 'vitest';
import { errorCodeTable } from '../../src/domain/checkout/api-error-table.ts';
import { codeNeedsNewCart, lookUp } from '../../src/domain/checkout/api-errors.ts';

test.each(errorCodeTable.map(([http, code, , , remedy]) => [http, code, remedy] as const))(
  'the remedy of %s/%s asks for a new cart if its row says so',
  (http, code, remedy) => {
    const asks = /\bnew (?:cart|one)\b/.test(remedy);
    expect(lookUp(http, code === null ? undefined : String(code)).needsNewCart).toBe(asks);
    if (code !== null) expect(codeNeedsNewCart(http, String(code))).toBe(asks);
  },
);

test('a code without a status, as inside a 2xx, is looked up by itself', () => {
  expect(codeNeedsNewCart(undefined, '800028')).toBe(true);
  expect(codeNeedsNewCart(undefined, '13605')).toBe(false);
  expect(codeNeedsNewCart(undefined, 'given-up')).toBe(false);
});

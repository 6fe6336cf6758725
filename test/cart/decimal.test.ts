/** Promise: amounts of money are exact to the cent. */

import { expect, test } from 'vitest';
import { add, decimalText, isGreater, readDecimal, zero } from '../../src/domain/decimal.ts';

const sum = (...amounts: readonly unknown[]): string => {
  let total = zero;
  for (const amount of amounts) total = add(total, readDecimal(amount) ?? zero);
  return decimalText(total);
};

test('amounts are added to the cent', () => {
  expect(sum(0.1, 0.2)).toBe('0.30');
  expect(sum(364.8, '0.205')).toBe('365.005');
  expect(sum('9007199254740993.01', 1e-7)).toBe('9007199254740993.0100001');
  expect(sum(-1.5, 1)).toBe('-0.50');
  expect(sum(1e20)).toBe('100000000000000000000.00');
});

test('and compared', () => {
  const [one, other] = [readDecimal('10.0'), readDecimal(10)];
  if (one === undefined || other === undefined) throw new Error('no amount');
  expect(isGreater(one, other)).toBe(false);
  expect(isGreater(add(one, { units: 1n, scale: 20 }), other)).toBe(true);
});

test.each(['', '1,50', 'EUR 5', '0x10', '1e99', Number.NaN, Infinity, null, {}, [], '--1', '1.'])(
  'no amount: %j',
  (value) => {
    expect(readDecimal(value)).toBeUndefined();
  },
);

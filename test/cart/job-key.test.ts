/** Promise: job keys of carts and of orders never collide, and survive rows, entries and addresses. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderKey } from '../../src/adapters/azure-tables/order-rows.ts';
import { recordKey } from '../../src/adapters/azure-tables/record-rows.ts';
import {
  externalOrderIdPattern,
  identityOf,
  jobKeyOf,
  jobKeyOfRow,
  readJobKey,
} from '../../src/domain/message/job-key.ts';
import { jobEntryKeyOf, readJobEntryKey } from '../../src/domain/schedule-entry.ts';
import { cartId, customerId } from './lines.ts';

const number = fc.stringMatching(externalOrderIdPattern);

test('rows of jobs, of carts and of orders of Partner Center never collide', () => {
  // An id of Partner Center may be anything, a number of a producer too.
  fc.assert(
    fc.property(
      number,
      fc.uuid(),
      fc.oneof(number, fc.string({ minLength: 1 })),
      (externalOrderId, cart, orderId) => {
        const keys = [
          recordKey(jobKeyOf({ customerId, externalOrderId })),
          recordKey(jobKeyOf({ customerId, cartId: cart })),
          orderKey(orderId),
        ];
        expect(new Set(keys).size).toBe(3);
      },
    ),
  );
});

test('a job key survives its row, its entry and an address', () => {
  fc.assert(
    fc.property(number, fc.boolean(), (externalOrderId, urgent) => {
      const key = jobKeyOf({ customerId, externalOrderId });
      expect(jobKeyOfRow(customerId, recordKey(key))).toBe(key);
      expect(readJobKey(decodeURIComponent(encodeURIComponent(key)).toUpperCase())).toBe(key);
      expect(readJobEntryKey(jobEntryKeyOf(urgent, 17, key))).toEqual({ urgent, origin: 17, jobKey: key });
      expect(identityOf(key)).toEqual({ customerId, externalOrderId: externalOrderId.toLowerCase() });
    }),
  );
});

test('a number that names a cart is still a number', () => {
  const key = jobKeyOf({ customerId, externalOrderId: cartId });
  expect(key).not.toBe(jobKeyOf({ customerId, cartId }));
  expect(identityOf(key)).toEqual({ customerId, externalOrderId: cartId });
});

test.each(['', 'a b', 'a/b', 'a:b', '.a', '-a', 'a'.repeat(65), 'ä', 'a\n'])(
  'no number of a producer: %j',
  (externalOrderId) => {
    expect(readJobKey(`${customerId}:order:${externalOrderId}`)).toBeUndefined();
  },
);

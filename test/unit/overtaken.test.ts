import { expect, test } from 'vitest';
import { overtaken } from '../../src/checkout/overtaken.ts';
import type { Decision } from '../../src/domain/message/delivery.ts';
import { aRecord } from '../support/records.ts';

const retry: Decision = { decision: 'retry', seen: 'failed', who: 'ann', orderIds: [] };
const decided = { decision: 'retry' as const, who: 'ann', at: 0, ticket: 3 };

test('the same message once more is not too late: it has counted', () => {
  expect(overtaken(retry, 3, aRecord({ state: 'waiting', decisions: [decided] }), 0)).toBeUndefined();
});

test.each([
  [
    'two people at once',
    aRecord({ decisions: [{ ...decided, who: 'ben' }] }),
    'ben had decided "retry" before',
  ],
  ['an answer came first', aRecord({ state: 'completed' }), 'was failed then, and is completed now'],
  [
    'past its time',
    aRecord({ state: 'failed', ticket: 2, job: { customerId: 'c', cartId: 'k', notAfter: -1 } }),
    'past its notAfter',
  ],
  ['another try in between', aRecord({ state: 'failed', ticket: 7 }), 'ticket 7; the decision was for 2'],
] as const)('%s', (_, record, words) => {
  const told = overtaken(retry, 3, record, 0);
  expect(told).toMatch(/^1970-01-01T00:00:00.000Z: "retry" by ann came too late: /);
  expect(told).toContain(words);
});

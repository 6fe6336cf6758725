/** Promise: the simulation knows which carts may have been bought, and which effects are still owed. */

import { expect, test } from 'vitest';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { aRecord, cartId } from '../support/records.ts';
import { createDoubts } from './doubts.ts';
import { cartPlan, groupPlan, nature } from './plans.ts';
import { seeded } from './random.ts';
import { createTruth } from './truth.ts';

function books() {
  let now = 0;
  let etag = 0;
  const plan = cartPlan(1, [groupPlan('0', 'a')], { id: cartId });
  const truth = createTruth(
    [plan],
    [],
    nature('replay'),
    () => now,
    seeded(1),
    () => {},
  );
  const doubts = createDoubts(() => now, truth);
  const write = (at: number, change: Partial<CheckoutRecord>) => {
    now = at;
    etag += 1;
    const record = JSON.stringify(aRecord(change));
    const properties = { version: 1, record };
    doubts.see([{ partition: 'c', key: `cart:${cartId}`, etag: String(etag), properties }]);
  };
  const buy = () => {
    const work = truth.arrive(cartId, undefined);
    if ('finish' in work) work.finish();
  };
  return { doubts, truth, write, buy };
}

test('a cart is unknown from its claim to its result, and not after it', () => {
  const { doubts, write } = books();
  write(10, { state: 'submitting' });
  write(20, { state: 'unresolved' });
  write(30, { state: 'failed' });
  expect(doubts.wasUnknown(aRecord().jobKey, 0, 9)).toBe(false);
  expect(doubts.wasUnknown(aRecord().jobKey, 0, 10)).toBe(true);
  expect(doubts.wasUnknown(aRecord().jobKey, 25, 40)).toBe(true);
  expect(doubts.wasUnknown(aRecord().jobKey, 31, 40)).toBe(false);
  expect(doubts.unknownSince(aRecord().jobKey)).toBe(10);
});

test('a cart that was bought and whose record has no order of it stays unknown', () => {
  const { doubts, write, buy } = books();
  write(10, { state: 'unresolved' });
  buy();
  write(30, { state: 'failed' });
  expect(doubts.wasUnknown(aRecord().jobKey, 100, 200)).toBe(true);
});

test('a question is dated by the write that asks it, and asked again only after it was closed', () => {
  const { doubts, write } = books();
  const asked = { kind: 'needs-decision', since: 20 } as const;
  write(10, { state: 'unresolved' });
  write(20, { state: 'unresolved', asked });
  write(30, { state: 'unresolved', asked, reconciliations: 1 });
  write(40, { state: 'waiting' });
  write(50, { state: 'unresolved', asked });
  expect(doubts.askedAt(aRecord().jobKey)).toEqual([20, 50]);
});

test('the event of a result that a retry replaced is still owed', () => {
  const { doubts, write } = books();
  write(10, { state: 'failed', reached: { final: 1 } });
  write(20, { state: 'waiting', reached: {} });
  write(30, { state: 'completed', reached: { final: 3 } });
  const ids = [...doubts.owed(aRecord().jobKey)].map((id) => id.replace(/:.*:/, ' '));
  expect(ids).toEqual(['checkout.failed 1', 'checkout.completed 3']);
});

/** Promise: what keeps the promise of order lines holds where whole lives do not show it. */

import { describe, expect, test } from 'vitest';
import { offerCache } from '../../src/checkout/offer-cache.ts';
import { mayRepair } from '../../src/domain/checkout/repair-rules.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { aRecord } from '../support/records.ts';
import { anAvailability, customerId } from './lines.ts';
import { linesBed } from './lines-bed.ts';

/** What keeps the promise where a whole life of an order would not show it. */
const line = { product: 'CFQ7TTC0AB12', sku: '0001', quantity: 25, term: 'P1Y', billing: 'monthly' };
const order = (change: object = {}) => ({ customerId, externalOrderId: 'PO-7741', lines: [line], ...change });
const minute = 60_000;

test('once a checkout may have been sent, a cart that expires is not made anew', async () => {
  const bed = linesBed();
  bed.world.set({ cartLife: 12 * minute });
  bed.strike('checkout', 'lost');
  await bed.worker.enqueue(order());
  await bed.settle();
  expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed', lastSend: expect.any(Number) });
  expect(bed.world.carts.size).toBe(1);
  expect(bed.sold()).toHaveLength(1);
});

test('an order that failed after its checkout was sent keeps its lines', async () => {
  const bed = linesBed();
  bed.world.set({ faults: [{ kind: 'error', http: 403, code: 800069 }] });
  await bed.worker.enqueue(order());
  await bed.settle();
  expect(await bed.record('PO-7741')).toMatchObject({ state: 'failed', reason: { code: '800069' } });
  bed.world.set({ faults: [] });
  await bed.worker.enqueue(order({ lines: [{ ...line, quantity: 3 }] }));
  await bed.settle();
  expect(bed.rejected()).toHaveLength(1);
  expect(await bed.record('PO-7741')).toMatchObject({ state: 'failed', job: { lines: [{ quantity: 25 }] } });
  expect(bed.sold()).toEqual([]);
});

test('a repair waits for the order list, and its content is in the ledger', async () => {
  const bed = linesBed();
  bed.world.set({ faults: [{ kind: 'reissue', count: 1 }] });
  await bed.worker.enqueue(order());
  await bed.settle();
  const at = (operation: string): number =>
    bed.world.calls.find((call) => call.operation === operation)?.arrivedAt ?? Number.NaN;
  expect(at('replace-cart') - at('checkout')).toBeGreaterThanOrEqual(defaultTimes.listLag);
  const { repair, made } = await bed.record('PO-7741');
  expect(repair?.intended?.lines.map(({ catalogItemId }) => catalogItemId)).toEqual(
    made?.lines.map(({ catalogItemId }) => catalogItemId),
  );
});

test('a repaired cart that is left with fewer lines is whole with the orders of these', async () => {
  const bed = linesBed();
  bed.world.set({ faults: [{ kind: 'reissue', operations: ['checkout'], count: 1 }] });
  const phone = { ...line, product: 'CFQ7TTC0CD34', sku: '000P', quantity: 3 };
  await bed.worker.enqueue(order({ lines: [line, phone], onBadLine: 'drop' }));
  await bed.worker.step();
  expect(bed.count('checkout')).toBe(1);
  // Until the repair another order takes the seats that were left.
  await bed.worker.enqueue(order({ externalOrderId: 'PO-7742', lines: [{ ...line, quantity: 290 }] }));
  await bed.settle();
  expect(bed.sold()).toEqual(['290 × CFQ7TTC0AB12:0001', '3 × CFQ7TTC0CD34:000P']);
  expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed', badLines: [{ line: 1 }] });
  // The answer to the checkout said it all: what became of it was never looked for.
  expect(bed.count('list-orders')).toBe(1);
});

describe('a cart is repaired only if nothing of it can be bought', () => {
  const evidence = {
    now: 0,
    record: aRecord({ state: 'unresolved', firstSend: 0, lastSend: 0 }),
    stopped: false,
    cart: 'active' as const,
    groups: [],
    unowned: [],
    equalCarts: [],
    unreadable: [],
  };
  const late = 10 * defaultTimes.listLag;
  test('active, after the list lag, without an order', () => {
    expect(mayRepair(evidence, late, defaultTimes)).toBe('now');
    expect(mayRepair(evidence, 1, defaultTimes)).toBe('later');
  });
  test('ordered, or gone, or with an order of its own', () => {
    expect(mayRepair({ ...evidence, cart: 'ordered' }, late, defaultTimes)).toBe('never');
    expect(mayRepair({ ...evidence, cart: 'gone' }, late, defaultTimes)).toBe('never');
  });
});

test('an availability that was refused is not tried again, even if the catalogue cannot be asked at once', async () => {
  const bed = linesBed();
  await bed.worker.enqueue(order());
  await bed.settle();
  bed.world.availabilities.reissue('CFQ7TTC0AB12:0001');
  bed.strike('availabilities', 'lost');
  await bed.worker.enqueue(order({ externalOrderId: 'PO-7742' }));
  await bed.settle();
  expect(await bed.record('PO-7742')).toMatchObject({ state: 'completed' });
  // One for the first order; one that is refused, and one of the present availability.
  expect(bed.count('create-cart')).toBe(3);
});

test('what customers may buy is known for an hour at most, for each customer', () => {
  let now = 0;
  const cache = offerCache({ now: () => now });
  cache.keep('a', 'P:S', [anAvailability()]);
  now = 59 * minute;
  expect(cache.get('a', 'P:S')).toHaveLength(1);
  expect(cache.get('b', 'P:S')).toBeUndefined();
  now = 60 * minute;
  expect(cache.get('a', 'P:S')).toBeUndefined();
  cache.keep('a', 'P:S', [anAvailability()]);
  cache.drop('a', 'P:S');
  expect(cache.get('a', 'P:S')).toBeUndefined();
});

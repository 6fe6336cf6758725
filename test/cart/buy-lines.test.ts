/** Promise: a job with order lines is bought once, as it was wanted. */

import { describe, expect, test } from 'vitest';
import { customerId } from './lines.ts';
import { type Blow, linesBed } from './lines-bed.ts';

const standard = {
  product: 'CFQ7TTC0AB12',
  sku: '0001',
  quantity: 25,
  term: 'P1Y',
  billing: 'monthly',
} as const;
const phone = { ...standard, product: 'CFQ7TTC0CD34', sku: '000P', quantity: 3 };
const order = (change: object = {}) => ({
  customerId,
  externalOrderId: 'PO-7741',
  lines: [standard, phone],
  ...change,
});
const bothLines = ['25 × CFQ7TTC0AB12:0001', '3 × CFQ7TTC0CD34:000P'];

test('order lines become subscriptions, and the record says what they cost', async () => {
  const bed = linesBed();
  await bed.worker.enqueue(order());
  await bed.settle();
  const record = await bed.record('PO-7741');
  expect(record).toMatchObject({ state: 'completed', made: { currency: 'USD', total: '3519.00' } });
  expect(record.made?.lines).toMatchObject([{ line: 1, promotionId: expect.any(String) }, { line: 2 }]);
  expect(bed.sold()).toEqual(bothLines);
  // A message for the cart that was made joins the job.
  await bed.worker.enqueue({ customerId, cartId: record.cartId });
  await bed.settle();
  expect(bed.sold()).toEqual(bothLines);
  expect(bed.worker.tables.attention.all()).toEqual([]);
});

describe('bought once, whatever happens on the way', () => {
  const requests = ['availabilities', 'create-cart', 'checkout'];
  const blows: Blow[] = ['lost', 'dies-before', 'dies-after'];
  test.each(requests.flatMap((what) => blows.map((blow) => [what, blow] as const)))(
    '%s: %s',
    async (what, blow) => {
      const bed = linesBed();
      bed.strike(what, blow);
      await bed.worker.enqueue(order());
      await bed.settle();
      expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed' });
      expect(bed.sold()).toEqual(bothLines);
    },
  );

  test.each(['put-cart', 'cart'].flatMap((what) => blows.map((blow) => [what, blow] as const)))(
    'a repair, %s: %s',
    async (what, blow) => {
      const bed = linesBed();
      bed.world.set({ faults: [{ kind: 'reissue', count: 1 }] });
      bed.strike(what, blow);
      await bed.worker.enqueue(order());
      await bed.settle();
      expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed', repair: { done: true } });
      expect(bed.sold()).toEqual(bothLines);
      expect(new Set([...bed.world.carts.all()].map(({ id }) => id)).size).toBe(1);
    },
  );
});

test('a crash after the store never makes another cart', async () => {
  const bed = linesBed();
  bed.strike('checkout', 'dies-before');
  await bed.worker.enqueue(order());
  await bed.settle();
  expect(bed.world.carts.size).toBe(1);
  expect(bed.sold()).toEqual(bothLines);
});

describe('availabilities that change', () => {
  test('before the cart is made: they are looked up anew', async () => {
    const bed = linesBed();
    bed.world.set({ faults: [{ kind: 'reissue', operations: ['create-cart'], count: 1 }] });
    await bed.worker.enqueue(order());
    await bed.settle();
    expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed' });
    expect(bed.count('checkout')).toBe(1);
    expect(bed.sold()).toEqual(bothLines);
  });

  test('between two orders: what was kept is dropped', async () => {
    const bed = linesBed();
    await bed.worker.enqueue(order());
    await bed.settle();
    bed.world.availabilities.reissue('CFQ7TTC0AB12:0001');
    await bed.worker.enqueue(order({ externalOrderId: 'PO-7742' }));
    await bed.settle();
    expect(await bed.record('PO-7742')).toMatchObject({ state: 'completed' });
    expect(bed.sold()).toHaveLength(4);
  });

  test('at the checkout: evidence, the same cart repaired, one more checkout with a new request id', async () => {
    const bed = linesBed();
    bed.world.set({ faults: [{ kind: 'reissue', count: 1 }] });
    await bed.worker.enqueue(order());
    await bed.settle();
    expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed' });
    expect(bed.world.carts.size).toBe(1);
    const calls = bed.world.calls.filter(({ operation }) => operation === 'checkout');
    expect(new Set(calls.map(({ requestId }) => requestId)).size).toBe(2);
    const operations = bed.world.calls.map(({ operation }) => operation);
    expect(operations.indexOf('list-orders')).toBeLessThan(operations.indexOf('replace-cart'));
    expect(bed.sold()).toEqual(bothLines);
  });

  test('at every checkout: the second refusal ends it', async () => {
    const bed = linesBed();
    bed.world.set({ faults: [{ kind: 'reissue' }] });
    await bed.worker.enqueue(order());
    await bed.settle();
    expect(await bed.record('PO-7741')).toMatchObject({ state: 'failed', reason: { code: '400019' } });
    expect(bed.sold()).toEqual([]);
    expect(bed.count('replace-cart')).toBe(1);
  });
});

describe('one number, several messages', () => {
  test('equal lines are one order', async () => {
    const bed = linesBed();
    await bed.worker.enqueue(order());
    await bed.worker.enqueue(order({ externalOrderId: 'po-7741', lines: [standard, { ...phone, line: 2 }] }));
    await bed.settle();
    await bed.worker.enqueue(order());
    await bed.settle();
    expect(bed.sold()).toEqual(bothLines);
    expect(bed.rejected()).toEqual([]);
  });

  test('other lines are refused once it is bought, and both are shown', async () => {
    const bed = linesBed();
    await bed.worker.enqueue(order());
    await bed.settle();
    await bed.worker.enqueue(order({ lines: [standard, { ...phone, quantity: 4 }] }));
    await bed.settle();
    expect(bed.sold()).toEqual(bothLines);
    expect(bed.rejected()).toMatchObject([
      {
        properties: {
          path: 'lines',
          reason: expect.stringMatching(
            /line 2: 3 × CFQ7TTC0CD34:000P .* there, 4 × CFQ7TTC0CD34:000P .* here/,
          ),
        },
      },
    ]);
    const { deliveries } = await bed.record('PO-7741');
    expect(deliveries.last.at(-1)?.end).toContain('refused');
  });

  test('an order that failed before anything was sent is replaced, and both versions stay in its record', async () => {
    const bed = linesBed();
    const wrong = order({ lines: [standard, { ...phone, sku: '0009' }] });
    await bed.worker.enqueue(wrong);
    await bed.settle();
    expect(await bed.record('PO-7741')).toMatchObject({
      state: 'failed',
      badLines: [{ line: 2, code: '400018' }],
    });
    await bed.worker.enqueue(order());
    await bed.settle();
    const record = await bed.record('PO-7741');
    expect(record).toMatchObject({ state: 'completed', replaced: [{ body: JSON.stringify(wrong) }] });
    expect(record.badLines).toBeUndefined();
    expect(bed.sold()).toEqual(bothLines);
    // The queue hands out the old message once more.
    await bed.worker.enqueue(wrong);
    await bed.settle();
    expect(bed.rejected()).toHaveLength(1);
    expect(bed.sold()).toEqual(bothLines);
  });

  test('a version that was replaced does not come back', async () => {
    const bed = linesBed();
    const wrong = order({ lines: [{ ...phone, sku: '0009' }] });
    const alsoWrong = order({ lines: [{ ...phone, sku: '0008' }] });
    for (const body of [wrong, alsoWrong, wrong]) {
      await bed.worker.enqueue(body);
      await bed.settle();
    }
    expect(await bed.record('PO-7741')).toMatchObject({ job: { lines: [{ sku: '0008' }] } });
    expect(bed.rejected()).toHaveLength(1);
  });
});

test('a cart that expires before anything was sent is made anew', async () => {
  const bed = linesBed();
  const taken: number[] = [];
  const { gate } = bed.worker.deps;
  // The gate closes for days when the cart is stored, and its checkout is all that is left.
  bed.on('create-cart', () => {
    if (taken.length > 0) return;
    taken.push(bed.clock.now());
    const until = bed.clock.now() + 8 * 24 * 3_600_000;
    const take = gate.take;
    Object.assign(gate, {
      take: async (...asked: Parameters<typeof take>) =>
        bed.clock.now() < until
          ? { kind: 'closed', until: bed.clock.now() + 3_600_000, reason: 'a test' }
          : take(...asked),
    });
  });
  await bed.worker.enqueue(order());
  await bed.settle(2_000);
  expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed' });
  expect(bed.world.carts.size).toBe(2);
  expect(bed.sold()).toEqual(bothLines);
});

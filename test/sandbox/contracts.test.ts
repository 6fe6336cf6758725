/** Promise: the sandbox answers a repeat by each contract that the API may have. */

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type CartRef,
  type FaultInput,
  type Sandbox,
  type SwitchesInput,
  startSandbox,
} from '../../local/partner-center/sandbox.ts';
import { call, cartPath, checkout, fixture, instant, shape } from './client.ts';
import { type HandClock, handClock } from './hand-clock.ts';

let sandbox: Sandbox;
let clock: HandClock;
afterEach(() => sandbox.stop());

async function cartIn(switches: SwitchesInput, basket: 'sample' | 'licence' = 'sample'): Promise<CartRef> {
  clock = handClock();
  sandbox = await startSandbox({ clock, switches: { ...instant, ...switches } });
  const [cart] = sandbox.createCarts({ count: 1, baskets: [basket] });
  if (!cart) throw new Error('No cart was made.');
  return cart;
}

/** Half of a checkout of one group takes ten seconds. */
const slow: SwitchesInput = {
  latency: { checkoutBase: 20_000, perGroup: [0, 0], sigma: 0, read: [0, 0] },
};

const ids = (orders: readonly { id?: string; orderId?: string }[]): (string | undefined)[] =>
  orders.map(({ id, orderId }) => id ?? orderId);

describe('a repeat on an ordered cart', () => {
  test('contract replay: gets the first result with 200 and buys nothing', async () => {
    const cart = await cartIn({ contract: 'replay' });
    const first = await checkout(sandbox, cart);
    const again = await checkout(sandbox, cart);
    expect(again.status).toBe(200);
    expect(ids(again.body.orders)).toEqual(ids(first.body.orders));
    expect(ids(sandbox.orderBook())).toEqual(ids(first.body.orders));
    expect(sandbox.calls().map(({ effect }) => effect)).toEqual(['created', 'replayed']);
  });

  test('contract already-submitted: gets 400/800065', async () => {
    const cart = await cartIn({ contract: 'already-submitted' });
    await checkout(sandbox, cart);
    const again = await checkout(sandbox, cart);
    expect([again.status, again.body.code]).toEqual([400, 800065]);
    expect(shape(again.body)).toEqual(shape(await fixture('error-800065')));
    expect(sandbox.orderBook()).toHaveLength(3);
  });

  test('with the request id of the first: gets its result, unless request ids are forgotten', async () => {
    const cart = await cartIn({ contract: 'already-submitted' });
    const id = { 'MS-RequestId': randomUUID() };
    const first = await checkout(sandbox, cart, id);
    const again = await checkout(sandbox, cart, { 'MS-RequestId': id['MS-RequestId'].toUpperCase() });
    expect(ids(again.body.orders)).toEqual(ids(first.body.orders));
    sandbox.set({ forgetRequestIds: true });
    expect((await checkout(sandbox, cart, id)).body.code).toBe(800065);
  });
});

describe('a second call while a checkout runs', () => {
  test('gets 409/800064, and the cart is free afterwards', async () => {
    const cart = await cartIn(slow);
    const id = { 'MS-RequestId': randomUUID() };
    const first = checkout(sandbox, cart, id);
    await clock.whenAsleep(1);
    for (const second of [await checkout(sandbox, cart), await checkout(sandbox, cart, id)]) {
      expect([second.status, second.body.code]).toEqual([409, 800064]);
    }
    clock.advance(10_000);
    await clock.whenAsleep(1);
    clock.advance(10_000);
    expect((await first).status).toBe(201);
    expect((await checkout(sandbox, cart)).status).toBe(200);
  });

  test('with the same request id waits for the same answer when so wanted', async () => {
    const cart = await cartIn({ ...slow, sameRequest: 'wait' });
    const id = { 'MS-RequestId': randomUUID() };
    const first = checkout(sandbox, cart, id);
    await clock.whenAsleep(1);
    const second = checkout(sandbox, cart, id);
    expect((await checkout(sandbox, cart)).body.code).toBe(800064);
    clock.advance(10_000);
    await clock.whenAsleep(1);
    clock.advance(10_000);
    expect(ids((await second).body.orders)).toEqual(ids((await first).body.orders));
    expect(sandbox.orderBook()).toHaveLength(3);
  });
});

describe('the commit is half way', () => {
  test('the cart is Active and the book empty before, Ordered and awaiting its answer after', async () => {
    const cart = await cartIn(slow);
    const answer = checkout(sandbox, cart);
    await clock.whenAsleep(1);
    expect((await call(sandbox, 'GET', cartPath(cart))).body.status).toBe('Active');
    expect([sandbox.orderBook().length, sandbox.awaitingAnswer()]).toEqual([0, 0]);
    const committed = sandbox.whenAwaitingAnswer(1);
    clock.advance(10_000);
    await committed;
    expect((await call(sandbox, 'GET', cartPath(cart))).body.status).toBe('Ordered');
    expect([sandbox.orderBook().length, sandbox.awaitingAnswer()]).toEqual([3, 1]);
    await clock.whenAsleep(1);
    clock.advance(10_000);
    expect((await answer).status).toBe(201);
    await expect.poll(() => sandbox.awaitingAnswer()).toBe(0);
  });

  test('a client that leaves before it changes nothing: the orders come to exist', async () => {
    const cart = await cartIn(slow);
    const leaving = new AbortController();
    const answer = checkout(sandbox, cart, {}, leaving.signal);
    await clock.whenAsleep(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => sandbox.calls()[0]?.leftAt).toBeDefined();
    clock.advance(10_000);
    await expect.poll(() => sandbox.orderBook().length).toBe(3);
    expect(sandbox.awaitingAnswer()).toBe(0);
    await clock.whenAsleep(1);
    clock.advance(10_000);
    await expect.poll(async () => (await checkout(sandbox, cart)).status).toBe(200);
    expect(sandbox.calls()[0]).toMatchObject({ effect: 'created' });
    expect(sandbox.calls()[0]?.answeredAt).toBeUndefined();
    expect(sandbox.orderBook()).toHaveLength(3);
  });
});

describe('partly done', () => {
  const partial = (cart: 'Active' | 'Ordered'): SwitchesInput => ({
    faults: [{ kind: 'partial', code: 800010, groups: ['0'], cart, count: 1 }],
  });

  test('cart left Active: a repeat tries the failed group again and gives all orders', async () => {
    const cart = await cartIn(partial('Active'));
    const first = await checkout(sandbox, cart);
    expect((await call(sandbox, 'GET', cartPath(cart))).body.status).toBe('Active');
    const again = await checkout(sandbox, cart);
    expect(again.body.orderErrors).toBeUndefined();
    expect(again.body.orders).toHaveLength(3);
    expect(ids(again.body.orders)).toEqual(expect.arrayContaining(ids(first.body.orders)));
    expect(sandbox.orderBook()).toHaveLength(3);
  });

  test('cart left Ordered: a repeat gives the partial result again', async () => {
    const cart = await cartIn(partial('Ordered'));
    const first = await checkout(sandbox, cart);
    const again = await checkout(sandbox, cart);
    expect(ids(again.body.orders)).toEqual(ids(first.body.orders));
    expect(again.body.orderErrors).toEqual(first.body.orderErrors);
    expect(sandbox.orderBook()).toHaveLength(2);
  });
});

test('whatever goes wrong on the way, each order group is bought once and the last answer has all orders', async () => {
  sandbox = await startSandbox({ switches: instant });
  const when = fc.constantFrom('before' as const, 'between' as const, 'after' as const);
  const trouble: fc.Arbitrary<FaultInput> = fc.oneof(
    fc.record({ kind: fc.constant('error' as const), http: fc.constant(500), when }),
    fc.record({ kind: fc.constant('drop' as const), when }),
    fc.record({ kind: fc.constant('throttle' as const), retryAfter: fc.constant(1) }),
    fc.record({
      kind: fc.constant('partial' as const),
      code: fc.constant(800010),
      groups: fc.subarray(['OMS-0', '0', '1']),
    }),
  );
  const requestIds = [randomUUID(), randomUUID()];
  const step = fc.record({ trouble, requestId: fc.constantFrom(...requestIds) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.boolean(), async (steps, forgetRequestIds) => {
      const [cart] = sandbox.createCarts({ count: 1, baskets: ['sample'] });
      if (!cart) throw new Error('No cart was made.');
      for (const { trouble, requestId } of steps) {
        sandbox.set({ faults: [trouble], forgetRequestIds });
        await checkout(sandbox, cart, { 'MS-RequestId': requestId }).catch(() => 'dropped');
      }
      sandbox.set({ faults: [] });
      const last = await checkout(sandbox, cart);
      const book = sandbox.orderBook().filter(({ cartId }) => cartId === cart.cartId);
      expect(book.map(({ group }) => group).sort()).toEqual(['0', '1', 'OMS-0']);
      expect(ids(last.body.orders).sort()).toEqual(ids(book).sort());
    }),
    { numRuns: 60 },
  );
});

describe('time', () => {
  test('an order is pending until its time, and not listed until its lag is over', async () => {
    const second = 1_000;
    const cart = await cartIn(
      {
        pending: {
          licence: [30 * second, 30 * second],
          reservation: [0, 0],
          software: [0, 0],
          saas: [0, 0],
        },
        listLag: [900 * second, 900 * second],
        readLag: [5 * second, 5 * second],
      },
      'licence',
    );
    const id = (await checkout(sandbox, cart)).body.orders[0]?.id;
    const one = () => call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders/${id}`);
    const listed = async (): Promise<number> =>
      (await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders`)).body.totalCount;
    const subscriptions = async (): Promise<number> =>
      (await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/subscriptions?order_id=${id}`)).body
        .totalCount;
    expect((await one()).body.code).toBe(20000);
    clock.advance(5 * second);
    expect((await one()).body.status).toBe('pending');
    clock.advance(25 * second);
    expect((await one()).body.status).toBe('completed');
    clock.advance(869 * second);
    expect([await listed(), await subscriptions()]).toEqual([0, 0]);
    clock.advance(second);
    expect([await listed(), await subscriptions()]).toEqual([1, 1]);
  });

  test('the factor divides every length', async () => {
    clock = handClock();
    sandbox = await startSandbox({
      clock,
      factor: 60,
      switches: { ...instant, listLag: [900_000, 900_000] },
    });
    const [cart] = sandbox.createCarts({ count: 1 });
    if (!cart) throw new Error('No cart was made.');
    await checkout(sandbox, cart);
    const list = () => call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders`);
    clock.advance(14_999);
    expect((await list()).body.totalCount).toBe(0);
    clock.advance(1);
    expect((await list()).body.totalCount).toBe(1);
  });

  test('a cart past its life is gone: 404/800008 to read and to check out, ordered or not', async () => {
    const cart = await cartIn({ cartLife: 60_000 });
    await checkout(sandbox, cart);
    clock.advance(60_000);
    for (const got of [await checkout(sandbox, cart), await call(sandbox, 'GET', cartPath(cart))]) {
      expect([got.status, got.body.code]).toEqual([404, 800008]);
    }
  });

  test('another customer sees neither the cart nor its orders', async () => {
    const cart = await cartIn({});
    const stranger = randomUUID();
    const got = await checkout(sandbox, { ...cart, customerId: stranger });
    expect([got.status, got.body.code]).toEqual([404, 800008]);
    const id = (await checkout(sandbox, cart)).body.orders[0]?.id;
    const order = await call(sandbox, 'GET', `/v1/customers/${stranger}/orders/${id}`);
    expect([order.status, order.body.code]).toEqual([404, 20000]);
    expect((await call(sandbox, 'GET', `/v1/customers/${stranger}/orders`)).body.totalCount).toBe(0);
  });

  test('a token expires, and tokens can be called back in mid-run', async () => {
    const cart = await cartIn({ tokenLife: 10_000 });
    const headers = { Authorization: `Bearer ${sandbox.token()}` };
    const read = async (): Promise<number> =>
      (await call(sandbox, 'GET', cartPath(cart), { headers })).status;
    clock.advance(9_999);
    expect(await read()).toBe(200);
    sandbox.set({ tokensValidFrom: clock.now() });
    expect(await read()).toBe(401);
    sandbox.set({ tokensValidFrom: 0 });
    expect(await read()).toBe(200);
    clock.advance(1);
    expect(await read()).toBe(401);
  });
});

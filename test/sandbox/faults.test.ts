/** Promise: the sandbox fails in the way that it was told to, and tells what it did. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  type CartRef,
  type FaultInput,
  type Sandbox,
  startSandbox,
} from '../../local/partner-center/sandbox.ts';
import { call, cartPath, checkout, fixture, instant } from './client.ts';
import { handClock } from './hand-clock.ts';

let sandbox: Sandbox;
afterEach(() => sandbox.stop());

async function cartWith(...faults: FaultInput[]): Promise<CartRef> {
  sandbox = await startSandbox({ switches: { ...instant, faults } });
  const [cart] = sandbox.createCarts({ count: 1, baskets: ['sample'] });
  if (!cart) throw new Error('No cart was made.');
  return cart;
}
const bought = (): number => sandbox.orderBook().length;

describe('throttle', () => {
  const now = Date.UTC(2026, 10, 3, 9, 0, 0, 500);
  test.each([
    { retryAfter: 57, header: '57' },
    { retryAfter: undefined, header: null },
    // Rounded up to a whole second.
    { retryAfter: { dateIn: 10 }, header: 'Tue, 03 Nov 2026 09:00:11 GMT' },
    { retryAfter: { text: 'soon' }, header: 'soon' },
  ])('Retry-After $header', async ({ retryAfter, header }) => {
    const fault: FaultInput = { kind: 'throttle', ...(retryAfter === undefined ? {} : { retryAfter }) };
    sandbox = await startSandbox({ clock: handClock(now), switches: { ...instant, faults: [fault] } });
    const [cart] = sandbox.createCarts({ count: 1 });
    if (!cart) throw new Error('No cart was made.');
    const got = await checkout(sandbox, cart);
    expect([got.status, got.headers.get('Retry-After'), bought()]).toEqual([429, header, 0]);
    expect(sandbox.calls()[0]).toMatchObject({ throttled: true, status: 429 });
  });
});

describe('an error or a cut connection', () => {
  test.each([
    { when: 'before', orders: 0, cartStatus: 'Active' },
    { when: 'between', orders: 1, cartStatus: 'Active' },
    { when: 'after', orders: 3, cartStatus: 'Ordered' },
  ] as const)(
    '$when the commit: $orders orders, cart $cartStatus; a repeat ends with three',
    async (then) => {
      const { when, orders, cartStatus } = then;
      for (const fault of [
        { kind: 'error', http: 500, code: 800003, when },
        { kind: 'drop', when },
      ] as const) {
        const cart = await cartWith({ ...fault, count: 1 });
        const got = await checkout(sandbox, cart).catch((error: unknown) => error);
        if (fault.kind === 'drop') expect(got).toBeInstanceOf(TypeError);
        else expect(got).toMatchObject({ status: 500, body: { code: 800003 } });
        expect(bought()).toBe(orders);
        expect((await call(sandbox, 'GET', cartPath(cart))).body.status).toBe(cartStatus);
        expect((await checkout(sandbox, cart)).body.orders).toHaveLength(3);
        expect(bought()).toBe(3);
        await sandbox.stop();
      }
    },
  );

  test('every pair of status and code of the error table can be told', async () => {
    const table: readonly { http: number; code: number | null }[] = JSON.parse(
      JSON.stringify(await fixture('error-codes')),
    );
    const cart = await cartWith();
    for (const { http, code } of table) {
      sandbox.set({ faults: [{ kind: 'error', http, ...(code === null ? {} : { code }) }] });
      const got = await checkout(sandbox, cart);
      expect([got.status, got.body.code]).toEqual([http, code ?? undefined]);
    }
    expect(bought()).toBe(0);
  });

  test('401 carries WWW-Authenticate', async () => {
    const cart = await cartWith({ kind: 'error', http: 401, code: 900421 });
    const got = await checkout(sandbox, cart);
    expect([got.status, got.body.code]).toEqual([401, 900421]);
    expect(got.headers.get('WWW-Authenticate')).toMatch(/^OAuth realm=/);
  });
});

test('delay: the client gives up, the cart is bought all the same', async () => {
  const clock = handClock();
  const faults: FaultInput[] = [{ kind: 'delay', ms: 200_000 }];
  sandbox = await startSandbox({ clock, switches: { ...instant, faults } });
  const [cart] = sandbox.createCarts({ count: 1, baskets: ['sample'] });
  if (!cart) throw new Error('No cart was made.');
  const giveUp = new AbortController();
  const answer = checkout(sandbox, cart, {}, giveUp.signal);
  await clock.whenAsleep(1);
  giveUp.abort();
  await expect(answer).rejects.toThrow();
  expect(bought()).toBe(0);
  clock.advance(200_000);
  await expect.poll(bought).toBe(3);
});

describe('spoiled answers of a checkout that went well', () => {
  test('truncated', async () => {
    const cart = await cartWith({ kind: 'truncated' });
    const got = await checkout(sandbox, cart);
    expect(got.status).toBe(201);
    expect(() => JSON.parse(got.text)).toThrow();
    expect(got.text).toMatch(/^\{"orders":\[/);
    expect(bought()).toBe(3);
  });
  test('cut-off', async () => {
    const cart = await cartWith({ kind: 'cut-off' });
    await expect(checkout(sandbox, cart)).rejects.toThrow();
    expect(bought()).toBe(3);
  });
  test('html with 200', async () => {
    const cart = await cartWith({ kind: 'html' });
    const got = await checkout(sandbox, cart);
    expect([got.status, got.headers.get('Content-Type')]).toEqual([200, 'text/html']);
    expect(got.text).toContain('<html>');
  });
  test('byte order mark', async () => {
    const cart = await cartWith({ kind: 'bom' });
    const { text } = await checkout(sandbox, cart);
    expect(text.startsWith('\uFEFF{')).toBe(true);
    expect(JSON.parse(text.slice(1)).orders).toHaveLength(3);
  });
  test('doubled headers', async () => {
    const cart = await cartWith({ kind: 'doubled-headers' });
    const got = await checkout(sandbox, cart);
    expect(got.headers.get('X-Locale')).toBe('en-US, en-US');
  });
  test('order without id, order with an unknown status, together', async () => {
    const cart = await cartWith(
      { kind: 'order-without-id' },
      { kind: 'order-status', status: 'inReview', operations: ['checkout', 'get-order', 'list-orders'] },
    );
    const { orders } = (await checkout(sandbox, cart)).body;
    expect(orders.map(({ id, status }) => [id, status])).toEqual(Array(3).fill([undefined, 'inReview']));
    const [entry] = sandbox.orderBook();
    const read = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders/${entry?.orderId}`);
    expect([read.body.id, read.body.status]).toEqual([entry?.orderId, 'inReview']);
    const list = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders`);
    expect(list.body.items.map(({ status }) => status)).toEqual(Array(3).fill('inReview'));
  });
  test('code as string', async () => {
    const cart = await cartWith(
      { kind: 'error', http: 409, code: 800060, when: 'after' },
      { kind: 'code-as-string' },
    );
    const got = await checkout(sandbox, cart);
    expect([got.status, got.body.code, bought()]).toEqual([409, '800060', 3]);
  });
  test('redirect to another host', async () => {
    const cart = await cartWith({ kind: 'redirect', location: 'http://127.0.0.2:9/elsewhere' });
    const got = await checkout(sandbox, cart);
    expect([got.status, got.headers.get('Location')]).toEqual([302, 'http://127.0.0.2:9/elsewhere']);
  });
  test('endless body: goes on until the client hangs up', async () => {
    const cart = await cartWith({ kind: 'endless' });
    const hangUp = new AbortController();
    const response = await fetch(`${sandbox.apiBase}${cartPath(cart)}/checkout`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${sandbox.token()}` },
      signal: hangUp.signal,
    });
    let read = 0;
    for await (const chunk of response.body ?? []) {
      read += chunk.length;
      if (read > 20 * 1024 * 1024) break;
    }
    hangUp.abort();
    expect(read).toBeGreaterThan(20 * 1024 * 1024);
    expect(bought()).toBe(3);
  });
  test('hidden orders are in the book and read by id, but never listed', async () => {
    const cart = await cartWith({ kind: 'hidden' });
    const { orders } = (await checkout(sandbox, cart)).body;
    const list = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders`);
    expect([list.body.totalCount, bought()]).toEqual([0, 3]);
    const one = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders/${orders[0]?.id}`);
    expect(one.status).toBe(200);
  });
});

describe('whom a fault meets', () => {
  const refused: FaultInput = { kind: 'error', http: 403, code: 800073 };
  /** Checks out every cart once; the ones that were refused. */
  async function refusedOf(carts: readonly CartRef[]): Promise<string[]> {
    const got = await Promise.all(
      carts.map(async (cart) => ((await checkout(sandbox, cart)).status === 403 ? [cart.cartId] : [])),
    );
    return got.flat();
  }
  const many = async (fault: FaultInput): Promise<CartRef[]> => {
    sandbox = await startSandbox({ switches: { ...instant, faults: [fault] } });
    return sandbox.createCarts({ count: 60, customers: 3, baskets: ['licence'] });
  };

  test('count: so many in all', async () => {
    expect(await refusedOf(await many({ ...refused, count: 7 }))).toHaveLength(7);
  });
  test('per cart: each so often, then it heals', async () => {
    const carts = (await many({ ...refused, perCart: 1 })).slice(0, 5);
    expect(await refusedOf(carts)).toHaveLength(5);
    expect(await refusedOf(carts)).toHaveLength(0);
  });
  test('chosen carts and customers', async () => {
    const carts = await many(refused);
    const chosen = [carts[4]?.cartId ?? '', carts[40]?.cartId ?? ''];
    sandbox.set({ faults: [{ ...refused, carts: chosen }] });
    expect(await refusedOf(carts)).toEqual(chosen);
    sandbox.set({ faults: [{ ...refused, customers: [carts[0]?.customerId.toUpperCase() ?? ''] }] });
    expect(await refusedOf(carts)).toHaveLength(20);
  });
  test('share: the same carts every time; rate: not the same', async () => {
    const carts = await many({ ...refused, share: 0.3 });
    const first = await refusedOf(carts);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(35);
    expect(await refusedOf(carts)).toEqual(first);
    sandbox.set({ faults: [{ ...refused, rate: 0.3 }] });
    expect(await refusedOf(carts)).not.toEqual(await refusedOf(carts));
  });
  test('a seed gives the same fates again', async () => {
    const fates = async (): Promise<string[]> => {
      const got = await refusedOf(await many({ ...refused, rate: 0.3 }));
      await sandbox.stop();
      return got;
    };
    expect(await fates()).toEqual(await fates());
  });
  test('of two that decide the course the first wins, and only that one is counted', async () => {
    const cart = await cartWith({ ...refused, count: 1 }, { kind: 'error', http: 500, count: 1 });
    const got = [await checkout(sandbox, cart), await checkout(sandbox, cart), await checkout(sandbox, cart)];
    expect(got.map(({ status }) => status)).toEqual([403, 500, 201]);
  });
});

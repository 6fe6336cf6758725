/** Promise: the sandbox can be steered by tests and people. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Call, type Sandbox, startSandbox, tooEarly } from '../../local/partner-center/sandbox.ts';
import { call, checkout, instant } from './client.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ switches: instant });
});
afterEach(() => sandbox.stop());

const post = async (path: string, body: unknown): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${sandbox.admin}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
};

test('carts are made in bulk, equal ones for each customer, all with ids of their own', async () => {
  const { status, text } = await post('/admin/carts', { count: 2_000, customers: 10 });
  expect(status).toBe(201);
  const carts: { customerId: string; cartId: string }[] = JSON.parse(text);
  expect(new Set(carts.map(({ cartId }) => cartId)).size).toBe(2_000);
  expect(new Set(carts.map(({ customerId }) => customerId)).size).toBe(10);
});

test('switches are set at run time; a wrong one is refused and names its path', async () => {
  const [cart] = sandbox.createCarts({ count: 1 });
  if (!cart) throw new Error('No cart was made.');
  expect((await post('/admin/switches', { faults: [{ kind: 'error', http: 500 }] })).status).toBe(200);
  expect((await checkout(sandbox, cart)).status).toBe(500);
  const wrong = await post('/admin/switches', { faults: [{ kind: 'eror', http: 500 }] });
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain('faults');
  expect((await checkout(sandbox, cart)).status).toBe(500);
});

test('an order can be cancelled', async () => {
  const [cart] = sandbox.createCarts({ count: 1, baskets: ['licence'] });
  if (!cart) throw new Error('No cart was made.');
  const id = (await checkout(sandbox, cart)).body.orders[0]?.id;
  await post(`/admin/orders/${id}`, { status: 'cancelled' });
  const got = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders/${id}`);
  expect(got.body.status).toBe('cancelled');
  expect(got.body.lineItems[0]?.quantity).toBe(0);
  expect(sandbox.orderBook()[0]?.status).toBe('cancelled');
});

test('a book that lies hides an order, or invents one, in both views', async () => {
  const [cart] = sandbox.createCarts({ count: 1, baskets: ['sample'] });
  if (!cart) throw new Error('No cart was made.');
  await checkout(sandbox, cart);
  for (const [lie, orders] of [
    ['hide', 2],
    ['invent', 4],
    ['none', 3],
  ] as const) {
    sandbox.set({ lie });
    const book: unknown = await (await fetch(`${sandbox.admin}/admin/order-book`)).json();
    expect(book).toHaveLength(orders);
    expect(sandbox.orderBook()).toHaveLength(orders);
  }
});

test('pending orders end cancelled when so wanted', async () => {
  sandbox.set({
    cancelledShare: 1,
    pending: { licence: [0, 0], reservation: [0, 0], software: [0, 0], saas: [0, 0] },
  });
  const [cart] = sandbox.createCarts({ count: 1, baskets: ['sample'] });
  if (!cart) throw new Error('No cart was made.');
  await checkout(sandbox, cart);
  expect(sandbox.orderBook().map(({ status }) => status)).toEqual(['completed', 'cancelled', 'cancelled']);
});

test('the admin port says how many wait for their answer, and waits for so many', async () => {
  sandbox.set({ faults: [{ kind: 'delay', when: 'after', ms: 600_000 }] });
  const carts = sandbox.createCarts({ count: 3, baskets: ['licence'] });
  const waiting = fetch(`${sandbox.admin}/admin/awaiting-answer?atLeast=3`);
  const leaving = new AbortController();
  const answers = carts.map((cart) => checkout(sandbox, cart, {}, leaving.signal));
  expect(await (await waiting).json()).toEqual({ count: 3 });
  leaving.abort();
  for (const answer of answers) await expect(answer).rejects.toThrow();
  await expect.poll(() => sandbox.awaitingAnswer()).toBe(0);
  expect(sandbox.orderBook()).toHaveLength(3);
});

test('as a process of its own it tells its addresses, works, and leaves nothing behind', async () => {
  const main = new URL('../../local/partner-center/main.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [main, JSON.stringify({ switches: { contract: 'already-submitted' } })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exit = once(child, 'exit');
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const { admin, caFile }: { admin: string; caFile: string } = JSON.parse(line);
    const switches: unknown = await (await fetch(`${admin}/admin/switches`)).json();
    expect(switches).toMatchObject({ contract: 'already-submitted' });
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(existsSync(caFile)).toBe(false);
  } finally {
    child.kill('SIGKILL');
  }
});

describe('too early', () => {
  const base = { method: 'POST', path: '/', requestId: '', correlationId: '', effect: 'none' } as const;
  const refused: Call = {
    ...base,
    number: 0,
    arrivedAt: 900,
    answeredAt: 1_000,
    throttled: true,
    throttleScope: 'partner',
    retryAfter: '10',
    customerId: 'a',
  };
  const at = (arrivedAt: number, customerId = 'b'): Call => ({
    ...base,
    number: arrivedAt,
    arrivedAt,
    throttled: false,
    customerId,
  });
  const earlyAmong = (...calls: Call[]): number[] => tooEarly(calls).map(({ early }) => early.arrivedAt);

  test('is what arrives before the end of the wait and more than 2 s after the 429', () => {
    expect(earlyAmong(refused, at(2_999), at(3_000), at(3_001), at(10_999), at(11_000))).toEqual([
      3_001, 10_999,
    ]);
  });
  test('a date is a wait too; nonsense and an absent header are none', () => {
    const until = (retryAfter: string): Call => ({ ...refused, retryAfter });
    expect(earlyAmong(until(new Date(20_000).toUTCString()), at(19_999), at(20_000))).toEqual([19_999]);
    expect(earlyAmong(until('soon'), at(5_000))).toEqual([]);
    const { retryAfter: _, ...without } = refused;
    expect(earlyAmong(without, at(5_000))).toEqual([]);
  });
  test("a customer's 429 binds that customer alone", () => {
    const mine: Call = { ...refused, throttleScope: 'customer' };
    expect(earlyAmong(mine, at(5_000, 'b'), at(6_000, 'a'))).toEqual([6_000]);
  });
});

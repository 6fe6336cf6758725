/** Promise: the sandbox's answers have the shape of the documented samples. */

import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../local/partner-center/sandbox.ts';
import { type Body, call, cartPath, checkout, fixture, instant, shape } from './client.ts';

let sandbox: Sandbox;
afterEach(() => sandbox.stop());

/** The sample cart in a sandbox of its own, with the ids of the fixture. */
async function sampleCart(): Promise<{ customerId: string; cartId: string; sample: Body }> {
  sandbox = await startSandbox({ switches: instant });
  const sample = await fixture('cart-active');
  const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
  const lines: { [field: string]: unknown; catalogItemId: string; quantity: number }[] = sample.lineItems.map(
    (line) => ({ ...line, orderGroup: undefined, id: undefined }),
  );
  sandbox.createCarts({ carts: [{ customerId, cartId: sample.id, lineItems: lines }] });
  return { customerId, cartId: sample.id, sample };
}

describe('the sample cart', () => {
  test('is read in the shape of the sample, with the same order groups', async () => {
    const cart = await sampleCart();
    const got = await call(sandbox, 'GET', cartPath(cart));
    expect(got.status).toBe(200);
    expect(shape(got.body)).toEqual(shape(cart.sample));
    expect(got.body.lineItems).toEqual(cart.sample.lineItems);
    expect(got.body.links).toEqual(cart.sample.links);
  });

  test('is checked out into three orders: one completed, two pending, with four lines in those', async () => {
    const cart = await sampleCart();
    const got = await checkout(sandbox, cart);
    expect(got.status).toBe(201);
    expect(shape(got.body)).toEqual(shape(await fixture('checkout-201')));
    const pending = got.body.orders.filter((order) => order.status === 'pending');
    expect(got.body.orders.map((order) => order.status)).toEqual(['completed', 'pending', 'pending']);
    expect(pending.flatMap((order) => order.lineItems)).toHaveLength(4);
    const [legacy, ...modern] = got.body.orders;
    expect(legacy?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(legacy?.alternateId).toBe(legacy?.id);
    expect(legacy?.creationDate).toMatch(/T[\d:]{8}(\.\d{1,3})?\+00:00$/);
    for (const order of modern) {
      expect(order.id).toMatch(/^[\w-]{33}$/);
      expect(order.creationDate).toMatch(/\.\d{7}Z$/);
    }
  });

  test('is Ordered afterwards, and its orders are read and listed in the shape of the samples', async () => {
    const cart = await sampleCart();
    const { orders } = (await checkout(sandbox, cart)).body;
    const { body } = await call(sandbox, 'GET', cartPath(cart));
    expect(body.status).toBe('Ordered');
    expect(shape(body)).toEqual(shape(await fixture('cart-ordered')));
    const one = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders/${orders[1]?.id}`);
    expect(shape(one.body)).toEqual(shape(await fixture('order-pending')));
    const list = await call(sandbox, 'GET', `/v1/customers/${cart.customerId}/orders`);
    const { items, ...collection } = list.body;
    expect(items).toEqual(orders);
    const { items: _, ...sampleCollection } = await fixture('orders-collection');
    expect(shape(collection)).toEqual(shape(sampleCollection));
    expect(list.body.totalCount).toBe(3);
  });

  test('gives a partial result in the shape of the sample', async () => {
    const cart = await sampleCart();
    sandbox.set({ faults: [{ kind: 'partial', code: 800010, groups: ['0'] }] });
    const got = await checkout(sandbox, cart);
    expect(got.status).toBe(201);
    expect(shape(got.body)).toEqual(shape(await fixture('checkout-partial')));
    expect(got.body.orderErrors).toMatchObject([{ orderGroupId: '0', code: 800010 }]);
  });
});

test('paths are case-insensitive, order ids are not', async () => {
  const cart = await sampleCart();
  const { orders } = (await checkout(sandbox, cart)).body;
  const modernId = orders[1]?.id ?? '';
  const orderPath = (id: string): string => `/V1/Customers/${cart.customerId.toUpperCase()}/ORDERS/${id}`;
  expect((await call(sandbox, 'GET', orderPath(modernId))).status).toBe(200);
  const wrong = await call(sandbox, 'GET', orderPath(modernId.toUpperCase()));
  expect([wrong.status, wrong.body.code]).toEqual([404, 20000]);
});

test('ids of the request come back in the headers', async () => {
  const cart = await sampleCart();
  const headers = {
    'MS-RequestId': 'aaaaaaaa-0000-4000-8000-000000000001',
    'MS-CorrelationId': 'aaaaaaaa-0000-4000-8000-000000000002',
    'X-Locale': 'fr-FR',
  };
  const got = await call(sandbox, 'GET', cartPath(cart), { headers });
  for (const [name, value] of Object.entries(headers)) expect(got.headers.get(name)).toBe(value);
  expect(got.headers.get('MS-CV')).toBeTruthy();
  expect(got.headers.get('MS-ServerId')).toBeTruthy();
});

test('provisioning status needs App+User and has the shape of the sample', async () => {
  const cart = await sampleCart();
  const { orders } = (await checkout(sandbox, cart)).body;
  const path = `/v1/customers/${cart.customerId}/orders/${orders[1]?.id}/provisioningstatus`;
  const app = await call(sandbox, 'GET', path);
  expect([app.status, app.body.code]).toEqual([403, 900329]);
  const user = await call(sandbox, 'GET', path, {
    headers: { Authorization: `Bearer ${sandbox.token('user')}` },
  });
  expect(shape(user.body)).toEqual(shape(await fixture('provisioningstatus')));
});

test('a posted cart is arranged in groups and can be replaced; a bad item is told in the line', async () => {
  sandbox = await startSandbox({ switches: instant });
  const carts = '/v1/customers/7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10/carts';
  const item = { catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971', quantity: 3 };
  const made = await call(sandbox, 'POST', carts, { body: { lineItems: [item] } });
  expect(made.status).toBe(201);
  expect(made.body.lineItems[0]).toMatchObject({ ...item, orderGroup: '0', billingCycle: 'monthly' });
  const bad = { lineItems: [{ ...item, catalogItemId: 'NO:SUCH:ITEM' }] };
  const replaced = await call(sandbox, 'PUT', `${carts}/${made.body.id}`, { body: bad });
  expect(replaced.body.lineItems[0]?.error?.errorCode).toBe(10001);
  const refused = await call(sandbox, 'POST', `${carts}/${made.body.id}/checkout`);
  expect([refused.status, refused.body.code]).toEqual([400, 800009]);
  const empty = await call(sandbox, 'POST', carts, { body: { lineItems: [] } });
  expect([empty.status, empty.body.code]).toEqual([400, 800002]);
});

test('order groups: legacy ones apart, each SaaS plan alone, other lines by billing cycle', async () => {
  sandbox = await startSandbox({ switches: instant });
  const items = [
    'CFQ7TTC0LH18:0001:CFQ7TTC0K971',
    'DZH318Z0BXWC:0002:DZH318Z0BMRV',
    'C0BD2E08-11AC-4836-BDC7-3712E744922F',
    'DZH318Z0BXWC:0002:DZH318Z0BMRV',
    'CFQ7TTC0LDPB:0001:CFQ7TTC0KP0N',
    'CFQ7TTC0LH18:0001:CFQ7TTC0K971',
  ];
  const body = { lineItems: items.map((catalogItemId) => ({ catalogItemId, quantity: 1 })) };
  const made = await call(sandbox, 'POST', '/v1/customers/7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10/carts', {
    body,
  });
  expect(made.body.lineItems.map(({ orderGroup }) => orderGroup)).toEqual(['0', '1', 'OMS-0', '2', '3', '0']);
});

test('the order book tells of each order its cart, group and the ids of the call that made it', async () => {
  const cart = await sampleCart();
  const got = await checkout(sandbox, cart, { 'MS-CorrelationId': 'aaaaaaaa-0000-4000-8000-00000000000c' });
  const book: unknown = await (await fetch(`${sandbox.admin}/admin/order-book`)).json();
  expect(book).toEqual(sandbox.orderBook());
  expect(sandbox.orderBook().map((entry) => [entry.group, entry.orderId, entry.status])).toEqual(
    ['OMS-0', '0', '1'].map((group, index) => [
      group,
      got.body.orders[index]?.id,
      index === 0 ? 'completed' : 'pending',
    ]),
  );
  for (const entry of sandbox.orderBook()) {
    expect(entry).toMatchObject({
      customerId: cart.customerId,
      cartId: cart.cartId,
      correlationId: 'aaaaaaaa-0000-4000-8000-00000000000c',
      requestId: got.headers.get('MS-RequestId'),
    });
  }
  const calls: unknown = await (await fetch(`${sandbox.admin}/admin/calls`)).json();
  expect(calls).toEqual(sandbox.calls());
  expect(sandbox.calls()[0]).toMatchObject({
    operation: 'checkout',
    effect: 'created',
    status: 201,
    throttled: false,
  });
});

/** Promise: the HTTP interface does what its description says. */

import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import * as z from 'zod/mini';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { queueName, type Stack, startStack, topicName } from '../../local/stack.ts';
import { configOf } from '../broker/config-of.ts';
import { offences } from '../support/open-api.ts';

let stack: Stack;
let address: string;
/** A queue that nobody takes from, and a worker that sends there: what arrives is what was sent. */
let still: Broker;
let stillAddress: string;

beforeAll(async () => {
  stack = await startStack({ factor: 100, appRoot: inject('appRoot') });
  address = (await stack.startWorker()).address ?? '';
  still = await startBroker({ config: configOf({ queues: [queueName], topics: { [topicName]: ['all'] } }) });
  const sender = await stack.startWorker(undefined, {
    ServiceBusConnection: still.connectionString,
    'AzureWebJobs.checkout.Disabled': '1',
  });
  stillAddress = sender.address ?? '';
});
afterAll(async () => {
  await stack?.stop();
  await still?.stop();
});

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Asks, and holds the answer against the description. */
async function ask(
  method: string,
  route: string,
  path: string,
  init: RequestInit = {},
  from = address,
): Promise<Asked> {
  const answer = await fetch(`${from}${path}`, {
    method,
    ...init,
    headers: { 'x-functions-key': stack.functionKey, ...Object(init.headers) },
  });
  const copy = answer.clone();
  expect(await offences(method.toLowerCase(), route, answer)).toEqual([]);
  const text = await copy.text();
  return { status: copy.status, headers: copy.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const post = (body: unknown, init: RequestInit = {}, from = address) =>
  ask(
    'POST',
    '/jobs',
    '/api/jobs',
    {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...Object(init.headers) },
    },
    from,
  );
const get = (route: string, path: string) => ask('GET', route, path);
const readJob = (location: string) => get('/jobs/{jobKey}', location);
/** To the queue that nobody takes from. */
const postStill: typeof post = (body, init) => post(body, init, stillAddress);
// The poller of that worker tells events to the same broker: they are not counted.
const queued = () => Object.values(still.entity(queueName).counts()).reduce((sum, count) => sum + count, 0);

describe('a job', () => {
  test('is taken, and its state can be read where the answer says', async () => {
    const [cart] = stack.sandbox.createCarts({ count: 1, baskets: ['legacy'] });
    const reference = '<img src=x onerror=alert(1)>';
    const answer = await post({ ...cart, reference });
    const location = `/api/jobs/${cart?.customerId}:cart:${cart?.cartId}`;
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(location);
    expect(answer.body).toEqual({ sent: 1, jobs: [location] });

    const state = await vi.waitFor(
      async () => {
        const found = await readJob(location);
        expect(found.body).toMatchObject({ final: true });
        return found;
      },
      { timeout: 20_000, interval: 100 },
    );
    // What the producer wrote comes back as data, and no browser takes it for a page.
    expect(state.body).toMatchObject({
      jobKey: `${cart?.customerId}:cart:${cart?.cartId}`,
      state: 'completed',
      attempts: 0,
      reference,
    });
    expect(state.headers.get('content-type')).toBe('application/json');
    expect(state.headers.get('x-content-type-options')).toBe('nosniff');
    expect(state.body).toHaveProperty(
      'orders.length',
      stack.sandbox.orderBook().filter(({ cartId }) => cartId === cart?.cartId).length,
    );

    const again = await post({ ...cart });
    expect(again.body).toMatchObject({ known: { state: 'completed', cartId: cart?.cartId } });
  });

  test('that carries lines says what became of each', async () => {
    const [customerId] = stack.sandbox.customerIds(1, 'http');
    const line = { product: 'CFQ7TTC0AB12', sku: '0001', quantity: 2, term: 'P1Y', billing: 'monthly' };
    const sent = await post({
      customerId,
      externalOrderId: 'HTTP-1',
      onBadLine: 'drop',
      lines: [line, { ...line, sku: '0009' }],
    });
    const location = `/api/jobs/${customerId}:order:http-1`;
    expect(sent.headers.get('location')).toBe(location);
    const found = await vi.waitFor(
      async () => {
        const state = await readJob(location);
        expect(state.body).toMatchObject({ final: true });
        return state;
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(found.body).toMatchObject({
      state: 'completed',
      externalOrderId: 'HTTP-1',
      orders: [{ subscriptions: [{ offerId: expect.stringMatching(/^CFQ7TTC0AB12:0001:/) }] }],
      lines: [
        { line: 1, state: 'completed', orderId: expect.any(String), subscriptionId: expect.any(String) },
        { line: 2, sku: '0009', state: 'dropped', code: '400018', remedy: expect.any(String) },
      ],
    });
  });

  test('that failed has its reason, and the remedy', async () => {
    const { customerId } = z
      .object({ customerId: z.string() })
      .parse(stack.sandbox.createCarts({ count: 1 })[0]);
    const cartId = 'dddddddd-0000-4000-8000-000000000001';
    const sent = await post({ customerId: customerId.toUpperCase(), cartId });
    const found = await vi.waitFor(
      async () => {
        const state = await readJob(sent.headers.get('location') ?? '');
        expect(state.body).toMatchObject({ state: 'failed' });
        return state;
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(found.body).toMatchObject({
      reason: { remedy: expect.stringMatching(/\.$/), code: expect.any(String) },
    });
    expect(JSON.stringify(found.body)).not.toMatch(/secret|Bearer|SharedAccess/i);
  });

  test('nobody knows yet is a 404, and what is no job key a 400; a key may come encoded', async () => {
    const id = 'eeeeeeee-0000-4000-8000-000000000001';
    expect(await readJob(`/api/jobs/${id}:cart:${id}`)).toMatchObject({ status: 404 });
    expect(await readJob(`/api/jobs/${id.toUpperCase()}%3Acart%3A${id}`)).toMatchObject({ status: 404 });
    for (const wrong of [id, `${id}:cart:x`, '%3Cb%3E'])
      expect(await readJob(`/api/jobs/${wrong}`)).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'jobKey' }] },
      });
  });
});

describe('a list', () => {
  test('of a batch is taken whole, and names its batch', async () => {
    const carts = stack.sandbox.createCarts({ count: 30, customers: 3, baskets: ['legacy'] });
    const answer = await post(carts.map((cart) => ({ ...cart, batchId: 'http 1', batchSize: 30 })));
    expect(answer.headers.get('location')).toBe('/api/batches/http%201');
    expect(answer.body).toMatchObject({
      sent: 30,
      jobs: carts.map(({ customerId, cartId }) => `/api/jobs/${customerId}:cart:${cartId}`),
    });
    const state = await vi.waitFor(
      async () => {
        const read = await get('/batches/{batchId}', '/api/batches/http%201');
        expect(read.body).toMatchObject({ finished: true });
        return read;
      },
      { timeout: 30_000, interval: 100 },
    );
    expect(state.body).toMatchObject({
      batchId: 'http 1',
      total: 30,
      counts: { completed: 30, notStarted: 0 },
    });
  });

  test('names a batch that nobody knows, or that is none', async () => {
    expect(await get('/batches/{batchId}', '/api/batches/nowhere')).toMatchObject({ status: 404 });
    const wrong = await get('/batches/{batchId}', '/api/batches/%3Cb%3E');
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ path: 'batchId' }] } });
  });

  test('with bad ones is refused whole, and each bad field is named', async () => {
    const before = queued();
    const [cart] = stack.sandbox.createCarts({ count: 1 });
    const answer = await postStill([
      cart,
      { ...cart, cartId: 7, notafter: '2026-11-24T06:00:00Z' },
      'a job',
      { ...cart, notBefore: '2026-11-24T06:00:00Z', notAfter: '2026-11-24T05:00:00Z' },
      null,
    ]);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const paths = ['[1].notafter', '[1].cartId', '[2]', '[3].notAfter', '[4]'];
    expect(answer.body).toMatchObject({ errors: paths.map((path) => ({ path })) });
    expect(queued()).toBe(before);
  });

  test('of 1,001, of none, and of a thousand times nonsense', async () => {
    const [cart] = stack.sandbox.createCarts({ count: 1 });
    const refused = (reason: string) => ({ errors: [{ reason: expect.stringContaining(reason) }] });
    const tooMany = await postStill(Array.from({ length: 1_001 }, () => cart));
    expect(tooMany.body).toMatchObject(refused('1001'));
    expect((await postStill([])).body).toMatchObject(refused('empty'));
    const nonsense = await postStill(Array.from({ length: 1_000 }, () => ({ a: 1, b: 2 })));
    expect(nonsense.body).toMatchObject({ omitted: 3_000 });
    expect(nonsense.body).toHaveProperty('errors.length', 1_000);
  });

  test('of 1,000 is taken', async () => {
    const cart = { customerId: 'cccccccc-0000-4000-8000-000000000000' };
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      ...cart,
      cartId: `dddddddd-0000-4000-8000-${String(index).padStart(12, '0')}`,
      // Far away: the worker reschedules them.
      notBefore: '2100-01-01T00:00:00Z',
    }));
    expect((await postStill(many)).body).toMatchObject({ sent: 1_000 });
  });
});

describe('what is no request', () => {
  const [id] = ['eeeeeeee-0000-4000-8000-000000000002'];
  const good = { customerId: id, cartId: id };
  test.each([
    ['not JSON', 400, () => postStill('{"customerId":')],
    ['not UTF-8', 400, () => postStill(new Uint8Array([0xff, 0xfe, 0x00]))],
    ['nothing', 400, () => postStill('')],
    [
      'no content type',
      415,
      () => postStill(JSON.stringify(good), { headers: { 'content-type': 'text/plain' } }),
    ],
    [
      'a form',
      415,
      () => postStill('a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ],
    ['10 MB', 413, () => postStill(`[${JSON.stringify(good)}${' '.repeat(10_000_000)}]`)],
    ['no key', 401, () => postStill(good, { headers: { 'x-functions-key': '' } })],
    ['a wrong key', 401, () => postStill(good, { headers: { 'x-functions-key': 'guess' } })],
    [
      'chunks',
      411,
      () =>
        postStill('', {
          body: new Blob([JSON.stringify(good)]).stream(),
          ...{ duplex: 'half' },
        }),
    ],
  ])('%s is a %i, and nothing is sent', async (_, status, send) => {
    const before = queued();
    expect((await send()).status).toBe(status);
    expect(queued()).toBe(before);
  });

  test('a wrong method is a 404, as in Azure', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
      expect((await fetch(`${address}/api/jobs`, { method })).status).toBe(404);
  });
});

test('health needs no key, and tells of gate and poller', async () => {
  const asked = await vi.waitFor(
    async () => {
      const answer = await fetch(`${address}/api/health`);
      const copy = answer.clone();
      expect(await offences('get', '/health', answer)).toEqual([]);
      const body = await copy.json();
      expect(body).toMatchObject({ lastTick: { ageSeconds: expect.any(Number) }, gate: { open: true } });
      return { status: copy.status, body };
    },
    { timeout: 10_000 },
  );
  expect(asked).toMatchObject({ status: 200, body: { healthy: true, tables: 'reachable' } });
});

test('a queue that fails is a 503 that says how many were sent, and that repeating is safe', async () => {
  const worker = await stack.startWorker(undefined, {
    CHECKOUT_QUEUE: queueName,
    'AzureWebJobs.checkout.Disabled': '1',
    ServiceBusConnection:
      'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;SharedAccessKey=hush;UseDevelopmentEmulator=true',
  });
  const id = 'eeeeeeee-0000-4000-8000-000000000003';
  const answer = await fetch(`${worker.address}/api/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': stack.functionKey },
    body: JSON.stringify({ customerId: id, cartId: id }),
  });
  const text = await answer.clone().text();
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('30');
  expect(await offences('post', '/jobs', answer)).toEqual([]);
  expect(JSON.parse(text)).toMatchObject({
    sent: 0,
    total: 1,
    detail: expect.stringContaining('that is safe'),
  });
  expect(text).not.toContain('hush');
  await worker.stop();
});

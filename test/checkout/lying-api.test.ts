/** Promise: a cart is bought once and completed, whatever Partner Center says about it for a while. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { partnerCenterClient } from '../../src/adapters/partner-center/partner-center-client.ts';
import { type OneWorker, oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

/** Partner Center with one cart: it buys what it is asked to buy, and then lies about it. The real client asks. */
type Lie = (response: ServerResponse, truth: string, nth: number) => void;

const start = Date.UTC(2026, 10, 24, 2);
const offerId = 'DZH318Z0BQ36:004G:DZH318Z08C0S';
const plain = { status: 'completed', creationDate: '2026-11-24T02:00:01.6578126Z' };
const lineOf = (quantity: unknown) => ({ lineItemNumber: 0, offerId, quantity, termDuration: 'P1Y' });

interface Options {
  /** What becomes of the answer to each checkout, and to each read. */
  readonly checkout?: Lie;
  readonly order?: Lie;
  readonly list?: Lie;
  readonly cart?: Lie;
  readonly fields?: Record<string, unknown>;
  /** How an ordered cart answers its next checkout. */
  readonly again?: 'replay' | 'refuse';
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function lyingApi({ checkout, order, list, cart, fields = {}, again = 'replay' }: Options) {
  const bought: string[] = [];
  const asked: string[] = [];
  const anOrder = (id: string) => ({
    id,
    referenceCustomerId: customerId,
    billingCycle: 'one_time',
    lineItems: [lineOf(2)],
    ...plain,
    ...fields,
  });
  const honest: Lie = (response, truth) => response.end(truth);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    const what = path.endsWith('/checkout')
      ? 'checkout'
      : path.includes('/carts/')
        ? 'cart'
        : path.endsWith('/orders')
          ? 'list'
          : 'order';
    asked.push(what);
    const nth = asked.filter((one) => one === what).length;
    const tell = (lie: Lie | undefined, body: unknown) => {
      response.setHeader('content-type', 'application/json');
      (lie ?? honest)(response, JSON.stringify(body), nth);
    };
    switch (what) {
      case 'checkout': {
        if (bought.length > 0 && again === 'refuse') {
          response.statusCode = 400;
          response.end('{"code":800065,"description":"already submitted"}');
          return;
        }
        if (bought.length === 0) bought.push('Order-1');
        response.statusCode = 201;
        return tell(checkout, { orders: bought.map(anOrder) });
      }
      case 'cart':
        return tell(cart, {
          id: cartId,
          status: bought.length > 0 ? 'Ordered' : 'Active',
          lineItems: [
            {
              id: 0,
              catalogItemId: offerId,
              quantity: 2,
              billingCycle: 'one_time',
              termDuration: 'P1Y',
              orderGroup: '0',
            },
          ],
        });
      case 'list':
        return tell(list, { items: bought.map(anOrder) });
      case 'order':
        return tell(order, anOrder(bought[0] ?? ''));
    }
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const clock = leapingClock(start);
  const client = partnerCenterClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callTimeout: 2_000,
    readTimeout: 2_000,
    tokens: { token: async () => 'token' },
    clock,
  });
  const worker = oneWorker(client, clock);
  await worker.enqueue({ customerId, cartId });
  return { worker, asked, checkouts: () => asked.filter((what) => what === 'checkout').length };
}

const recordOf = async ({ stores }: OneWorker) => (await stores.ledger.read(jobKey))?.value;
/** Lies once, and tells the truth from then on. */
const once =
  (lie: (response: ServerResponse, truth: string) => void): Lie =>
  (response, truth, nth) =>
    nth === 1 ? lie(response, truth) : response.end(truth);

const lies: Record<string, Options> = {
  'HTML with 200': { checkout: once((response) => response.end('<html>All is well</html>')) },
  'JSON that is cut': { checkout: once((response, truth) => response.end(truth.slice(0, 60))) },
  'a connection that ends in the body': {
    checkout: once((response, truth) => {
      response.setHeader('content-length', truth.length);
      response.write(truth.slice(0, 60), () => response.destroy());
    }),
  },
  'an order without id': {
    checkout: once((response) => response.end('{"orders":[{"status":"completed"}]}')),
  },
  'an endless body': {
    checkout: once((response) => {
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    }),
  },
  'no body': { checkout: once((response) => response.end()) },
  'an order that is told twice': {
    checkout: once((response, truth) => {
      const { orders } = JSON.parse(truth);
      response.end(JSON.stringify({ orders: [...orders, ...orders] }));
    }),
  },
  'a BOM in front, doubled headers': {
    checkout: (response, truth) => {
      response.setHeader('ms-cv', ['a.1', 'a.1']);
      response.setHeader('x-locale', ['en-US', 'en-US']);
      response.end(`\uFEFF${truth}`);
    },
  },
  'ten thousand line items': { fields: { lineItems: Array.from({ length: 10_000 }, () => lineOf(2)) } },
  'numbers as text': { fields: { lineItems: [lineOf('2')], totalPrice: '12.50' } },
  'words of two megabytes': {
    fields: { alternateId: 'x'.repeat(2_000_000), currencyCode: 'x'.repeat(2_000_000) },
  },
  'a date with an offset': { fields: { creationDate: '2026-11-23T18:00:01.253-08:00' } },
  'a date with two digits of a second': { fields: { creationDate: '2026-11-24T02:00:01.76+00:00' } },
  'a date that is none': { fields: { creationDate: 'soon' } },
  'a redirect, after it bought': {
    checkout: once((response) => {
      response.statusCode = 302;
      response.setHeader('location', 'http://127.0.0.1:9/elsewhere');
      response.end();
    }),
  },
  'a server fault, after it bought': {
    checkout: once((response) => {
      response.statusCode = 500;
      response.end('{"code":"800003","description":"unexpected"}');
    }),
  },
  'an order that cannot be processed (4018), after it bought': {
    checkout: once((response) => {
      response.statusCode = 400;
      response.end('{"code":4018,"description":"unable to process this order"}');
    }),
  },
  'Retry-After of a year': {
    checkout: once((response) => {
      response.statusCode = 429;
      response.setHeader('retry-after', '31536000');
      response.end();
    }),
  },
  'Retry-After: soon': {
    checkout: once((response) => {
      response.statusCode = 429;
      response.setHeader('retry-after', 'soon');
      response.end('<html>');
    }),
  },
  'an order list with an order without id, once': {
    checkout: once((response) => response.end('<html>')),
    list: once((response) => response.end('{"items":[{"status":"completed"}]}')),
  },
  'an ordered cart that shows no lines, once': {
    checkout: once((response) => response.end('<html>')),
    cart: once((response, truth) =>
      response.end(JSON.stringify({ ...JSON.parse(truth), lineItems: undefined })),
    ),
  },
  'an error without a code or a word, and no orders': {
    checkout: once((response) => response.end('{"orders":null,"orderErrors":[{}]}')),
  },
  'a cart of a status that nobody knows, once': {
    checkout: once((response) => response.end('<html>')),
    cart: once((response) => response.end('{"id":"x","status":"Draft"}')),
  },
};

for (const again of ['replay', 'refuse'] as const)
  test.each(Object.entries(lies))(`%s: completed in the end, bought once (${again})`, async (_, lie) => {
    const { worker } = await lyingApi({ ...lie, again });
    await worker.settle();
    const record = await recordOf(worker);
    expect(record).toMatchObject({ state: 'completed', orders: [{ id: 'Order-1', status: 'completed' }] });
    expect(worker.queue).toEqual([]);
    expect(worker.tables.attention.all().filter((row) => row.properties['open'] === true)).toEqual([]);
    expect(worker.events.map(({ type }) => type)).toEqual(['checkout.completed']);
  });

test('an order status that nobody knows is pending, with a warning, until one comes that is known', async () => {
  const { worker, checkouts } = await lyingApi({
    fields: { status: 'inReview' },
    order: (response, truth, nth) =>
      response.end(nth < 3 ? truth : truth.replace('"inReview"', '"COMPLETED"')),
  });
  await worker.settle();
  expect(await recordOf(worker)).toMatchObject({ state: 'completed' });
  expect(worker.warnings.join('\n')).toContain('"inReview"');
  expect(checkouts()).toBe(1);
});

test('a list that is never readable is told to a person after a day; nothing is bought, and looking goes on', async () => {
  const { worker, checkouts } = await lyingApi({
    checkout: (response) => response.end('<html>'),
    list: (response) => response.end('{"items":[{"status":"completed"}]}'),
  });
  await worker.until(start + 26 * 3_600_000);
  expect(checkouts()).toBe(1);
  expect(await recordOf(worker)).toMatchObject({ state: 'unresolved', asked: { kind: 'pending-too-long' } });
  expect(worker.tables.attention.all()[0]?.properties).toMatchObject({
    kind: 'pending-too-long',
    open: true,
  });
  expect(worker.tables.schedule.all()).toHaveLength(1);
});

test('a list that is refused with 404 is not an empty list: a person is asked', async () => {
  const { worker, checkouts } = await lyingApi({
    checkout: (response) => response.end('<html>'),
    list: (response) => {
      response.statusCode = 404;
      response.end('{"code":60003,"description":"no such tenant"}');
    },
  });
  await worker.until(start + 3_600_000);
  expect(checkouts()).toBe(1);
  expect(await recordOf(worker)).toMatchObject({ state: 'unresolved', asked: { kind: 'needs-decision' } });
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { readBody } from './api-server.ts';
import { createCarts } from './bulk.ts';
import { orderBook } from './order-book.ts';
import type { World } from './world.ts';

interface Said {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The port of whoever runs the sandbox; no token.
 *
 * - `GET /admin/order-book`, `GET /admin/calls[?since=number]`, `GET /admin/switches`
 * - `POST /admin/switches` with some switches, `POST /admin/carts` with a bulk request (see `bulk.ts`)
 * - `POST /admin/orders/{id}` with `{"status": "cancelled"}`
 * - `GET /admin/awaiting-answer[?atLeast=n]`: with `atLeast` it answers when there are so many
 */
export function makeAdminServer(world: World): Server {
  return createServer((request, response) => {
    answer(world, request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
        response.end(JSON.stringify(body));
      },
      (error: unknown) => {
        response.writeHead(400, { 'Content-Type': 'application/json; charset=utf-8' });
        response.end(JSON.stringify({ error: String(error) }));
      },
    );
  });
}

async function answer(world: World, request: IncomingMessage): Promise<Said> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sandbox');
  const what = `${request.method} ${pathname}`;
  const forced = /^POST \/admin\/orders\/([^/]+)$/.exec(what)?.[1];
  if (forced !== undefined) return forceStatus(world, forced, JSON.parse(await readBody(request)));
  switch (what) {
    case 'GET /admin/order-book':
      return { status: 200, body: orderBook(world) };
    case 'GET /admin/calls':
      return { status: 200, body: world.calls.slice(Number(searchParams.get('since') ?? 0)) };
    case 'GET /admin/switches':
      return { status: 200, body: world.switches };
    case 'POST /admin/switches':
      world.set(JSON.parse(await readBody(request)));
      return { status: 200, body: world.switches };
    case 'POST /admin/carts':
      return { status: 201, body: createCarts(world, JSON.parse(await readBody(request))) };
    case 'GET /admin/awaiting-answer': {
      const atLeast = searchParams.get('atLeast');
      if (atLeast !== null) await world.awaiting.atLeast(Number(atLeast));
      return { status: 200, body: { count: world.awaiting.count } };
    }
    default:
      return { status: 404, body: { error: `No such admin path: ${what}` } };
  }
}

function forceStatus(world: World, orderId: string, body: unknown): Said {
  const order = world.orders.get(orderId);
  const status =
    typeof body === 'object' && body !== null && 'status' in body && typeof body.status === 'string'
      ? body.status
      : undefined;
  if (!order) return { status: 404, body: { error: `No such order: ${orderId}` } };
  if (status === undefined) return { status: 400, body: { error: 'The body must be {"status": "…"}.' } };
  order.forcedStatus = status;
  return { status: 200, body: { orderId, status } };
}

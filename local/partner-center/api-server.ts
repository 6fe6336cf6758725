import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { findRoute, type Route, respond } from './api.ts';
import type { Call } from './calls.ts';
import { send } from './send.ts';
import type { World } from './world.ts';

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

function traceOf(request: IncomingMessage): Pick<Call, 'traceparent'> {
  const traceparent = header(request, 'traceparent');
  return traceparent === undefined ? {} : { traceparent };
}

/** The whole body; requests are small. Rejects when the client leaves before its end. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function logArrival(world: World, request: IncomingMessage, route: Route | undefined): Call {
  const call: Call = {
    number: world.calls.length,
    arrivedAt: world.clock.now(),
    method: request.method ?? '',
    path: request.url ?? '',
    requestId: (header(request, 'ms-requestid') ?? randomUUID()).toLowerCase(),
    correlationId: header(request, 'ms-correlationid') ?? randomUUID(),
    ...traceOf(request),
    effect: 'none',
    throttled: false,
  };
  if (route) {
    call.operation = route.operation;
    call.customerId = route.customerId;
    if (route.operation === 'checkout' || route.operation.endsWith('-cart')) {
      if (route.id !== '') call.cartId = route.id.toLowerCase();
    } else if (route.id !== '') call.orderId = route.id;
  }
  world.calls.push(call);
  return call;
}

function setCommonHeaders(request: IncomingMessage, response: ServerResponse, call: Call): void {
  response.setHeader('MS-RequestId', call.requestId);
  response.setHeader('MS-CorrelationId', call.correlationId);
  response.setHeader('MS-CV', header(request, 'ms-cv') ?? `${randomUUID().slice(0, 8)}.0`);
  response.setHeader('MS-ServerId', '10000001');
  response.setHeader('X-Locale', header(request, 'x-locale') ?? 'en-US');
}

async function handle(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = findRoute(request.method ?? '', request.url ?? '/');
  const call = logArrival(world, request, route);
  const followed = [world.awaiting, world.creating];
  for (const calls of followed) calls.arrived(call.number);
  response.once('close', () => {
    for (const calls of followed) calls.closed(call.number);
    if (!response.writableFinished) call.leftAt = world.clock.now();
  });
  setCommonHeaders(request, response, call);
  const { reply, struck } = await respond(world, request, route, await readBody(request), call);
  if (reply === 'dropped') {
    response.destroy();
    return;
  }
  if (reply.code !== undefined) call.code = reply.code;
  const retryAfter = reply.headers?.['Retry-After'];
  if (retryAfter !== undefined) call.retryAfter = retryAfter;
  if (response.destroyed) return;
  call.status = await send(response, reply, struck.spoils);
  if (response.writableFinished) call.answeredAt = world.clock.now();
}

/** The API over plain HTTP. A fault of the sandbox itself is answered with a telling 500 and shown on stderr. */
export function makeApiServer(world: World): Server {
  // Idle connections stay open for long: a reset that nobody asked for would look like a fault.
  return createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    handle(world, request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      console.error('Partner Center sandbox:', error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(`The sandbox failed: ${String(error)}`);
    });
  });
}

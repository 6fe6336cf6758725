import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './answer.ts';
import type { Spoil } from './faults.ts';
import type { Json } from './wire.ts';

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The orders inside a body: those of a checkout, of a collection, or the body itself. */
function changeOrders(body: Json, change: (order: Json) => Json): Json {
  const { attributes, orders, items } = body;
  if (Array.isArray(orders)) return { ...body, orders: orders.filter(isJson).map(change) };
  if (Array.isArray(items)) return { ...body, items: items.filter(isJson).map(change) };
  return isJson(attributes) && attributes['objectType'] === 'Order' ? change(body) : body;
}

function spoiledBody(body: Json, spoils: readonly Spoil[]): Json {
  let spoiled = body;
  for (const spoil of spoils) {
    if (spoil.kind === 'order-without-id') spoiled = changeOrders(spoiled, ({ id: _, ...order }) => order);
    if (spoil.kind === 'order-status') {
      spoiled = changeOrders(spoiled, (order) => ({ ...order, status: spoil.status }));
    }
    if (spoil.kind === 'code-as-string' && spoiled['code'] !== undefined) {
      spoiled = { ...spoiled, code: String(spoiled['code']) };
    }
  }
  return spoiled;
}

function* endless(): Generator<Buffer> {
  const chunk = Buffer.alloc(65_536, ' ');
  yield Buffer.from('{"orders":[');
  for (;;) yield chunk;
}

/** Writes the answer as the faults want it. Resolves when it is handed to the network, or the client has left. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  spoils: readonly Spoil[],
): Promise<number> {
  const has = (kind: Spoil['kind']): boolean => spoils.some((spoil) => spoil.kind === kind);
  const redirect = spoils.find((spoil) => spoil.kind === 'redirect');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (has('doubled-headers')) {
    for (const name of response.getHeaderNames()) {
      const value = response.getHeader(name);
      if (typeof value === 'string') response.setHeader(name, [value, value]);
    }
  }
  if (redirect) {
    response.writeHead(302, { Location: redirect.location });
    await end(response, '');
    return 302;
  }
  if (has('html')) {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    await end(
      response,
      '<!DOCTYPE html><html><body><h1>Our services are not available right now</h1></body></html>',
    );
    return 200;
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (has('endless')) {
    response.writeHead(answer.http);
    // Ends only when the client hangs up, which is what the pipeline then reports.
    await pipeline(Readable.from(endless()), response).catch(() => undefined);
    return answer.http;
  }
  const text = answer.body === undefined ? '' : JSON.stringify(spoiledBody(answer.body, spoils));
  const bytes = Buffer.from(`${has('bom') ? '\uFEFF' : ''}${text}`);
  if (has('truncated')) {
    // The announced length is true for the cut text: a clean HTTP answer whose JSON breaks off.
    const cut = bytes.subarray(0, Math.floor(bytes.length * 0.6));
    response.writeHead(answer.http, { 'Content-Length': cut.length });
    await end(response, cut);
    return answer.http;
  }
  response.writeHead(answer.http, { 'Content-Length': bytes.length });
  if (has('cut-off')) {
    await new Promise((resolve) => response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), resolve));
    response.destroy();
  } else await end(response, bytes);
  return answer.http;
}

function end(response: ServerResponse, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.end(bytes, () => resolve());
  });
}

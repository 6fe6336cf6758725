import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
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

/** What is written to the connection; `ending` says whether it is then closed well, broken off, or never. */
interface Rendered {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly bytes: Buffer;
  readonly ending: 'whole' | 'cut' | 'never';
}

const json = { 'Content-Type': 'application/json; charset=utf-8' };
const errorPage =
  '<!DOCTYPE html><html><body><h1>Our services are not available right now</h1></body></html>';

/** The answer as the faults want it. Pure. */
function render(answer: Answer, spoils: readonly Spoil[]): Rendered {
  const has = (kind: Spoil['kind']): boolean => spoils.some((spoil) => spoil.kind === kind);
  const whole = (status: number, headers: OutgoingHttpHeaders, bytes: Buffer): Rendered => ({
    status,
    headers: { ...headers, 'Content-Length': bytes.length },
    bytes,
    ending: 'whole',
  });
  const redirect = spoils.find((spoil) => spoil.kind === 'redirect');
  if (redirect) return whole(302, { Location: redirect.location }, Buffer.alloc(0));
  if (has('html')) return whole(200, { 'Content-Type': 'text/html' }, Buffer.from(errorPage));
  const headers = { ...json, ...answer.headers };
  if (has('endless')) {
    return { status: answer.http, headers, bytes: Buffer.from('{"orders":['), ending: 'never' };
  }
  const text = answer.body === undefined ? '' : JSON.stringify(spoiledBody(answer.body, spoils));
  const good = whole(answer.http, headers, Buffer.from(`${has('bom') ? '\uFEFF' : ''}${text}`));
  const part = good.bytes.subarray(0, Math.floor(good.bytes.length * 0.6));
  // Cut off: the announced length is that of the whole. Truncated: a clean HTTP answer whose JSON breaks off.
  if (has('cut-off')) return { ...good, bytes: part, ending: 'cut' };
  return has('truncated') ? whole(answer.http, headers, part) : good;
}

function* spaces(): Generator<Buffer> {
  const chunk = Buffer.alloc(65_536, ' ');
  for (;;) yield chunk;
}

/** Writes the answer and returns its status. Resolves when it is handed to the network, or the client has left. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  spoils: readonly Spoil[],
): Promise<number> {
  const { status, headers, bytes, ending } = render(answer, spoils);
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  if (spoils.some(({ kind }) => kind === 'doubled-headers')) {
    for (const name of response.getHeaderNames()) {
      const value = response.getHeader(name);
      if (typeof value === 'string' && name !== 'content-type') response.setHeader(name, [value, value]);
    }
  }
  response.writeHead(status);
  if (ending === 'whole') {
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.end(bytes, () => resolve());
    });
  } else {
    await new Promise((resolve) => response.write(bytes, resolve));
    // The endless one ends when the client hangs up, which the pipeline reports as an error.
    if (ending === 'never') await pipeline(Readable.from(spaces()), response).catch(() => undefined);
    else response.destroy();
  }
  return status;
}

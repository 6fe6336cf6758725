import type { Clock } from '../clock.ts';
import { compact } from '../compact.ts';
import type { Exchange, PartnerCenter, SendOptions } from './api.ts';
import { readBody } from './read-body.ts';
import { retryAfterMs } from './retry-after.ts';
import { watchHeaders } from './sent-headers.ts';
import { CredentialFailure, type TokenSource } from './token-source.ts';

export interface ClientSettings {
  /** Without `/v1`, like `https://api.partnercenter.microsoft.com`. Plain http only to loopback. */
  readonly baseUrl: string;
  /** Length of the paid call, body included, in ms. */
  readonly callTimeout: number;
  readonly readTimeout: number;
}

interface Parts extends ClientSettings {
  readonly tokens: Pick<TokenSource, 'token'>;
  readonly clock: Clock;
  /** W3C traceparent of the work that asks, so that one trace leads from the job to Partner Center and back. */
  readonly traceparent?: () => string | undefined;
}

const mebibyte = 1024 * 1024;
const maxAnswer = 16 * mebibyte;
const maxOrderList = 64 * mebibyte;

interface Request extends SendOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly timeout: number;
  readonly maxBytes: number;
}

/**
 * The client of the Partner Center REST API ("Cart", "Order"). It sends each request once: whether to send again is the
 * use case's to say. Redirects are not followed, so that a token goes to no other host.
 */
export function partnerCenterClient(parts: Parts): PartnerCenter {
  const base = checkedBase(parts.baseUrl);
  const send = (request: Request) => exchange(parts, base, request);
  const get = (path: string, maxBytes: number, options: SendOptions) =>
    send({ ...options, method: 'GET', path, timeout: parts.readTimeout, maxBytes });
  return {
    checkout: (customerId, cartId, options) =>
      send({
        ...options,
        method: 'POST',
        path: `customers/${encodeURIComponent(customerId)}/carts/${encodeURIComponent(cartId)}/checkout`,
        timeout: parts.callTimeout,
        maxBytes: maxAnswer,
      }),
    cart: (customerId, cartId, options) =>
      get(
        `customers/${encodeURIComponent(customerId)}/carts/${encodeURIComponent(cartId)}`,
        maxAnswer,
        options,
      ),
    order: (customerId, orderId, options) =>
      get(
        `customers/${encodeURIComponent(customerId)}/orders/${encodeURIComponent(orderId)}`,
        maxAnswer,
        options,
      ),
    orders: (customerId, options) =>
      get(`customers/${encodeURIComponent(customerId)}/orders`, maxOrderList, options),
  };
}

function checkedBase(baseUrl: string): URL {
  const url = new URL('/v1/', baseUrl);
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    throw new Error(
      `Partner Center is not called over ${url.protocol}//${url.host}: https, or http to loopback, is needed`,
    );
  return url;
}

async function exchange(
  { tokens, clock, traceparent }: Parts,
  base: URL,
  request: Request,
): Promise<Exchange> {
  const started = clock.now();
  const took = () => clock.now() - started;
  let token: string;
  try {
    token = await tokens.token({ renew: request.renewToken === true });
  } catch (error) {
    const failure = error instanceof CredentialFailure ? error.message : `no token: ${inWords(error)}`;
    return { kind: 'no-answer', executed: 'no', credential: true, failure, ms: took() };
  }
  if (request.mayLeave?.() === false)
    return {
      kind: 'no-answer',
      executed: 'no',
      stale: true,
      failure: 'its time had passed before it left',
      ms: took(),
    };
  const headers = watchHeaders(request.ids.correlationId);
  try {
    const response = await fetch(new URL(request.path, base), {
      method: request.method,
      headers: headersOf(request, token, traceparent?.()),
      redirect: 'manual',
      // Covers the body too.
      signal: AbortSignal.timeout(request.timeout),
    });
    const body = await readBody(response, request.maxBytes);
    return compact({
      kind: 'answer' as const,
      status: response.status,
      body: body.text,
      raw: body.text === undefined ? body.raw : undefined,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), clock.now()),
      cv: response.headers.get('ms-cv')?.slice(0, 256),
      serverId: response.headers.get('ms-serverid')?.slice(0, 256),
      ms: took(),
    }) as Exchange;
  } catch (error) {
    const executed = headers.written() ? 'unknown' : 'no';
    return { kind: 'no-answer', executed, failure: inWords(error), ms: took() };
  } finally {
    headers.stop();
  }
}

/** Header names and rules: "Partner Center REST headers". MS-Contract-Version is documented as required. */
function headersOf({ ids }: Request, token: string, traceparent: string | undefined): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    Accept: 'application/json',
    'MS-CorrelationId': ids.correlationId,
    ...(ids.requestId === undefined ? {} : { 'MS-RequestId': ids.requestId }),
    'MS-Contract-Version': 'v1',
    'MS-PartnerCenter-Application': 'checkout-worker',
    'X-Locale': 'en-US',
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** The failure of a fetch: its cause says more than itself. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  if (error.name === 'TimeoutError') return 'no answer within the time limit';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? `${String(cause.code)}: ` : '';
  return `${code}${cause instanceof Error ? cause.message : error.message}`.slice(0, 256);
}

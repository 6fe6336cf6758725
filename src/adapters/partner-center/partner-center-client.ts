/** The ports `PartnerCenter` and `CartApi` over HTTPS: adds token and headers to a request, and describes what came back. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../../domain/answer/exchange.ts';
import type { CartContent } from '../../domain/cart/cart-content.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { cutText } from '../../domain/text.ts';
import type { CartApi } from '../../ports/cart-api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PartnerCenter, SendOptions } from '../../ports/partner-center.ts';
import { sendOnce } from '../http/send-once.ts';
import { CredentialFailure, type TokenSource } from '../partner-auth/token-source.ts';
import { cartBody } from './cart-body.ts';
import { retryAfterMs } from './retry-after.ts';

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
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly timeout: number;
  readonly maxBytes: number;
}

/**
 * The client of the Partner Center REST API ("Cart", "Order"). It sends each request once: whether to send again is the
 * use case's to say. Redirects are not followed, so that a token goes to no other host.
 */
export function partnerCenterClient(parts: Parts): PartnerCenter & CartApi {
  const base = checkedBase(parts.baseUrl);
  const send = (request: Request) => exchange(parts, base, request);
  const get = (path: string, maxBytes: number, options: SendOptions) =>
    send({ ...options, method: 'GET', path, timeout: parts.readTimeout, maxBytes });
  const write = (method: 'POST' | 'PUT', path: string, content: CartContent, options: SendOptions) =>
    send({
      ...options,
      method,
      path,
      body: cartBody(content),
      timeout: parts.readTimeout,
      maxBytes: maxAnswer,
    });
  return {
    availabilities: (customerId, product, sku, options) =>
      get(
        `customers/${segment(customerId)}/products/${segment(product)}/skus/${segment(sku)}/availabilities`,
        maxAnswer,
        options,
      ),
    subscriptions: ({ customerId, orderId }, options) =>
      get(
        `customers/${segment(customerId)}/subscriptions${orderId === undefined ? '' : `?order_id=${encodeURIComponent(orderId.toWellFormed())}`}`,
        maxOrderList,
        options,
      ),
    createCart: (customerId, content, options) =>
      write('POST', `customers/${segment(customerId)}/carts`, content, options),
    putCart: (customerId, cartId, content, options) =>
      write('PUT', `customers/${segment(customerId)}/carts/${segment(cartId)}`, content, options),
    checkout: (customerId, cartId, options) =>
      send({
        ...options,
        method: 'POST',
        path: `customers/${segment(customerId)}/carts/${segment(cartId)}/checkout`,
        timeout: parts.callTimeout,
        maxBytes: maxAnswer,
      }),
    cart: (customerId, cartId, options) =>
      get(`customers/${segment(customerId)}/carts/${segment(cartId)}`, maxAnswer, options),
    order: (customerId, orderId, options) =>
      get(`customers/${segment(customerId)}/orders/${segment(orderId)}`, maxAnswer, options),
    orders: (customerId, options) => get(`customers/${segment(customerId)}/orders`, maxOrderList, options),
  };
}

/**
 * An id as one segment of the path. A segment of dots alone would be taken out of the address, encoded or not: its dots are
 * encoded twice, so that it names nothing.
 */
const segment = (id: string): string =>
  /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id.toWellFormed());

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
  const sent = await sendOnce({
    method: request.method,
    url: new URL(request.path, base),
    headers: headersOf(request, token, traceparent?.()),
    ...omitUndefined({ body: request.body }),
    timeout: request.timeout,
    maxBytes: request.maxBytes,
    mayLeave: request.mayLeave ?? (() => true),
  });
  switch (sent.kind) {
    case 'held-back':
      return {
        kind: 'no-answer',
        executed: 'no',
        stale: true,
        failure: 'its time had passed before it left',
        ms: took(),
      };
    case 'no-answer':
      return {
        kind: 'no-answer',
        executed: sent.left ? 'unknown' : 'no',
        failure: sent.failure,
        ms: took(),
      };
    case 'answer': {
      const { status, headers, body } = sent;
      return omitUndefined({
        kind: 'answer' as const,
        status,
        body: body.text,
        unread: body.text === undefined ? body.why : undefined,
        retryAfterMs: retryAfterMs(headers['retry-after'], clock.now()),
        cv: headerOf(headers, 'ms-cv'),
        serverId: headerOf(headers, 'ms-serverid'),
        ms: took(),
      }) as Exchange;
    }
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? cutText(value, 256) : undefined;
}

/** Header names and rules: "Partner Center REST headers". MS-Contract-Version is documented as required. */
function headersOf(
  { ids, body }: Request,
  token: string,
  traceparent: string | undefined,
): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    Accept: 'application/json',
    ...(body === undefined
      ? {}
      : {
          'Content-Type': 'application/json; charset=utf-8',
          'Content-Length': String(Buffer.byteLength(body)),
        }),
    'Accept-Encoding': 'identity',
    'User-Agent': 'checkout-worker',
    'MS-CorrelationId': ids.correlationId,
    ...(ids.requestId === undefined ? {} : { 'MS-RequestId': ids.requestId }),
    'MS-Contract-Version': 'v1',
    'MS-PartnerCenter-Application': 'checkout-worker',
    'X-Locale': 'en-US',
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

const inWords = (error: unknown): string =>
  error instanceof Error ? cutText(error.message, 256) : 'unknown failure';

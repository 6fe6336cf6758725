/** Sends one HTTP request exactly once, with a last question right before it leaves. The clients of Partner Center and of the webhook use it. */

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { cutText } from '../../domain/text.ts';
import { type ReadBody, readBody } from './read-body.ts';

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in one piece, when the request leaves. */
  readonly body?: string;
  /** From the instant it leaves to the end of the answer's body, in ms. A connection has the shorter of this and 10 s. */
  readonly timeout: number;
  readonly maxBytes: number;
  /** Asked when the connection is ready: nothing lies between its yes and the first byte. */
  readonly mayLeave: () => boolean;
}

export type Sent =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly body: ReadBody;
    }
  | { readonly kind: 'held-back' }
  /** `left`: its headers were written to a connection, the one sure sign that the other side may have acted on it. */
  | { readonly kind: 'no-answer'; readonly left: boolean; readonly failure: string };

const connectLimit = 10_000;
/** An idle connection is given up before most servers do: a request on one that was just closed has an unknown outcome. */
/** A proxy that HTTPS_PROXY names is used, where Node knows the option (24.5). */
const keep = { keepAlive: true, timeout: 4_000, proxyEnv: process.env };
const plain = { request: httpRequest, agent: new HttpAgent(keep), ready: 'connect' };
const secure = { request: httpsRequest, agent: new HttpsAgent(keep), ready: 'secureConnect' };

/**
 * Sends one request, once: no redirect is followed, nothing is sent again. Node's own client and not `fetch`, which
 * neither tells when the connection is ready nor whether anything was written.
 */
export async function sendOnce({
  method,
  url,
  headers,
  body,
  timeout,
  maxBytes,
  mayLeave,
}: Outgoing): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  const { request: open, agent, ready } = url.protocol === 'https:' ? secure : plain;
  let left = false;
  let request: ClientRequest;
  try {
    request = open(url, { method, headers, agent });
  } catch (error) {
    // A header that HTTP cannot carry, like a token with a line break.
    return { kind: 'no-answer', left, failure: inWords(error) };
  }
  let answered: IncomingMessage | undefined;
  const give = (failure: string) => resolve({ kind: 'no-answer', left, failure });
  const within = (ms: number, what: string) =>
    setTimeout(() => (answered ?? request).destroy(new Error(`${what} within the time limit`)), ms);

  let timer = within(Math.min(connectLimit, timeout), 'no connection');
  const leave = () => {
    clearTimeout(timer);
    if (!mayLeave()) {
      resolve({ kind: 'held-back' });
      request.destroy();
      return;
    }
    left = true;
    timer = within(timeout, 'no answer');
    request.end(body);
  };
  request.once('socket', (socket) => {
    if (request.reusedSocket || isSecured(socket)) leave();
    else socket.once(ready, leave);
  });
  request.once('response', (response) => {
    answered = response;
    const { statusCode: status = 0, headers: answerHeaders } = response;
    void readBody(response, maxBytes, answerHeaders['content-encoding']).then((body) =>
      resolve({ kind: 'answer', status, headers: answerHeaders, body }),
    );
  });
  request.on('error', (error) => {
    if (answered === undefined) give(inWords(error));
  });
  // Also where no error says so: a switch of protocols that nobody asked for.
  request.once('close', () => {
    if (answered === undefined) give('the connection was closed without an answer');
  });
  return promise.finally(() => clearTimeout(timer));
}

/** Through a proxy, the socket comes with its handshake done. */
const isSecured = (socket: Socket): boolean =>
  socket instanceof TLSSocket && !socket.connecting && (socket.getProtocol() ?? 'unknown') !== 'unknown';

/** A name with several addresses fails once for each of them. */
function inWords(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(one instanceof Error)) return 'unknown failure';
  const code = 'code' in one ? `${String(one.code)}: ` : '';
  return cutText(`${code}${one.message}`, 256);
}

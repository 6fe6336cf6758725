/** Promise: one POST leaves at most, and every answer or failure says whether it did. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { CredentialFailure } from '../../src/adapters/partner-auth/token-source.ts';
import { partnerCenterClient } from '../../src/adapters/partner-center/partner-center-client.ts';
import { retryAfterMs } from '../../src/adapters/partner-center/retry-after.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { cartId, customerId } from '../support/records.ts';

const ids = {
  correlationId: '0c1a7c7e-5d0e-4d2a-9d11-3f6f3f6f3f6f',
  requestId: '1c1a7c7e-5d0e-4d2a-9d11-3f6f3f6f3f6f',
};
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Served {
  readonly port: number;
  /** Every request's head, as it came. */
  readonly heads: string[];
}

/** A server that says, byte for byte, what it is told to; `answer` is called when a request's head has come. */
async function serve(
  answer: (socket: Socket, nth: number) => void,
  onConnect?: (socket: Socket) => void,
): Promise<Served> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnect?.(socket);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      heads.push(text.slice(0, end));
      text = text.slice(end + 4);
      answer(socket, heads.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, heads };
}

const clientAt = (baseUrl: string, callTimeout = 5_000, token = 'the-token') =>
  partnerCenterClient({
    baseUrl,
    callTimeout,
    readTimeout: callTimeout,
    tokens: { token: async () => token },
    clock: systemClock,
  });
const clientOf = (port: number, callTimeout?: number) => clientAt(`http://127.0.0.1:${port}`, callTimeout);
const checkout = (port: number, callTimeout?: number) =>
  clientOf(port, callTimeout).checkout(customerId, cartId, { ids });
const http = (status: string, body: string, headers = '') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;

describe('the request', () => {
  test('asks for no compression, and an answer that is compressed all the same is read', async () => {
    const zipped = gzipSync('{"orders":[]}').toString('latin1');
    const { port, heads } = await serve((socket) =>
      socket.end(
        Buffer.from(
          `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n${zipped}`,
          'latin1',
        ),
      ),
    );
    expect(await checkout(port)).toMatchObject({ kind: 'answer', body: '{"orders":[]}' });
    expect(heads[0]).toMatch(/\r\naccept-encoding: identity/i);
  });

  test('is a POST without a body, with the headers that the API names', async () => {
    const { port, heads } = await serve((socket) =>
      socket.end(http('201 Created', '{}', 'MS-CV: v.1\r\nMS-ServerId: 9\r\n')),
    );
    expect(await checkout(port)).toMatchObject({
      kind: 'answer',
      status: 201,
      body: '{}',
      cv: 'v.1',
      serverId: '9',
    });
    expect(heads).toHaveLength(1);
    const head = heads[0]?.toLowerCase() ?? '';
    expect(head).toContain(`post /v1/customers/${customerId}/carts/${cartId}/checkout http/1.1`);
    for (const line of [
      'authorization: bearer the-token',
      'content-length: 0',
      `ms-correlationid: ${ids.correlationId}`,
      `ms-requestid: ${ids.requestId}`,
      'ms-contract-version: v1',
    ])
      expect(head).toContain(line);
  });
  test('goes over plain http to loopback alone', () => {
    expect(() => clientAt('http://api.partnercenter.microsoft.com')).toThrow('https');
  });
  test('follows no redirect', async () => {
    const { port, heads } = await serve((socket) =>
      socket.end(http('302 Found', '', 'Location: http://127.0.0.1:9/x\r\n')),
    );
    expect(await checkout(port)).toMatchObject({ kind: 'answer', status: 302 });
    expect(heads).toHaveLength(1);
  });
});

describe('was it executed?', () => {
  test('no: nobody listens', async () => {
    const { port } = await serve(() => {});
    for (const stop of stops.splice(0)) await stop();
    expect(await checkout(port)).toMatchObject({
      kind: 'no-answer',
      executed: 'no',
      failure: expect.stringContaining('ECONNREFUSED'),
    });
  });
  test('no: the name does not resolve', async () => {
    const client = clientAt('https://nobody.invalid');
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({ executed: 'no' });
  });
  test('no: the other side does not speak TLS', async () => {
    const { port } = await serve(
      () => {},
      (socket) => socket.end('hello'),
    );
    const client = clientAt(`https://127.0.0.1:${port}`);
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({ executed: 'no' });
  });
  test('no: the connection is not ready in time', async () => {
    const { port, heads } = await serve(() => {});
    const client = clientAt(`https://127.0.0.1:${port}`, 200);
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({
      executed: 'no',
      failure: 'no connection within the time limit',
    });
    expect(heads).toEqual([]);
  });
  test('no: there is no token', async () => {
    const client = partnerCenterClient({
      baseUrl: 'http://127.0.0.1:9',
      callTimeout: 5_000,
      readTimeout: 5_000,
      tokens: { token: () => Promise.reject(new CredentialFailure('the secret has expired')) },
      clock: systemClock,
    });
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({
      executed: 'no',
      credential: true,
      failure: 'the secret has expired',
    });
  });
  test('no: the token is none that a header can carry, and is not told', async () => {
    const client = clientAt('http://127.0.0.1:9', 5_000, 'two\nlines');
    const answer = await client.checkout(customerId, cartId, { ids });
    expect(answer).toMatchObject({ executed: 'no', failure: expect.stringContaining('header') });
    expect(JSON.stringify(answer)).not.toContain('lines');
  });
  test('unknown: the connection is reset after the headers', async () => {
    const { port, heads } = await serve((socket) => socket.resetAndDestroy());
    expect(await checkout(port)).toMatchObject({ kind: 'no-answer', executed: 'unknown' });
    expect(heads).toHaveLength(1);
  });
  test('unknown: no answer in time', async () => {
    const { port } = await serve(() => {});
    expect(await checkout(port, 200)).toMatchObject({
      executed: 'unknown',
      failure: 'no answer within the time limit',
    });
  });
  test('unknown: a switch of protocols that nobody asked for', async () => {
    const { port } = await serve((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    expect(await checkout(port)).toMatchObject({ executed: 'unknown' });
  });
  test('unknown: garbage instead of HTTP', async () => {
    const { port } = await serve((socket) => socket.end('garbage\r\n\r\n'));
    expect(await checkout(port)).toMatchObject({ executed: 'unknown' });
  });
  test('a request on a kept-alive connection that the server resets is sent once', async () => {
    const { port, heads } = await serve((socket, nth) => {
      if (nth === 1) socket.write(http('200 OK', '{}', 'Connection: keep-alive\r\n'));
      else socket.resetAndDestroy();
    });
    const client = clientOf(port);
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({ kind: 'answer' });
    expect(await client.checkout(customerId, cartId, { ids })).toMatchObject({ executed: 'unknown' });
    expect(heads).toHaveLength(2);
  });
});

describe('may it leave?', () => {
  test('is asked when the connection is ready, once; a no is sent to nobody', async () => {
    const connected = Promise.withResolvers<void>();
    const { port, heads } = await serve(
      (socket) => socket.end(http('201 Created', '{}')),
      () => connected.resolve(),
    );
    let asked = 0;
    const client = clientOf(port);
    const mayLeave = () => {
      asked += 1;
      return false;
    };
    const held = await client.checkout(customerId, cartId, { ids, mayLeave });
    expect(held).toMatchObject({ kind: 'no-answer', executed: 'no', stale: true });
    await connected.promise;
    expect([asked, heads]).toEqual([1, []]);
    expect(await client.checkout(customerId, cartId, { ids, mayLeave: () => true })).toMatchObject({
      kind: 'answer',
    });
  });
  test('is not asked while nobody is there to send to', async () => {
    const { port } = await serve(() => {});
    for (const stop of stops.splice(0)) await stop();
    const mayLeave = () => expect.fail('asked');
    const answer = await clientOf(port).checkout(customerId, cartId, { ids, mayLeave });
    expect(answer).toMatchObject({ executed: 'no', failure: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('a body that cannot be believed is done, details unknown', () => {
  test('cut short', async () => {
    const { port } = await serve((socket) =>
      socket.end('HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{"orders":['),
    );
    const answer = await checkout(port);
    expect(answer).toMatchObject({ kind: 'answer', status: 201 });
    if (answer.kind !== 'answer') return;
    expect(answer.body).toBeUndefined();
    expect(answer.unread).toBe('it was cut short');
  });
  test('stalled', async () => {
    const { port } = await serve((socket) =>
      socket.write('HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{"orders":['),
    );
    const answer = await checkout(port, 300);
    expect(answer).toMatchObject({ kind: 'answer', status: 201 });
    expect(answer).not.toHaveProperty('body');
  });
  test('endless', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const { port } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
    const answer = await checkout(port);
    expect(answer).toMatchObject({ kind: 'answer', status: 200 });
    expect(answer).not.toHaveProperty('body');
  });
  test('not UTF-8', async () => {
    const { port } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
      socket.end(Buffer.from([0xc3, 0x28]));
    });
    expect(await checkout(port)).not.toHaveProperty('body');
  });
  test('but a BOM is taken off', async () => {
    const { port } = await serve((socket) => socket.end(http('200 OK', '\uFEFF{}')));
    expect(await checkout(port)).toMatchObject({ body: '{}' });
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 24, 2);
  for (const [header, ms] of [
    ['57', 57_000],
    ['57, 57', 57_000],
    ['31536000', 31_536_000_000],
    ['Tue, 24 Nov 2026 02:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 01:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    test(`${header}`, () => {
      expect(retryAfterMs(header, now)).toBe(ms);
    });
});

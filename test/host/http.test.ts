/** Promise: the local host passes HTTP on as Azure's does. */

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHost } from '../../local/functions-host/child.ts';
import { parseRoute } from '../../local/functions-host/http-route.ts';
import { type RunningApp, runApp, type SampleApp, sampleApp } from './sample-app.ts';

const key = 'the-key';
const env = { LOCAL_FUNCTION_KEY: key, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' };

let app: SampleApp;
let running: RunningApp;
beforeAll(async () => {
  app = await sampleApp(`
    app.http('echo', {
      route: 'echo/{Id}', methods: ['POST', 'GET'], authLevel: 'function',
      handler: async (request) => ({
        status: 201,
        headers: { 'x-method': request.method },
        jsonBody: {
          url: request.url, params: request.params, query: Object.fromEntries(request.query),
          header: request.headers.get('x-some'), body: await request.text(),
        },
      }),
    });
    app.http('bytes', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: new Uint8Array([0, 255, 10]) }) });
    app.http('nothing', { methods: ['GET'], authLevel: 'anonymous', handler: () => undefined });
    app.http('throws', { methods: ['GET'], authLevel: 'anonymous', handler: () => { throw new Error('no luck'); } });
    app.http('slow', { methods: ['GET'], authLevel: 'anonymous', handler: async () => {
      say('slow');
      await new Promise((resolve) => process.once('SIGTERM', resolve));
      return { body: 'done' };
    } });
    app.http('traced', { methods: ['GET'], authLevel: 'anonymous', handler: (_, context) => ({ body: context.traceContext.traceParent }) });
  `);
  running = await runApp(app, { env });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  app[Symbol.dispose]();
});

const call = (path: string, init?: RequestInit) => fetch(`${running.host.address}${path}`, init);
const keyed = { headers: { 'x-functions-key': key } };

describe('a request', () => {
  test('reaches the handler with its parts, and the answer its caller', async () => {
    const answer = await call('/api/Echo/a%20b?x=1&x=2&y=z', {
      method: 'POST',
      headers: { ...keyed.headers, 'x-some': 'thing' },
      body: 'the body',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-method')).toBe('POST');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      url: `${running.host.address}/api/Echo/a%20b?x=1&x=2&y=z`,
      params: { Id: 'a b' },
      // Two values of one name arrive as one, as in Azure without streaming.
      query: { x: '1,2', y: 'z' },
      header: 'thing',
      body: 'the body',
    });
  });

  test('its bytes come back as they are', async () => {
    expect([...(await (await call('/api/bytes')).bytes())]).toEqual([0, 255, 10]);
  });

  test('nothing returned is a 204, a throw a 500 without a body', async () => {
    expect((await call('/api/nothing')).status).toBe(204);
    const failed = await call('/api/throws');
    expect([failed.status, await failed.text()]).toEqual([500, '']);
    expect(running.lines.join('\n')).toContain('no luck');
  });

  test('a wrong method or path is a 404', async () => {
    expect((await call('/api/echo/1', { method: 'PUT', ...keyed })).status).toBe(404);
    expect((await call('/api/echo', keyed)).status).toBe(404);
    expect((await call('/echo/1', keyed)).status).toBe(404);
    expect((await call('/', keyed)).status).toBe(404);
  });

  test('carries its trace on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const seen = await (await call('/api/traced', { headers: { traceparent } })).text();
    expect(seen).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
  });
});

describe('the key', () => {
  test.each([
    ['in the header', '/api/echo/1', { 'x-functions-key': key }, 201],
    ['in the query', `/api/echo/1?code=${key}`, {}, 201],
    ['missing', '/api/echo/1', {}, 401],
    ['wrong', '/api/echo/1', { 'x-functions-key': 'other' }, 401],
    [
      'wrong in the header though right in the query',
      `/api/echo/1?code=${key}`,
      { 'x-functions-key': 'other' },
      401,
    ],
    ['not needed', '/api/bytes', {}, 200],
  ])('%s', async (_, path, headers, status) => {
    expect((await call(path, { headers })).status).toBe(status);
  });

  test('without a key every door is open', async () => {
    await using open = await runApp(app);
    expect((await fetch(`${open.host.address}/api/echo/1`)).status).toBe(201);
  });
});

describe('the body', () => {
  const post = (body: NonNullable<RequestInit['body']>, more: object = {}) =>
    call('/api/echo/1', { method: 'POST', ...keyed, body, ...more });

  test('of the limit is taken, one byte more is not', async () => {
    expect((await post('x'.repeat(1_000))).status).toBe(201);
    expect((await post('x'.repeat(1_001))).status).toBe(413);
    expect((await post('x'.repeat(10_000_000))).status).toBe(413);
  });

  test('in chunks arrives empty, and is refused beyond the limit too', async () => {
    const chunks = (size: number) => new Blob(['x'.repeat(size)]).stream();
    const empty = await post(chunks(10), { duplex: 'half' });
    expect(await empty.json()).toMatchObject({ body: '' });
    expect((await post(chunks(5_000), { duplex: 'half' })).status).toBe(413);
  });

  test('is refused by its announced length, before it is sent', async () => {
    const port = Number(new URL(running.host.address ?? '').port);
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(
      `POST /api/echo/1 HTTP/1.1\r\nhost: x\r\nx-functions-key: ${key}\r\ncontent-length: 10000000\r\n\r\n`,
    );
    const [first] = await new Promise<Buffer[]>((resolve) => socket.once('data', (data) => resolve([data])));
    expect(String(first)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('that breaks off harms nobody', async () => {
    const port = Number(new URL(running.host.address ?? '').port);
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(
      `POST /api/echo/1 HTTP/1.1\r\nhost: x\r\nx-functions-key: ${key}\r\ncontent-length: 100\r\n\r\nhalf`,
    );
    await new Promise((resolve) => socket.once('ready', resolve));
    socket.destroy();
    expect((await call('/api/bytes')).status).toBe(200);
  });
});

test('a request under way is answered before the host stops', async () => {
  await using other = await runApp(app);
  const answer = fetch(`${other.host.address}/api/slow`);
  await other.heard('slow');
  const [exit, response] = await Promise.all([other.host.stop(), answer]);
  expect(exit.code).toBe(0);
  expect(await response.text()).toBe('done');
});

test('a route that only Azure can follow stops the start', async () => {
  using odd = await sampleApp(`app.http('odd', { route: 'x/{id:int}', handler: () => ({}) });`);
  await expect(startHost({ appRoot: odd.root })).rejects.toThrow('knows {name} in a route, not "{id:int}"');
});

test('the prefix may be another, or none', () => {
  expect(parseRoute('', 'a/{b}', 'f')('/A/1')).toEqual({ b: '1' });
  expect(parseRoute('v1', 'a', 'f')('/v1/a/')).toEqual({});
  expect(parseRoute('v1', 'a', 'f')('/a')).toBeUndefined();
  expect(parseRoute('', 'a/{b}', 'f')('/a/%zz')).toEqual({ b: '%zz' });
});

/** Promise: behind a proxy that HTTPS_PROXY names, a call leaves once, and only when its connection is ready. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, expect, test, vi } from 'vitest';

const closers: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) close();
});

async function listening(server: ReturnType<typeof createHttpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // Its address is one with a port: it listens on no pipe.
  return (server.address() as AddressInfo).port;
}

test('the call goes through the proxy, asks once whether it may leave, and keeps the connection', async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {});
  const seen: (string | undefined)[] = [];
  const api = createServer({ key: pems.private, cert: pems.cert }, (request, response) => {
    seen.push(`${request.headers.host} ${request.url}`);
    response.end('{"ok":true}');
  });
  const port = await listening(api);
  const tunnels: (string | undefined)[] = [];
  const proxy = createHttpServer().on('connect', (request, socket) => {
    tunnels.push(request.url);
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      there.pipe(socket);
      socket.pipe(there);
    });
    closers.push(() => there.destroy());
  });
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${await listening(proxy)}`);
  vi.stubEnv('NO_PROXY', '');
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  vi.resetModules();
  const { sendOnce } = await import('../../src/adapters/http/send-once.ts');
  let asked = 0;
  const send = () =>
    sendOnce({
      method: 'GET',
      url: new URL('https://api.example.test/v1'),
      headers: {},
      timeout: 20_000,
      maxBytes: 1_000,
      mayLeave: () => {
        asked += 1;
        return true;
      },
    });
  expect(await send()).toMatchObject({ kind: 'answer', status: 200 });
  expect(await send()).toMatchObject({ kind: 'answer', status: 200 });
  expect(asked).toBe(2);
  expect(tunnels).toEqual(['api.example.test:443']);
  expect(seen).toEqual(['api.example.test /v1', 'api.example.test /v1']);
});

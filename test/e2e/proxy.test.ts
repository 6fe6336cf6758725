/** Promise: with --websockets and HTTPS_PROXY the tools reach Service Bus where a network lets out nothing but HTTPS by its proxy. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { startCli } from '../support/cli.ts';

test('AMQP goes to port 443, by the proxy', async () => {
  const { promise: tunnel, resolve } = Promise.withResolvers<string | undefined>();
  const proxy = createServer().on('connect', (request, socket) => {
    resolve(request.url);
    // The client may hang up first.
    socket.on('error', () => {});
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const settings = {
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    ServiceBusConnection:
      'Endpoint=sb://checkout.example.test/;SharedAccessKeyName=test;SharedAccessKey=dGVzdA==',
    TablesConnection:
      'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;',
  };
  const { child, ended } = startCli(settings, ['dead-letters', 'list', '--websockets'], { folder: tmpdir() });
  try {
    expect(await Promise.race([tunnel, ended])).toBe('checkout.example.test:443');
  } finally {
    child.kill('SIGKILL');
    await ended;
    proxy.closeAllConnections();
    proxy.close();
  }
});

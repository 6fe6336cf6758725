/** Promise: what host.json says of the transport holds for the worker's own sends, and not only for its triggers. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';

const hostFile = vi.hoisted(() => ({ extensions: { serviceBus: { transportType: 'AmqpWebSockets' } } }));
vi.mock('../../host.json', () => ({ default: hostFile }));

// Another file of this process may have loaded it, with the real host.json.
vi.resetModules();
const { openWorker } = await import('../../functions/composition-root.ts');

const settings = {
  TablesConnection:
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;',
  PARTNER_TENANT_ID: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  PARTNER_CLIENT_ID: '11111111-6d0e-4b7e-9a43-5e2f8b6f1d10',
};
const keyed = 'SharedAccessKeyName=k;SharedAccessKey=YQ==';
const message = { messageId: 'm1', body: Buffer.from('{}'), properties: {} };

/** Resolves with the address of the first WebSocket that is opened. */
function firstWebSocket(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = class {
    constructor(address: string) {
      resolve(address);
      throw new Error('this network lets nothing out');
    }
  };
  vi.stubGlobal('WebSocket', socket);
  return promise;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test('with amqpWebSockets, in any case, a send goes to port 443', async () => {
  const opened = firstWebSocket();
  const worker = openWorker({
    ...settings,
    ServiceBusConnection: `Endpoint=sb://checkout.example.test/;${keyed}`,
  });
  const sent = worker.deliveries.standard.queue.send([message], 0).catch(() => 'not sent');
  expect(await opened).toBe('wss://checkout.example.test:443/$servicebus/websocket');
  await worker.close();
  await sent;
});

test('an emulator has no WebSockets: a send goes to its AMQP port', async () => {
  const opened = firstWebSocket().then((address) => `WebSocket ${address}`);
  const { promise: connected, resolve } = Promise.withResolvers<string>();
  const emulator = createServer((socket) => {
    resolve('AMQP');
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(emulator, 'listening');
  const address = emulator.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const worker = openWorker({
    ...settings,
    ServiceBusConnection: `Endpoint=sb://127.0.0.1:${port};${keyed};UseDevelopmentEmulator=true`,
  });
  const sent = worker.deliveries.standard.queue.send([message], 0).catch(() => 'not sent');
  expect(await Promise.race([opened, connected])).toBe('AMQP');
  await worker.close();
  await sent;
  emulator.close();
});

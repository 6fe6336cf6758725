/** Promise: an update of rhea that drops what the broker uses fails here, by name. */

import type { AddressInfo, Server } from 'node:net';
import rhea, { type Connection, type Delivery, type Sender } from 'rhea';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { accepted, settle } from '../../local/service-bus/rhea-private.ts';

/** What the broker uses of rhea beside its typings, seen on a live link: an update that drops one of them fails here, by name. */
const container = rhea.create_container();
let server: Server;
let connection: Connection;
let sender: Sender;
let delivery: Delivery;
let client: Connection;

beforeAll(async () => {
  server = container.listen({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const sendable = new Promise<Sender>((resolve) =>
    container.once('sendable', (event) => resolve(event.sender)),
  );
  container.on('disconnected', () => {});
  client = rhea.create_container().connect({ port, host: '127.0.0.1', reconnect: false });
  client.on('disconnected', () => {});
  const receiver = client.open_receiver({ source: 'q', rcv_settle_mode: 1, autoaccept: true });
  sender = await sendable;
  connection = sender.connection;
  const accepted = new Promise<Delivery>((resolve) =>
    container.once('accepted', (event) => resolve(event.delivery)),
  );
  sender.send(rhea.message.encode({ body: 'x' }), Buffer.from('tag'), 0);
  delivery = await accepted;
  const draining = new Promise((resolve) => container.once('sender_draining', resolve));
  receiver.drain_credit();
  await draining;
});
afterAll(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

/** The value at a path of property names. */
const at = (root: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        (typeof value === 'object' || typeof value === 'function') && value !== null
          ? Reflect.get(value, name)
          : undefined,
      root,
    );

describe('rhea has', () => {
  test.each([
    ['socket', 'object'],
    ['accept', 'function'],
    ['on_transfer', 'function'],
    ['_process', 'function'],
    ['_write_frame', 'function'],
    ['_disconnected', 'function'],
  ])('connection.%s', (path, type) => {
    expect(typeof at(connection, path)).toBe(type);
  });

  test.each([
    ['credit', 'number'],
    ['delivery_count', 'number'],
    ['_draining', 'boolean'],
    ['_drained', 'boolean'],
    ['_get_drain', 'function'],
    ['_process', 'function'],
    ['local.attach', 'object'],
    ['remote.attach.rcv_settle_mode', 'number'],
    ['session.outgoing.available', 'function'],
    ['session.outgoing.transfer_window', 'function'],
    ['session.outgoing.next_pending_delivery', 'number'],
    ['session.outgoing.next_delivery_id', 'number'],
  ])('sender.%s', (path, type) => {
    expect(typeof at(sender, path)).toBe(type);
  });

  test.each([
    ['update', 'function'],
    ['remote_settled', 'boolean'],
    ['remote_state', 'object'],
  ])('delivery.%s', (path, type) => {
    expect(typeof at(delivery, path)).toBe(type);
  });

  test.each([
    'message.accepted',
    'message.rejected',
    'types.Reader',
    'types.Writer',
    'types.wrap',
    'types.unwrap',
    'types.wrap_ulong',
    'types.wrap_uint',
    'types.wrap_int',
    'types.wrap_long',
    'types.wrap_timestamp',
    'types.wrap_string',
    'types.wrap_uuid',
    'types.wrap_list',
    'types.wrap_map',
    'types.wrap_symbolic_map',
    'types.wrap_array',
    'types.described_nc',
  ])('%s', (path) => {
    expect(typeof at(rhea, path)).toBe('function');
  });
});

test('a settled delivery leaves its place in the session, though the client says nothing more', async () => {
  const { outgoing } = sender.session as unknown as { outgoing: { available(): number } };
  const room = outgoing.available();
  settle(delivery, accepted());
  // rhea looks after its sessions in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  expect(outgoing.available()).toBe(room + 1);
});

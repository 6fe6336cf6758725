/** Promise: the same job sent fifty times is bought once, and what is no job is kept. */

import { TableClient } from '@azure/data-tables';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startHost } from '../../local/functions-host/child.ts';
import { queueName, type Stack, startStack, topicName } from '../../local/stack.ts';

let stack: Stack;
let client: ServiceBusClient;
/** What the worker told, line by line, and who waits for more of it. */
const told: Record<string, unknown>[] = [];
const waiting = new Set<() => void>();

beforeAll(async () => {
  stack = await startStack({ factor: 100, appRoot: inject('appRoot') });
  client = new ServiceBusClient(stack.broker.connectionString);
  await stack.startWorker((line) => {
    const json = line.slice(Math.max(0, line.indexOf('{')));
    try {
      told.push(JSON.parse(json));
    } catch {
      return;
    }
    for (const look of [...waiting]) look();
  });
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

const eventsNamed = (name: string, match: (event: Record<string, unknown>) => boolean) =>
  told.filter((event) => event['event'] === name && match(event));

/** Resolves as soon as there are `count` such events. */
function heard(name: string, count: number, match: (event: Record<string, unknown>) => boolean = () => true) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (eventsNamed(name, match).length < count) return;
    waiting.delete(look);
    resolve();
  };
  waiting.add(look);
  look();
  return promise;
}

const send = (messages: ServiceBusMessage[]) => client.createSender(queueName).sendMessages(messages);

test('the same job fifty times, at once and later: one checkout, one finished job, one set of events', async () => {
  const [cart] = stack.sandbox.createCarts({ count: 1, baskets: ['legacy'] });
  const message = { body: Buffer.from(JSON.stringify(cart)) };
  const mine = (event: Record<string, unknown>) => event['cartId'] === cart?.cartId;
  await send(Array.from({ length: 25 }, () => message));
  await heard('JobFinished', 1, mine);
  for (let n = 0; n < 25; n += 1) await send([message]);
  // What came while it was leased is woken within a lease; when the queue is empty, all fifty have been heard.
  await expect
    .poll(() => Object.values(stack.broker.entity(queueName).counts()).every((count) => count === 0), {
      timeout: 20_000,
    })
    .toBe(true);
  expect(stack.sandbox.orderBook().filter((order) => order.cartId === cart?.cartId)).toHaveLength(1);
  expect(
    stack.sandbox.calls().filter((call) => call.operation === 'checkout' && call.cartId === cart?.cartId),
  ).toHaveLength(1);
  expect(eventsNamed('JobFinished', mine)).toHaveLength(1);
  const receiver = client.createReceiver(topicName, 'all', { receiveMode: 'receiveAndDelete' });
  const events = await receiver.receiveMessages(100, { maxWaitTimeInMs: 1_000 });
  const ids = new Set(events.map((event) => event.messageId));
  expect([...ids]).toEqual([`checkout.completed:${cart?.customerId}:cart:${cart?.cartId}:1`]);
  expect(events[0]).toMatchObject({
    contentType: 'application/cloudevents+json',
    applicationProperties: { type: 'checkout.completed', customerId: cart?.customerId },
  });
});

describe('what is no job', () => {
  const good = {
    customerId: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
    cartId: '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
  };
  const json = (body: unknown) => Buffer.from(JSON.stringify(body));
  const cases: readonly [string, Buffer, string, Record<string, string | boolean>?][] = [
    ['not JSON', Buffer.from('hello'), ''],
    ['wrong type', json({ ...good, cartId: 7 }), 'cartId'],
    ['missing id', json({ cartId: good.cartId }), 'customerId'],
    ['no GUID', json({ ...good, cartId: '../../x' }), 'cartId'],
    ['quotes', json({ ...good, cartId: `"${good.cartId}"` }), 'cartId'],
    ['10 KB of id', json({ ...good, cartId: 'x'.repeat(10_240) }), 'cartId'],
    ['unknown field', json({ ...good, notafter: '2026-11-24T00:00:00Z' }), 'notafter'],
    ['200 KB', Buffer.from('y'.repeat(200_000)), ''],
    ['empty', Buffer.alloc(0), ''],
    ['metadata names', json({ ...good, messageId: 'evil', deliveryCount: 99 }), 'messageId'],
    ['malformed mark', json(good), 'checkout-redelivered', { 'checkout-redelivered': 'yes' }],
    ['mark of another type', json(good), 'checkout-redelivered', { 'checkout-redelivered': true }],
    // Producers may send, and cannot decide.
    ['a decision', json(good), 'checkout-decision', { 'checkout-decision': 'retry' }],
    ['malformed time', json(good), 'checkout-first-enqueued', { 'checkout-first-enqueued': 'yesterday' }],
    ['malformed orders', json(good), 'checkout-orders', { 'checkout-orders': ',' }],
    ['unknown property', json(good), 'checkout-nonsense', { 'checkout-nonsense': '1' }],
    ['list', json([good]), ''],
    ['nothing', json(null), ''],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), ''],
    ['one id', Buffer.from('equal cart one'), ''],
    ['one id', Buffer.from('equal cart two'), ''],
  ];

  test('is kept byte for byte, with its reason and the path of the field; the worker goes on', async () => {
    await send(
      cases.map(([messageId, body, , applicationProperties = {}]) => ({
        messageId,
        body,
        applicationProperties,
      })),
    );
    await heard('JobRejected', cases.length);
    const table = TableClient.fromConnectionString(stack.tables.connectionString, 'Attention', {
      allowInsecureConnection: true,
    });
    const rows: Record<string, unknown>[] = [];
    for await (const row of table.listEntities<Record<string, unknown>>())
      if (row['partitionKey'] === 'rejected') rows.push(row);
    expect(rows).toHaveLength(cases.length);
    for (const [messageId, body, path] of cases) {
      const same = rows.filter((row) => row['messageId'] === messageId && bytesOf(row).equals(body));
      expect(same, messageId).toHaveLength(1);
      expect(same[0]?.['path'] ?? '', messageId).toBe(path);
      expect(same[0]?.['reason'], messageId).toMatch(/^(empty|not-text|too-large|not-json|not-valid): ./);
    }
    const [cart] = stack.sandbox.createCarts({ count: 1, baskets: ['legacy'] });
    await send([{ body: json(cart) }]);
    await heard(
      'JobFinished',
      1,
      (event) => event['cartId'] === cart?.cartId && event['outcome'] === 'completed',
    );
    expect(stack.broker.entity(queueName).counts().deadLettered).toBe(0);
  });

  /** Long bytes are split over `body`, `body1`, `body2` … */
  function bytesOf(row: Record<string, unknown>): Buffer {
    const parts: Uint8Array[] = [];
    for (let index = 0; ; index += 1) {
      const part = row[index === 0 ? 'body' : `body${index}`];
      if (!(part instanceof Uint8Array)) return Buffer.concat(parts);
      parts.push(part);
    }
  }
});

describe('settings that are wrong stop the start, with a sentence for each, and no secret', () => {
  test.for([
    ['missing', { TablesConnection: undefined, PARTNER_CLIENT_ID: undefined }],
    ['empty', { PARTNER_TENANT_ID: '', ServiceBusConnection: '' }],
    ['malformed', { MAX_ATTEMPTS: 'many', PENDING_ALARM_HOURS: 'a day', PARTNER_CENTER_API: 'ftp://x' }],
  ] as const)('%s', async ([, wrong]) => {
    const env = { ...stack.settings, ...wrong };
    const message = await startHost({ appRoot: inject('appRoot'), env }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    for (const name of Object.keys(wrong)) expect(message).toMatch(new RegExp(`^.*\\b${name}\\b.*$`, 'm'));
    expect(message).not.toContain(stack.settings['PARTNER_CLIENT_SECRET']);
  });
});

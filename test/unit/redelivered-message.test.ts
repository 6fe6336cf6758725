/** Promise: a message that is sent again keeps its trace, its time and the orders in hand. */

import { expect, test } from 'vitest';
import type { Deps } from '../../src/checkout/deps.ts';
import { type Run, startRun } from '../../src/checkout/run.ts';
import { surviveError } from '../../src/checkout/survive-error.ts';
import { decodeDelivery } from '../../src/domain/message/delivery.ts';
import type { OutgoingMessage, QueueMessage } from '../../src/domain/message/queue-message.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { cartId, customerId } from '../support/records.ts';

const producersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const hostsTrace = '00-11111111111111111111111111111111-2222222222222222-01';

const message: QueueMessage = {
  body: new TextEncoder().encode(JSON.stringify({ customerId, cartId })),
  messageId: 'message 1',
  sequenceNumber: '1',
  queue: 'standard',
  deliveryCount: 1,
  enqueuedAt: 1_700_000_000_000,
  traceparent: hostsTrace,
  properties: { 'diagnostic-Id': producersTrace },
};

/** What is sent again when table storage is unavailable. */
async function redelivered(original: QueueMessage, change: Partial<Run> = {}): Promise<OutgoingMessage> {
  const sent: OutgoingMessage[] = [];
  // An outage needs these ports alone: a call of any other fails the test.
  const deps: Pick<Deps, 'clock' | 'random' | 'times' | 'queue' | 'telemetry'> = {
    clock: { now: () => 1_700_000_060_000, sleep: async () => undefined },
    random: { guid: () => 'guid', fraction: () => 0.5 },
    times: defaultTimes,
    queue: { send: async (messages) => void sent.push(...messages) },
    telemetry: { event: () => undefined, warn: () => undefined },
  };
  const decoded = decodeDelivery(original);
  if (decoded.kind !== 'delivery') throw new Error(`The message is ${decoded.kind}`);
  const run = { ...startRun(deps as Deps, decoded.delivery), ...change };
  const completed = await surviveError(run, original, new Unavailable('storage', 'no table storage'));
  expect(completed).toBe('redelivered');
  const [first] = sent;
  if (first === undefined || sent.length > 1) throw new Error(`${sent.length} messages were sent`);
  return first;
}

const again = ({ body, messageId, properties }: OutgoingMessage): QueueMessage => ({
  ...message,
  body,
  messageId,
  sequenceNumber: '2',
  traceparent: '00-33333333333333333333333333333333-4444444444444444-01',
  properties,
});

test('a message that is sent again keeps its trace, however often', async () => {
  const once = await redelivered(message);
  const twice = await redelivered(again(once));
  const decoded = decodeDelivery(again(twice));
  expect(decoded).toMatchObject({ kind: 'delivery', delivery: { traceparent: producersTrace } });
});

test('the host’s span is never the parent of a job: the host may not have kept it', async () => {
  const decoded = decodeDelivery({ ...message, properties: {} });
  expect(decoded).toMatchObject({ kind: 'delivery' });
  expect(decoded).not.toHaveProperty('delivery.traceparent');
});

test('a message that is sent again says so, and keeps its time and the orders in hand', async () => {
  const once = await redelivered(message, { inHand: ['order, 1', 'order%2'] });
  expect(once.body).toEqual(message.body);
  const decoded = decodeDelivery(again(await redelivered(again(once), { inHand: ['order 3'] })));
  expect(decoded).toMatchObject({
    kind: 'delivery',
    delivery: {
      redelivered: true,
      firstEnqueued: message.enqueuedAt,
      ordersInHand: ['order, 1', 'order%2', 'order 3'],
    },
  });
});

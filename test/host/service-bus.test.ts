/** Promise: the local host hands messages over, settles and renews them as Azure's does. */

import { ServiceBusClient, type ServiceBusMessage, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { type RunningApp, runApp, type SampleApp, sampleApp } from './sample-app.ts';

type AmqpAnnotatedMessage = ServiceBusReceivedMessage['_rawAmqpMessage'];

/** One queue a test, so that they do not take each other's messages. */
const queues = [
  'text',
  'shadow',
  'bytes',
  'metadata',
  'done',
  'thrown',
  'manual',
  'many',
  'renewed',
  'lost',
  'timeout',
  'hung',
  'drained',
  'as-azure',
  'killed',
];

let broker: Broker;
let client: ServiceBusClient;
beforeAll(async () => {
  broker = await startBroker({
    config: {
      UserConfig: {
        Namespaces: [
          {
            Name: 'local',
            Queues: queues.map((name) => ({
              Name: name,
              Properties: { LockDuration: 'PT2S', MaxDeliveryCount: 3 },
            })),
          },
        ],
      },
    },
  });
  client = new ServiceBusClient(broker.connectionString);
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

const send = (queue: string, ...messages: (ServiceBusMessage | AmqpAnnotatedMessage)[]): Promise<void> =>
  client.createSender(queue).sendMessages(messages);

/** A function named like its queue. */
const queueFunction = (queue: string, handler: string, options = ''): string =>
  `app.serviceBusQueue('${queue}', { queueName: '%PREFIX%${queue}', connection: 'Bus', ${options} handler: ${handler} });`;

const hostJson = (serviceBus: object, more = {}) => ({ version: '2.0', ...more, extensions: { serviceBus } });

const run = (app: SampleApp, env = {}): Promise<RunningApp> =>
  runApp(app, { env: { Bus: broker.connectionString, PREFIX: '', ...env } });

/** Takes what is left in a queue or its dead-letter queue, if it is `count` messages. */
async function take(queue: string, count: number, dead = false): Promise<ServiceBusReceivedMessage[]> {
  const receiver = client.createReceiver(queue, {
    receiveMode: 'receiveAndDelete',
    ...(dead ? { subQueueType: 'deadLetter' } : {}),
  });
  const messages: ServiceBusReceivedMessage[] = [];
  while (messages.length < count) {
    const more = await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 10_000 });
    if (more.length === 0) break;
    messages.push(...more);
  }
  await receiver.close();
  return messages;
}

const left = async (queue: string): Promise<number> =>
  (await client.createReceiver(queue).peekMessages(10)).length;

describe('what a handler gets', () => {
  const tell = `(body, { triggerMetadata }) => say('got', [triggerMetadata.messageId, Buffer.isBuffer(body) ? 'bytes ' + body.toString('base64') : body, triggerMetadata])`;

  async function received(
    queue: string,
    options: string,
    messages: (ServiceBusMessage | AmqpAnnotatedMessage)[],
  ) {
    using app = await sampleApp(queueFunction(queue, tell, options));
    await send(queue, ...messages);
    await using running = await run(app);
    return (await running.heard('got', messages.length)) as [unknown, unknown, Record<string, unknown>][];
  }

  const binary = `dataType: 'binary',`;

  const raw = (messageId: string, body: string | Buffer): ServiceBusMessage => ({
    messageId,
    body: Buffer.from(body),
  });

  test('text is guessed to be JSON', async () => {
    const got = await received('text', '', [
      raw('object', '{"id":1}'),
      raw('array', '[1]'),
      raw('null', 'null'),
      raw('text', 'hello'),
      raw('broken', '{"id":'),
      raw('quoted', '"hello"'),
      raw('long number', '6371691901200433359'),
      raw('looks like a number', '35732122e2'),
      raw('empty', ''),
      raw('byte order mark', '\uFEFFhi'),
      raw('not UTF-8', Buffer.from([0x61, 0xff])),
      { bodyType: 'value', body: 'value', properties: { messageId: 'value' } } as AmqpAnnotatedMessage,
    ]);
    expect(Object.fromEntries(got.map(([id, body]) => [id, body]))).toEqual({
      object: { id: 1 },
      array: [1],
      null: null,
      text: 'hello',
      broken: '{"id":',
      quoted: 'hello',
      'long number': 6371691901200433000,
      'looks like a number': 3573212200,
      empty: '',
      'byte order mark': 'hi',
      'not UTF-8': 'a\uFFFD',
      value: 'value',
    });
  });

  test('binary is byte for byte, and the body shadows nothing', async () => {
    const body = '{"messageId":"x","deliveryCount":9}';
    const got = await received('bytes', binary, [
      raw('json', body),
      raw('empty', ''),
      raw('other', Buffer.from([0xff, 0])),
    ]);
    expect(got.map(([id, bytes, metadata]) => [id, bytes, metadata['deliveryCount']])).toEqual([
      ['json', `bytes ${Buffer.from(body).toString('base64')}`, 1],
      ['empty', 'bytes ', 1],
      ['other', 'bytes /wA=', 1],
    ]);
  });

  test('metadata as the .NET host sends it', async () => {
    const [got] = await received('metadata', binary, [
      {
        body: Buffer.from(''),
        messageId: '00123',
        correlationId: '123',
        subject: 'true',
        contentType: 'application/json',
        applicationProperties: { TenantId: 'T', when: new Date(0), count: 2, 'checkout-ticket': '7' },
      },
    ]);
    const metadata = got?.[2] ?? {};
    expect(metadata).toMatchObject({
      messageId: '00123',
      correlationId: 123,
      subject: true,
      label: true,
      contentType: 'application/json',
      deliveryCount: 1,
      sequenceNumber: expect.any(Number),
      lockToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
      applicationProperties: {
        tenantId: 'T',
        when: '1970-01-01T00:00:00.000Z',
        count: 2,
        'checkout-ticket': '7',
      },
    });
    expect(metadata['userProperties']).toEqual(metadata['applicationProperties']);
    expect(metadata['enqueuedTime']).toMatch(/\+00:00$/);
    expect(metadata['enqueuedTimeUtc']).toBe(String(metadata['enqueuedTime']).replace('+00:00', ''));
    expect(metadata['expiresAtUtc']).toMatch(/^\d{4}-[^Z]*$/);
    for (const absent of ['to', 'replyTo', 'sessionId', 'partitionKey', 'deadLetterSource'])
      expect(metadata).not.toHaveProperty(absent);
  });

  test('a text body that is an object shadows metadata of the same name', async () => {
    const [got] = await received('shadow', '', [
      raw('mine', '{"MessageID":"theirs","deliveryCount":9,"flag":true,"none":null,"list":[1]}'),
    ]);
    expect(got?.[2]).toMatchObject({ messageId: 'theirs', deliveryCount: 9, flag: 'True' });
    expect(got?.[2]).not.toHaveProperty('none');
    expect(got?.[2]).not.toHaveProperty('list');
  });
});

describe('settling', () => {
  test('a handler that returns completes the message', async () => {
    using app = await sampleApp(queueFunction('done', `(body) => say('got', body)`));
    await using running = await run(app);
    await send('done', { body: 1 }, { body: 2 });
    await running.heard('got', 2);
    await running.host.stop();
    expect(await left('done')).toBe(0);
  });

  test('a handler that throws gets it again at once, until it is a dead letter', async () => {
    using app = await sampleApp(
      queueFunction(
        'thrown',
        `(body, { triggerMetadata }) => { say('got', triggerMetadata.deliveryCount); throw new Error('broken'); }`,
      ),
    );
    await using running = await run(app);
    await send('thrown', { body: 1 });
    const [dead] = await take('thrown', 1, true);
    expect(dead?.deadLetterReason).toBe('MaxDeliveryCountExceeded');
    expect(running.said('got')).toEqual([1, 2, 3]);
    expect(running.lines.join('\n')).toContain('error Function.thrown: message');
  });

  test('with auto-complete off and nothing settled the lock runs out and the message comes back', async () => {
    using app = await sampleApp(
      queueFunction(
        'manual',
        `(body, { triggerMetadata }) => say('got', triggerMetadata.deliveryCount)`,
        'autoCompleteMessages: false,',
      ),
    );
    await using running = await run(app);
    await send('manual', { body: 1 });
    expect(await running.heard('got', 2)).toEqual([1, 2]);
  });

  test('a killed host leaves the message to the next one', async () => {
    using app = await sampleApp(
      queueFunction(
        'killed',
        `async (body, { triggerMetadata }) => { say('got', triggerMetadata.deliveryCount); if (process.env.HANG) await new Promise(() => {}); }`,
      ),
    );
    await using first = await run(app, { HANG: '1' });
    await send('killed', { body: 1 });
    await first.heard('got');
    await first.host.kill();
    await using second = await run(app);
    expect(await second.heard('got')).toEqual([2]);
    await second.host.stop();
    expect(await left('killed')).toBe(0);
  });

  test('a stopping host takes nothing new, and completes what it has', async () => {
    using app = await sampleApp(
      queueFunction(
        'drained',
        `async (body) => { say('got', body); await new Promise((resolve) => process.once('SIGUSR2', resolve)); }`,
      ),
      { hostJson: hostJson({ maxConcurrentCalls: 1 }) },
    );
    await using running = await run(app);
    await send('drained', { body: 'first' }, { body: 'second' });
    await running.heard('got');
    const stopped = running.host.stop();
    await expect.poll(() => running.lines.join('\n')).toContain('Stopping when all that runs has ended');
    process.kill(running.host.pid, 'SIGUSR2');
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(running.said('got')).toEqual(['first']);
    expect((await take('drained', 1)).map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      ['second', 0],
    ]);
  });
});

describe('concurrency and locks', () => {
  test('never more at a time than maxConcurrentCalls', async () => {
    using app = await sampleApp(
      `let now = 0; ${queueFunction('many', `async () => { say('now', ++now); await new Promise((r) => setTimeout(r, 20)); now -= 1; }`)}`,
      { hostJson: hostJson({ maxConcurrentCalls: 4 }) },
    );
    await using running = await run(app);
    await send('many', ...Array.from({ length: 30 }, (_, body) => ({ body })));
    const counts = (await running.heard('now', 30)).map(Number);
    expect(Math.max(...counts)).toBe(4);
  });

  // Two locks long: the SDK's own renewal would lose one of two messages that share an id.
  const slow = `async (body, { triggerMetadata }) => { say('got', triggerMetadata.deliveryCount); await new Promise((r) => setTimeout(r, 4_500)); say('end'); }`;

  test('locks are renewed while the handlers run, also of messages with one id', async () => {
    using app = await sampleApp(queueFunction('renewed', slow));
    await using running = await run(app);
    await send('renewed', { body: 1, messageId: 'same' }, { body: 2, messageId: 'same' });
    await running.heard('end', 2);
    await running.host.stop();
    expect([running.said('got'), await left('renewed')]).toEqual([[1, 1], 0]);
  });

  test('past maxAutoLockRenewalDuration, divided by the time factor, the message comes back and the late one is told', async () => {
    using app = await sampleApp(queueFunction('lost', slow), {
      hostJson: hostJson({ maxAutoLockRenewalDuration: '00:00:10' }),
    });
    await using running = await run(app, { CHECKOUT_TIME_FACTOR: '10' });
    await send('lost', { body: 1 });
    await running.heard('end', 1);
    expect(running.said('got').slice(0, 2)).toEqual([1, 2]);
    await expect
      .poll(() => running.lines.join('\n'))
      .toMatch(/complete of message .* failed: MessageLockLost/);
  });

  test('a handler beyond functionTimeout is given up, and the message waits for its lock to end', async () => {
    using app = await sampleApp(
      queueFunction(
        'timeout',
        `(body, { triggerMetadata }) => { say('got', [triggerMetadata.deliveryCount, Date.now()]); return new Promise(() => {}); }`,
      ),
      { hostJson: hostJson({}, { functionTimeout: '00:00:01' }) },
    );
    await using running = await run(app);
    await send('timeout', { body: 1 });
    const [first, second] = (await running.heard('got', 2)) as [number, number][];
    expect([first?.[0], second?.[0]]).toEqual([1, 2]);
    expect((second?.[1] ?? 0) - (first?.[1] ?? 0)).toBeGreaterThan(1_500);
  });

  test('a message that nobody settled holds up none of the later ones', async () => {
    using app = await sampleApp(
      `let passed = 0; ${queueFunction('hung', `(body) => body === 'hangs' ? (say('hung'), new Promise(() => {})) : void (++passed % 100 === 0 && say('passed', passed))`)}`,
      { hostJson: hostJson({ maxConcurrentCalls: 16 }, { functionTimeout: '00:00:01' }) },
    );
    await using running = await run(app);
    await send('hung', { body: 'hangs' });
    await running.heard('hung', 1);
    // More than the client keeps until the first of them is settled: 2,048.
    const messages = Array.from({ length: 2_200 }, () => ({ body: 'passes' }));
    for (let sent = 0; sent < messages.length; sent += 550)
      await send('hung', ...messages.slice(sent, sent + 550));
    // Each hundred has its own limit of time.
    for (let hundreds = 1; hundreds <= 22; hundreds += 1) await running.heard('passed', hundreds);
    expect(running.said('passed').at(-1)).toBe(2_200);
  });
});

test('a stop as Azure’s: it goes on taking messages, completes none that succeeds, and ends while one runs', async () => {
  const handler = `async (body) => {
    say('got', body);
    if (body === 'slow') await new Promise(() => {});
    if (body === 'held') await new Promise((resolve) => process.once('SIGUSR2', resolve));
  }`;
  // Ten seconds by the host's clock.
  using app = await sampleApp(
    `app.serviceBusQueue('azure', { queueName: 'as-azure', connection: 'Bus', handler: ${handler} });
     app.hook.appTerminate(() => say('terminated'));`,
    { hostJson: hostJson({ maxConcurrentCalls: 3 }) },
  );
  await using running = await runApp(app, {
    env: { Bus: broker.connectionString, CHECKOUT_TIME_FACTOR: '10' },
    stops: 'azure',
  });
  await send('as-azure', { body: 'slow' }, { body: 'held' });
  await running.heard('got', 2);
  const stopped = running.host.stop();
  await vi.waitFor(() => expect(running.lines.join()).toContain('Stopping as Azure does'));
  process.kill(running.host.pid, 'SIGUSR2');
  // Sent after the stop began, and taken all the same.
  await send('as-azure', { body: 'late' });
  await running.heard('got', 3);
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect(running.said('terminated')).toEqual([null]);
  const receiver = client.createReceiver('as-azure');
  const again: [unknown, number | undefined][] = [];
  while (again.length < 3)
    for (const { body, deliveryCount } of await receiver.receiveMessages(3, { maxWaitTimeInMs: 3_000 }))
      again.push([body, deliveryCount]);
  // None was completed, and each was delivered once: two were given back, and the lock of the third ran out.
  expect(again.sort()).toEqual([
    ['held', 1],
    ['late', 1],
    ['slow', 1],
  ]);
});

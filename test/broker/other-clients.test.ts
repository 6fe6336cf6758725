/** Promise: clients in other languages can use the broker. */

import { ServiceBusClient } from '@azure/service-bus';
import rhea, { type Connection, type EventContext, type Receiver, type Sender } from 'rhea';
import { expect, test } from 'vitest';
import { readMessage } from '../../local/service-bus/message.ts';
import { pairsOf, type TypedValue, types } from '../../local/service-bus/typed.ts';
import { bed, numberOf, peekLock, soon, take, takeOne } from './bed.ts';

/** What clients do that the official one for JavaScript does not, spoken in plain AMQP. */
const the = bed({
  queues: ['waiting', 'drained', 'sent', 'released', 'requests', 'kinds', 'deferred', 'large', 'wide'],
  topics: { events: ['all'] },
});

type Frame = 'attach' | 'transfer' | 'disposition';

/** The hooks by which rhea hands a connection its frames, in the order in which they came. */
type Frames = Record<
  `on_${Frame}`,
  (frame: { performative: { role?: boolean }; payload?: Buffer }) => unknown
>;

/** Which frames come from now on; a transfer with its bytes. */
function watchFrames(connection: Connection): { readonly kind: Frame; readonly payload: Buffer }[] {
  const seen: { readonly kind: Frame; readonly payload: Buffer }[] = [];
  const frames = connection as unknown as Frames;
  for (const kind of ['attach', 'transfer', 'disposition'] as const) {
    const before = frames[`on_${kind}`];
    frames[`on_${kind}`] = function (frame) {
      seen.push({ kind, payload: frame.payload ?? Buffer.alloc(0) });
      return before.call(this, frame);
    };
  }
  return seen;
}

async function connect(password?: string): Promise<Connection> {
  const connection = rhea.create_container().connect({
    host: '127.0.0.1',
    port: the().broker.port,
    reconnect: false,
    username: 'a-key',
    ...(password === undefined ? {} : { password }),
  });
  connection.on('disconnected', () => {});
  await new Promise((resolve, reject) => {
    connection.once('connection_open', resolve);
    connection.once('connection_error', ({ error }: EventContext) => reject(error));
  });
  return connection;
}

async function close(connection: Connection): Promise<void> {
  const closed = new Promise((resolve) => connection.once('connection_close', resolve));
  connection.close();
  await closed;
}

/** A link each way to the management node of an entity; `ask` sends a request, and resolves when it is answered. */
async function manage(connection: Connection, entity: string) {
  const address = `${entity}/$management`;
  const sender = connection.open_sender({ target: address });
  const receiver = connection.open_receiver({ source: address, target: 'answers' });
  await Promise.all([
    new Promise((resolve) => sender.once('sendable', resolve)),
    new Promise((resolve) => receiver.once('receiver_open', resolve)),
  ]);
  let asked = 0;
  return (operation: string, body: TypedValue): Promise<void> => {
    asked += 1;
    const id = `${operation} ${asked}`;
    const answered = new Promise<void>((resolve) =>
      receiver.on('message', ({ message }: EventContext) => {
        if (message?.correlation_id === id) resolve();
      }),
    );
    sender.send({
      message_id: id,
      reply_to: 'answers',
      application_properties: { operation: `com.microsoft:${operation}` },
      body,
    });
    return answered;
  };
}

const cancel = (number: number) => types.wrap_map({ 'sequence-numbers': types.wrap_array([number], 0x81) });

test.each([
  ['peek-lock', 0],
  ['receive and delete', 1],
] as const)(
  '%s: a link that is opened with credit is answered before it is given messages',
  async (_, mode) => {
    const { client } = the();
    await client.createSender('waiting').sendMessages([{ body: 1 }, { body: 2 }]);
    const connection = await connect();
    const frames = watchFrames(connection);
    // Attach and credit go in one packet.
    const receiver = connection.open_receiver({
      source: 'waiting',
      credit_window: 0,
      autoaccept: true,
      snd_settle_mode: mode,
    });
    receiver.add_credit(2);
    await new Promise<void>((resolve) => {
      let got = 0;
      receiver.on('message', () => {
        got += 1;
        if (got === 2) resolve();
      });
    });
    expect(frames.map(({ kind }) => kind)).toEqual(['attach', 'transfer', 'transfer']);
    await close(connection);
  },
);

test('a link that is opened with credit and a drain gets what is there before it is drained', async () => {
  const { client, broker } = the();
  await client.createSender('drained').sendMessages({ body: 1 });
  const connection = await connect();
  const receiver = connection.open_receiver({ source: 'drained', credit_window: 0, autoaccept: true });
  receiver.add_credit(5);
  receiver.drain_credit();
  const events: string[] = [];
  receiver.on('message', () => events.push('message'));
  await new Promise<void>((resolve) =>
    receiver.on('receiver_drained', () => {
      events.push('drained');
      resolve();
    }),
  );
  expect(events).toEqual(['message', 'drained']);
  await expect.poll(() => broker.entity('drained').counts()).toMatchObject({ active: 0, locked: 0 });
  await close(connection);
});

test.each(['$cbs', 'sent', 'sent/$management'])(
  '%s: the settle mode of a sender is answered',
  async (address) => {
    const connection = await connect();
    for (const asked of [0, 1, 2] as const) {
      const sender = connection.open_sender({
        name: `mode ${asked}`,
        target: { address },
        snd_settle_mode: asked,
      });
      await new Promise((resolve) => sender.once('sender_open', resolve));
      expect(modeOf(sender)).toBe(asked);
    }
    await close(connection);
  },
);

/** What the other side said in its attach. */
function modeOf(sender: Sender): unknown {
  const { remote } = sender as unknown as { remote: { attach: { snd_settle_mode?: number } } };
  return remote.attach.snd_settle_mode;
}

test('settled messages arrive', async () => {
  const { broker } = the();
  const connection = await connect();
  const sender = connection.open_sender({ target: 'sent', snd_settle_mode: 1 });
  await new Promise((resolve) => sender.once('sendable', resolve));
  for (let nth = 0; nth < 5; nth += 1) sender.send({ body: nth });
  await expect.poll(() => broker.entity('sent').counts().active).toBe(5);
  await close(connection);
});

test('each request has its outcome before any answer, and a refusal names its condition by a symbol', async () => {
  const connection = await connect();
  const ask = await manage(connection, 'requests');
  const frames = watchFrames(connection);
  await Promise.all([
    ask('cancel-scheduled-message', cancel(77)),
    ask('cancel-scheduled-message', cancel(78)),
  ]);
  // Both outcomes go in one disposition.
  expect(frames.map(({ kind }) => kind)).toEqual(['disposition', 'transfer', 'transfer']);
  const condition = 'com.microsoft:message-not-found';
  const symbol = Buffer.concat([Buffer.from([0xa3, condition.length]), Buffer.from(condition)]);
  expect(frames.at(-1)?.payload.includes(symbol)).toBe(true);
  await close(connection);
});

test('answers whose link was closed meanwhile are dropped, and the next request is answered', async () => {
  const { broker } = the();
  const connection = await connect();
  const sender = connection.open_sender({ target: 'requests/$management' });
  const answers = connection.open_receiver({ source: 'requests/$management', target: 'old' });
  await Promise.all([
    new Promise((resolve) => sender.once('sendable', resolve)),
    new Promise((resolve) => answers.once('receiver_open', resolve)),
  ]);
  const peek = types.wrap_map({ 'from-sequence-number': types.wrap_long(0), 'message-count': 1 });
  const before = broker.operations.managed;
  const frames = watchFrames(connection);
  const closed = new Promise((resolve) => answers.once('receiver_close', resolve));
  for (let nth = 0; nth < 3; nth += 1)
    sender.send({
      message_id: `peek ${nth}`,
      reply_to: 'old',
      application_properties: { operation: 'com.microsoft:peek-message' },
      body: peek,
    });
  answers.close();
  await closed;
  await expect.poll(() => broker.operations.managed).toBe(before + 3);
  const ask = await manage(connection, 'requests');
  await ask('peek-message', peek);
  expect(frames.filter(({ kind }) => kind === 'transfer')).toHaveLength(1);
  await close(connection);
});

test('the size of a frame is limited, so that clients divide what is larger', async () => {
  const connection = await connect();
  const { remote } = connection as unknown as { remote: { open: { max_frame_size?: number } } };
  expect(remote.open.max_frame_size).toBe(65_536);
  await close(connection);
});

test('a client signs in by PLAIN, with the name of a key and the key', async () => {
  await close(await connect('the-key'));
});

test('what a client releases comes again at once, and is not counted', async () => {
  const { client, broker } = the();
  await client.createSender('released').sendMessages({ body: 1 });
  const connection = await connect();
  const receiver = connection.open_receiver({ source: 'released', credit_window: 0, autoaccept: false });
  // More often than the 10 deliveries after which it would be dead-lettered.
  for (let nth = 0; nth < 12; nth += 1) {
    const { message, delivery } = await next(receiver);
    expect(message?.delivery_count).toBe(0);
    delivery?.release();
  }
  (await next(receiver)).delivery?.accept();
  await expect
    .poll(() => broker.entity('released').counts())
    .toMatchObject({ active: 0, locked: 0, deadLettered: 0 });
  await close(connection);
});

function next(receiver: Receiver): Promise<EventContext> {
  const came = new Promise<EventContext>((resolve) => receiver.once('message', resolve));
  receiver.add_credit(1);
  return came;
}

test('properties that are set over the management node keep their types', async () => {
  const { client } = the();
  await client.createSender('kinds').sendMessages({ body: 1 });
  const receiver = client.createReceiver('kinds', peekLock);
  const message = await takeOne(receiver);
  const given: Record<string, TypedValue> = {
    byte: types.wrap_byte(-1),
    int: types.wrap_int(5),
    long: types.wrap_long(5),
    largest: types.wrap_long(Buffer.from('7fffffffffffffff', 'hex')),
    double: types.wrap_double(2),
    float: types.wrap_float(1.5),
    uuid: types.wrap_uuid(Buffer.alloc(16, 7)),
    date: types.wrap_timestamp(1_700_000_000_000),
    symbol: types.wrap_symbol('s'),
    text: types.wrap_string('s'),
    binary: types.wrap_binary(Buffer.from('s')),
    yes: types.wrap_boolean(true),
  };
  const connection = await connect();
  const ask = await manage(connection, 'kinds');
  const token = Buffer.from((message.lockToken ?? '').replaceAll('-', ''), 'hex');
  await ask(
    'update-disposition',
    types.wrap_map({
      'disposition-status': 'defered',
      'lock-tokens': types.wrap_array([token], 0x98),
      'properties-to-modify': types.wrap_map(given),
    }),
  );
  const frames = watchFrames(connection);
  await ask(
    'peek-message',
    types.wrap_map({ 'from-sequence-number': types.wrap_long(0), 'message-count': 1 }),
  );
  const kept = applicationIn(frames.at(-1)?.payload ?? Buffer.alloc(0));
  expect([...kept.keys()].toSorted()).toEqual(Object.keys(given).toSorted());
  for (const [name, value] of Object.entries(given))
    expect([name, written(kept.get(name))]).toEqual([name, written(value)]);
  await close(connection);
});

/** The bytes of a value say its type, too. */
function written(value: TypedValue | undefined): string {
  const writer = new types.Writer();
  writer.write(value);
  return Buffer.from(writer.toBuffer()).toString('hex');
}

/** The application properties of the message inside the answer to a peek. */
function applicationIn(answer: Buffer): Map<string, TypedValue> {
  const reader = new types.Reader(answer);
  const sections: TypedValue[] = [];
  while (reader.remaining() > 0) sections.push(reader.read());
  const body = sections.find(({ descriptor }) => Number(descriptor?.value) === 0x77);
  const list = body && pairsOf(body).get('messages')?.value;
  const [first]: readonly TypedValue[] = Array.isArray(list) ? list : [];
  const bytes = first && pairsOf(first).get('message')?.value;
  if (!Buffer.isBuffer(bytes)) throw new Error('the answer has no message');
  const { application } = readMessage(bytes);
  return application === undefined ? new Map() : pairsOf(new types.Reader(application).read());
}

test('a deferred message has its lock token in itself, as its delivery has no tag', async () => {
  const { client } = the();
  await client.createSender('deferred').sendMessages({ body: 1 });
  const receiver = client.createReceiver('deferred', peekLock);
  const message = await takeOne(receiver);
  await receiver.deferMessage(message);
  const [deferred] = await receiver.receiveDeferredMessages(numberOf(message));
  // The client for JavaScript makes an object of the bytes.
  const note: unknown = deferred?._rawAmqpMessage.deliveryAnnotations?.['x-opt-lock-token'];
  const bytes = Object.values(note ?? {}).map(Number);
  expect(Buffer.from(bytes).toString('hex')).toBe((deferred?.lockToken ?? '').replaceAll('-', ''));
  expect(bytes).toHaveLength(16);
  if (deferred !== undefined) await receiver.completeMessage(deferred);
});

test('what is scheduled may be no larger than what is sent, alone and together', async () => {
  const { client } = the();
  const sender = client.createSender('large');
  const later = new Date(Date.now() + 3_600_000);
  const of = (kilobytes: number) => ({ body: Buffer.alloc(kilobytes * 1_024) });
  const tooLarge = { code: 'MessageSizeExceeded' };
  await expect(sender.scheduleMessages(of(300), later)).rejects.toMatchObject(tooLarge);
  await expect(sender.scheduleMessages([of(1), of(150), of(150)], later)).rejects.toMatchObject(tooLarge);
  // Not even the first, which is small.
  expect(await client.createReceiver('large').peekMessages(10)).toEqual([]);
  expect(await sender.scheduleMessages([of(100), of(100)], later)).toHaveLength(2);
});

test('application properties of more than 64 KB are refused', async () => {
  const { client } = the();
  const sender = client.createSender('wide');
  const of = (kilobytes: number) => ({
    body: 1,
    applicationProperties: Object.fromEntries(
      Array.from({ length: kilobytes }, (_, nth) => [`p${nth}`, 'x'.repeat(1_000)]),
    ),
  });
  const tooLarge = { code: 'MessageSizeExceeded' };
  await expect(sender.sendMessages(of(80))).rejects.toMatchObject(tooLarge);
  await expect(sender.sendMessages([of(80), of(80)])).rejects.toMatchObject(tooLarge);
  await expect(sender.scheduleMessages(of(80), new Date(Date.now() + 3_600_000))).rejects.toMatchObject(
    tooLarge,
  );
  await sender.sendMessages(of(60));
  const [message] = await take(client.createReceiver('wide', peekLock), 1);
  expect(Object.keys(message?.applicationProperties ?? {})).toHaveLength(60);
});

test('a topic shows what is scheduled', async () => {
  const { broker } = the();
  const client = new ServiceBusClient(broker.connectionString, soon);
  const sender = client.createSender('events');
  await sender.sendMessages({ body: 'now' });
  await sender.scheduleMessages({ body: 'later' }, new Date(Date.now() + 3_600_000));
  const peeked = await client.createReceiver('events').peekMessages(10);
  expect(peeked.map(({ body, state }) => [body, state])).toEqual([['later', 'scheduled']]);
  await client.close();
});

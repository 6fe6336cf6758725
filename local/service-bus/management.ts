import { whyDead } from './consumer.ts';
import type { EntityMap } from './entities.ts';
import { asAmqpError, notAllowed, tooLarge } from './errors.ts';
import { swapped } from './lock-token.ts';
import { readMessage } from './message.ts';
import type { Handed, MessageQueue } from './message-queue.ts';
import type { Operations } from './operations.ts';
import type { Reply, Request } from './request-node.ts';
import { maxMessageSize } from './rhea-private.ts';
import { pairsOf, type TypedValue, types } from './typed.ts';

/** AMQP constructors of array elements. */
const codes = { long: 0x81, timestamp: 0x83 };

type Body = Readonly<Record<string, unknown>>;

interface Bodies {
  readonly body: Body;
  readonly typedBody: Request['typedBody'];
}

/** Answers a request to `<entity>/$management` (Service Bus, "AMQP 1.0: request-response operations"). */
export function answerManagement(
  entities: EntityMap,
  address: string,
  operations: Operations,
  request: Request,
): Reply {
  operations.managed += 1;
  try {
    const { message, typedBody } = request;
    const operation = String(message['application_properties']?.['operation'] ?? '').replace(
      'com.microsoft:',
      '',
    );
    const body: Body = isBody(message['body']) ? message['body'] : {};
    return perform(entities, address, operations, operation, { body, typedBody });
  } catch (error) {
    const { status, message, condition } = asAmqpError(error);
    return reply(status, message, undefined, condition);
  }
}

const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function reply(status: number, description: string, body?: TypedValue, condition?: string): Reply {
  const properties = {
    statusCode: types.wrap_int(status),
    statusDescription: description,
    ...(condition === undefined ? {} : { errorCondition: types.wrap_symbol(condition) }),
  };
  return body === undefined ? { properties } : { properties, body };
}

const ok = (body?: Readonly<Record<string, unknown>>): Reply =>
  reply(200, 'OK', body === undefined ? undefined : types.wrap_map(body));

function perform(
  entities: EntityMap,
  address: string,
  operations: Operations,
  operation: string,
  bodies: Bodies,
): Reply {
  const { body } = bodies;
  switch (operation) {
    case 'schedule-message': {
      const target = entities.target(address);
      const contents = scheduledIn(body).map(readMessage);
      const numbers = contents.map((content) => target.add(content));
      operations.received += contents.length;
      operations.sends += 1;
      return ok({ 'sequence-numbers': types.wrap_array(numbers, codes.long) });
    }
    case 'cancel-scheduled-message':
      entities.target(address).cancelScheduled(numbersIn(body, 'sequence-numbers'));
      return ok();
    case 'peek-message': {
      const from = numberOf(body['from-sequence-number']);
      const found = entities.peekable(address).peek(from, numberOf(body['message-count']));
      if (found.length === 0) return reply(204, 'No messages');
      return ok({ messages: types.wrap_list(found.map((message) => types.wrap_map({ message }))) });
    }
    default:
      return performOnQueue(entities.source(address).queue, operations, operation, bodies);
  }
}

/** Together they are as large as one message may be. */
function scheduledIn(body: Body): readonly Buffer[] {
  const messages = listIn(body, 'messages').map((entry) => {
    const message: unknown = isBody(entry) ? entry['message'] : undefined;
    if (!Buffer.isBuffer(message)) throw notAllowed('A scheduled message has no bytes.');
    return message;
  });
  const size = messages.reduce((sum, message) => sum + message.length, 0);
  if (size > maxMessageSize) throw tooLarge(size, maxMessageSize);
  return messages;
}

function performOnQueue(
  queue: MessageQueue,
  operations: Operations,
  operation: string,
  bodies: Bodies,
): Reply {
  const { body } = bodies;
  switch (operation) {
    case 'renew-lock': {
      const ends = tokensIn(body).map((token) => queue.renew(token));
      return ok({ expirations: types.wrap_array(ends, codes.timestamp) });
    }
    case 'receive-by-sequence-number': {
      const destructive = body['receiver-settle-mode'] === 0;
      const handed = queue.receiveDeferred(numbersIn(body, 'sequence-numbers'), destructive);
      operations.delivered += handed.length;
      return ok({ messages: types.wrap_list(handed.map((message) => handedMap(message, destructive))) });
    }
    case 'update-disposition':
      dispose(queue, operations, bodies);
      return ok();
    default:
      throw notAllowed(`This broker has no operation "${operation}": sessions and rules are not supported.`);
  }
}

const handedMap = ({ bytes, token }: Handed, destructive: boolean): TypedValue =>
  types.wrap_map({
    message: bytes,
    ...(destructive ? {} : { 'lock-token': types.wrap_uuid(swapped(token)) }),
  });

function dispose(queue: MessageQueue, operations: Operations, { body, typedBody }: Bodies): void {
  const modified = typedBody.get('properties-to-modify');
  const properties = modified === undefined ? new Map<string, TypedValue>() : pairsOf(modified);
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined);
  for (const token of tokensIn(body)) {
    operations.settled += 1;
    switch (body['disposition-status']) {
      case 'completed':
        queue.complete(token);
        break;
      case 'abandoned':
        queue.abandon(token, properties);
        break;
      case 'defered':
        queue.defer(token, properties);
        break;
      case 'suspended':
        queue.deadLetter(
          token,
          { reason: text('deadletter-reason'), description: text('deadletter-description') },
          whyDead(properties).more,
        );
        break;
      default:
        throw notAllowed(`Unknown disposition "${String(body['disposition-status'])}".`);
    }
  }
}

function listIn(body: Body, name: string): readonly unknown[] {
  const value = body[name];
  return Array.isArray(value) ? value : [];
}

const numbersIn = (body: Body, name: string): readonly number[] => listIn(body, name).map(numberOf);

/** A long beyond 2^53 comes as 8 bytes; no queue here has so many messages. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (Buffer.isBuffer(value) && value.length === 8) return Number(value.readBigInt64BE());
  throw notAllowed(`A number is expected, not ${String(value)}.`);
}

const tokensIn = (body: Body): readonly Buffer[] =>
  listIn(body, 'lock-tokens').map((token) => {
    if (!Buffer.isBuffer(token) || token.length !== 16) throw notAllowed('A lock token has 16 bytes.');
    return swapped(token);
  });

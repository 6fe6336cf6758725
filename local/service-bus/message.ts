import { randomBytes } from 'node:crypto';
import { tooLarge } from './errors.ts';
import { pairsOf, section, type TypedValue, types } from './typed.ts';

/** The sections of an AMQP 1.0 message (part 3, 3.2), by descriptor. */
const code = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  annotations: 0x72,
  properties: 0x73,
  application: 0x74,
};
const dataSection = 0x75;

/** What a sender gave: kept as bytes, so that it leaves with the very types with which it came. */
export interface Content {
  readonly durable: TypedValue | undefined;
  readonly priority: TypedValue | undefined;
  /** ms; undefined: none given. */
  readonly timeToLive: number | undefined;
  readonly annotations: ReadonlyMap<string, TypedValue>;
  readonly properties: Buffer;
  readonly application: Buffer | undefined;
  /** Body and footer. */
  readonly body: Buffer;
  readonly messageId: string;
}

/** Service Bus takes no more of application properties, however small the body is. */
const maxPropertiesSize = 65_536;

/** Which annotations are ours to write. */
const ours = new Set([
  'x-opt-sequence-number',
  'x-opt-enqueued-time',
  'x-opt-enqueue-sequence-number',
  'x-opt-locked-until',
  'x-opt-message-state',
]);

/**
 * Reads one encoded message. A message without an id gets one: the official client cannot live without. Throws `AmqpError` when
 * its properties are too large.
 */
export function readMessage(bytes: Buffer): Content {
  const reader = new types.Reader(bytes);
  let header: readonly TypedValue[] = [];
  let annotations = new Map<string, TypedValue>();
  let properties: TypedValue | undefined;
  let application: Buffer | undefined;
  let bodyStart = bytes.length;
  while (reader.remaining() > 0) {
    const start = reader.position;
    const value = reader.read();
    const kind = Number(value.descriptor?.value);
    if (kind === code.header) header = listOf(value);
    else if (kind === code.annotations) annotations = pairsOf(value);
    else if (kind === code.properties) properties = value;
    else if (kind === code.application) {
      application = Buffer.from(bytes.subarray(start, reader.position));
      if (application.length > maxPropertiesSize) throw tooLarge(application.length, maxPropertiesSize);
    } else if (kind >= dataSection || Number.isNaN(kind)) {
      bodyStart = start;
      break;
    }
  }
  for (const name of ours) annotations.delete(name);
  const { encoded, messageId } = withMessageId(properties);
  const ttl = header[2] === undefined ? undefined : types.unwrap(header[2]);
  return {
    durable: header[0],
    priority: header[1],
    timeToLive: typeof ttl === 'number' ? ttl : undefined,
    annotations,
    properties: encoded,
    application,
    body: Buffer.from(bytes.subarray(bodyStart)),
    messageId,
  };
}

const listOf = (value: TypedValue): readonly TypedValue[] =>
  Array.isArray(value.value) ? (value.value as readonly TypedValue[]) : [];

function withMessageId(properties: TypedValue | undefined): { encoded: Buffer; messageId: string } {
  const fields = [...(properties === undefined ? [] : listOf(properties))];
  const given = fields[0] === undefined ? undefined : types.unwrap(fields[0]);
  const messageId = given === undefined || given === null ? randomBytes(16).toString('hex') : String(given);
  if (given === undefined || given === null) fields[0] = types.wrap_string(messageId);
  return { encoded: section(code.properties, types.wrap_list(fields)), messageId };
}

/** The messages inside a batch (format 0x80013700): each data section is one encoded message. */
export function readBatch(bytes: Buffer): readonly Content[] {
  const reader = new types.Reader(bytes);
  const contents: Content[] = [];
  while (reader.remaining() > 0) {
    const value = reader.read();
    if (Number(value.descriptor?.value) === dataSection && Buffer.isBuffer(value.value))
      contents.push(readMessage(value.value));
  }
  return contents;
}

/** When the sender wants it to be handed out (annotation), epoch ms. */
export function scheduledFor(content: Content): number | undefined {
  const annotation = content.annotations.get('x-opt-scheduled-enqueue-time');
  const value = annotation === undefined ? undefined : types.unwrap(annotation);
  if (value instanceof Date) return value.getTime();
  return typeof value === 'number' ? value : undefined;
}

/** The content with these application properties on top. */
export function withProperties(content: Content, more: Properties): Content {
  if (more.size === 0) return content;
  const known =
    content.application === undefined
      ? new Map<string, TypedValue>()
      : pairsOf(new types.Reader(content.application).read());
  for (const [name, value] of more) known.set(name, value);
  return { ...content, application: section(code.application, types.wrap_map(Object.fromEntries(known))) };
}

export type Properties = ReadonlyMap<string, TypedValue>;

export const reasonProperty = 'DeadLetterReason';
export const descriptionProperty = 'DeadLetterErrorDescription';

/** What a dead-letter queue adds to a message: why it is there. */
export function withDeadLetterReason(
  content: Content,
  {
    reason,
    description,
  }: { readonly reason?: string | undefined; readonly description?: string | undefined },
): Content {
  const more = new Map<string, TypedValue>();
  if (reason !== undefined) more.set(reasonProperty, types.wrap_string(reason));
  if (description !== undefined) more.set(descriptionProperty, types.wrap_string(description));
  return withProperties(content, more);
}

export interface Envelope {
  readonly sequenceNumber: number;
  /** The topic's number; 0 in a queue. */
  readonly topicNumber: number;
  readonly enqueuedAt: number;
  readonly deliveryCount: number;
  readonly timeToLive: number | undefined;
  /** 0 active, 1 deferred, 2 scheduled. */
  readonly state: 0 | 1 | 2;
  readonly lockedUntil: number | undefined;
  /** In the byte order of RFC 4122. */
  readonly lockToken?: Buffer | undefined;
}

const maxUint = 2 ** 32 - 1;

/** The message as it is handed out: its own sections, our header and annotations. */
export function writeMessage(content: Content, envelope: Envelope): Buffer {
  const { durable, priority, annotations, properties, application, body } = content;
  const ttl =
    envelope.timeToLive === undefined ? null : types.wrap_uint(Math.min(envelope.timeToLive, maxUint));
  const header = [durable ?? null, priority ?? null, ttl, null, types.wrap_uint(envelope.deliveryCount)];
  const notes: Record<string, TypedValue> = {
    ...Object.fromEntries(annotations),
    'x-opt-sequence-number': types.wrap_long(envelope.sequenceNumber),
    'x-opt-enqueued-time': types.wrap_timestamp(envelope.enqueuedAt),
    'x-opt-enqueue-sequence-number': types.wrap_long(envelope.topicNumber),
    'x-opt-message-state': types.wrap_int(envelope.state),
  };
  if (envelope.lockedUntil !== undefined)
    notes['x-opt-locked-until'] = types.wrap_timestamp(envelope.lockedUntil);
  return Buffer.concat([
    section(code.header, types.wrap_list(header)),
    ...(envelope.lockToken === undefined
      ? []
      : [
          section(
            code.deliveryAnnotations,
            types.wrap_symbolic_map({ 'x-opt-lock-token': types.wrap_uuid(envelope.lockToken) }),
          ),
        ]),
    section(code.annotations, types.wrap_symbolic_map(notes)),
    properties,
    ...(application === undefined ? [] : [application]),
    body,
  ]);
}

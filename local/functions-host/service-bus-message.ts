import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { TypedData } from './core.ts';

/** What the driver reads of a received message; received with `skipParsingBodyAsJson`. */
export type QueueMessage = Pick<
  ServiceBusReceivedMessage,
  | 'body'
  | 'messageId'
  | 'correlationId'
  | 'contentType'
  | 'subject'
  | 'to'
  | 'replyTo'
  | 'replyToSessionId'
  | 'sessionId'
  | 'partitionKey'
  | 'deadLetterSource'
  | 'lockToken'
  | 'deliveryCount'
  | 'enqueuedTimeUtc'
  | 'expiresAtUtc'
  | 'applicationProperties'
> & {
  readonly sequenceNumber?: { toNumber(): number } | undefined;
  readonly _rawAmqpMessage: { readonly bodyType?: 'data' | 'sequence' | 'value' };
};

/**
 * The body as the host sends it to the worker. The content type plays no part: text is decoded as UTF-8 whatever it
 * is, and the library then tries to parse it as JSON; `dataType: 'binary'` hands the bytes over as they are.
 * @throws Error for sequences, for an AMQP value that is no string, and with `binary` for every value: the extension makes bytes of
 *   data sections only (`MessageToByteArrayConverter` reads `Body`, which throws for the others)
 */
export function bodyData(
  message: Pick<QueueMessage, 'body' | 'messageId' | '_rawAmqpMessage'>,
  binary: boolean,
): TypedData {
  const { body, _rawAmqpMessage: raw } = message;
  if (raw.bodyType === 'value' && typeof body === 'string' && !binary) return { string: body };
  if (raw.bodyType === 'data' && Buffer.isBuffer(body)) {
    return binary ? { bytes: body } : { string: new TextDecoder('utf-8').decode(body) };
  }
  throw new Error(
    `Message ${message.messageId}: an AMQP ${raw.bodyType ?? 'unknown'} body cannot be converted.`,
  );
}

/**
 * The trigger's metadata as the .NET host sends it. Two traps are kept on purpose: the library guesses JSON in every
 * string (message id "123" arrives as a number), and a body that is a JSON object shadows metadata of the same name
 * (github.com/Azure/azure-functions-dotnet-worker, issue 991), unless the trigger is binary.
 */
export function triggerMetadata(message: QueueMessage, body: TypedData): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {};
  const put = (name: string, data: TypedData | undefined): void => {
    if (data) metadata[name] = data;
  };
  for (const name of dotNetObjects) metadata[name] = { json: '{}' };
  put('MessageId', text(message.messageId));
  put('CorrelationId', text(message.correlationId));
  put('ContentType', text(message.contentType));
  put('Subject', text(message.subject));
  put('Label', text(message.subject));
  put('To', text(message.to));
  put('ReplyTo', text(message.replyTo));
  put('ReplyToSessionId', text(message.replyToSessionId));
  put('SessionId', text(message.sessionId));
  put('PartitionKey', text(message.partitionKey));
  put('DeadLetterSource', text(message.deadLetterSource));
  put('LockToken', text(message.lockToken));
  // .NET counts deliveries from 1, the JavaScript SDK passes on the header's 0.
  put('DeliveryCount', json((message.deliveryCount ?? 0) + 1));
  put('SequenceNumber', json(message.sequenceNumber?.toNumber()));
  put('EnqueuedTime', json(withOffset(message.enqueuedTimeUtc)));
  put('EnqueuedTimeUtc', json(withoutZone(message.enqueuedTimeUtc)));
  put('ExpiresAt', json(withOffset(message.expiresAtUtc)));
  put('ExpiresAtUtc', json(withoutZone(message.expiresAtUtc)));
  put('ApplicationProperties', json(message.applicationProperties ?? {}));
  put('UserProperties', json(message.applicationProperties ?? {}));
  if (body.string !== undefined) shadow(metadata, body.string);
  return metadata;
}

/** Objects of .NET that a Node worker gets as empty ones, and can do nothing with. */
const dotNetObjects = [
  'MessageReceiver',
  'MessageSession',
  'MessageActions',
  'SessionActions',
  'ReceiveActions',
  'Client',
];

/** W3C trace context of the sender, as the .NET processor takes it (MessagingClientDiagnostics.TryExtractTraceContext). */
export function traceOf({ applicationProperties = {} }: QueueMessage) {
  const { traceparent, tracestate, 'Diagnostic-Id': diagnosticId } = applicationProperties;
  return { traceParent: asString(traceparent) ?? asString(diagnosticId), traceState: asString(tracestate) };
}

const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const text = (value: unknown): TypedData | undefined =>
  value === undefined || value === null ? undefined : { string: String(value) };

const json = (value: unknown): TypedData | undefined =>
  value === undefined ? undefined : { json: JSON.stringify(value) };

/** .NET's last moment, to its last digit. A message that never expires ends there; the JavaScript SDK says the year 31197. */
const endOfTime = '9999-12-31T23:59:59.9999999Z';

const iso = (date: Date): string =>
  date.getTime() >= Date.parse('9999-12-31T23:59:59.999Z') ? endOfTime : date.toISOString();
const withOffset = (date: Date | undefined) => date && iso(date).replace('Z', '+00:00');
const withoutZone = (date: Date | undefined) => date && iso(date).replace('Z', '');

function shadow(metadata: Record<string, TypedData>, body: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return;
  for (const [name, value] of Object.entries(parsed)) {
    if (value === null || Array.isArray(value)) continue;
    const known = Object.keys(metadata).find((key) => key.toLowerCase() === name.toLowerCase());
    metadata[known ?? name] =
      typeof value === 'object' ? { json: JSON.stringify(value) } : { string: dotNetText(value) };
  }
}

const dotNetText = (value: unknown): string =>
  value === true ? 'True' : value === false ? 'False' : String(value);

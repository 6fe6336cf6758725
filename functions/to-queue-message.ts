/** Turns the host's trigger data into a queue message, the first step of a delivery. */

import type { TriggerMetadata } from '@azure/functions';
import type { QueueMessage } from '../src/domain/message/queue-message.ts';

/** The host's trigger data as the use case knows it. Its metadata is JSON-guessed text: numbers may stand for ids. */
export function toQueueMessage(
  body: unknown,
  metadata: TriggerMetadata,
  queue: QueueMessage['queue'],
  traceparent: string | undefined,
): QueueMessage {
  const { applicationProperties } = metadata;
  return {
    body: toBytes(body),
    messageId: String(metadata['messageId'] ?? ''),
    queue,
    sequenceNumber: String(metadata['sequenceNumber'] ?? ''),
    deliveryCount: Number(metadata['deliveryCount'] ?? 1),
    enqueuedAt: toEpochMs(metadata['enqueuedTimeUtc'] ?? metadata['enqueuedTime']),
    properties: isObject(applicationProperties) ? applicationProperties : {},
    ...(traceparent === undefined || traceparent === '' ? {} : { traceparent }),
  };
}

/** A binary trigger gives bytes. An AMQP body that is no data section comes as text or as a value: kept, to be refused. */
function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return new Uint8Array();
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The host writes the `…Utc` field without a zone, which JavaScript would read as local time. */
function toEpochMs(value: unknown): number {
  if (typeof value !== 'string') return Date.now();
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? Date.now() : time;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

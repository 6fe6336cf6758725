/** First step of a delivery: decode a message and its properties. It writes wake-ups too. */

import { omitUndefined } from '../omit-undefined.ts';
import { type JobEntry, readJobEntryKey } from '../schedule-entry.ts';
import { decodeJob, type Job, type Rejection } from './job.ts';
import { type JobKey, jobKeyOf } from './job-key.ts';
import type { OutgoingMessage, QueueMessage } from './queue-message.ts';

/** One time that the queue hands out a message. First step of the way: decode, permit, claim, act, carry out. */
export interface Delivery {
  readonly jobKey: JobKey;
  readonly messageId: string;
  /** How often the queue has handed out this message, as far as it counts. Only people read it: not every redelivery counts. */
  readonly count: number;
  /** Queue and sequence number: names this message among all. */
  readonly source: string;
  /** The same message was sent again while table storage was unavailable, or by a person from the dead letters. */
  readonly redelivered: boolean;
  /** Orders that an earlier delivery of this message received and could not record. */
  readonly ordersInHand: readonly string[];
  readonly firstEnqueued: number;
  /** When the queue could hand out this message at the earliest, epoch ms. */
  readonly enqueuedAt: number;
  /** W3C traceparent of whoever sent the message; absent: its producer traces nothing. */
  readonly traceparent?: string;
  readonly urgent: boolean;
  readonly from:
    | {
        readonly kind: 'producer';
        readonly job: Job;
        /** The body as its producer wrote it. */
        readonly body: string;
      }
    | {
        readonly kind: 'wake-up';
        readonly entryKey: string;
        /** The entry's origin, epoch ms. */
        readonly origin: number;
        /** How often the entry was woken, this time included. */
        readonly wakes: number;
      };
}

export type DecodedDelivery =
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** A newer version of this program wrote it: a rolling deployment is under way. */
  | {
      readonly kind: 'newer';
      readonly version: string;
      readonly wakeUp?: { readonly entryKey: string; readonly origin: number; readonly jobKey: JobKey };
    };

/** The version of the application properties and wake-ups that this code writes and reads. */
export const propertiesVersion = 1;

/** On a message that is not a job and could not be recorded yet: its key in the table Attention. */
export const rejectedProperty = 'checkout-rejected';
/** On a message that was sent again: the same message, for later. */
export const redeliveredProperty = 'checkout-redelivered';
export const ordersProperty = 'checkout-orders';
export const firstEnqueuedProperty = 'checkout-first-enqueued';
export const traceparentProperty = 'checkout-traceparent';

const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The application properties that the worker and its operators add. All are strings; the body stays as it was written. */
const known: Readonly<Record<string, RegExp>> = {
  'checkout-version': /^[1-9][0-9]{0,5}$/,
  [redeliveredProperty]: /^1$/,
  [ordersProperty]: /^[^,]{1,1024}(,[^,]{1,1024})*$/u,
  [firstEnqueuedProperty]: /^[0-9]{13,15}$/,
  [traceparentProperty]: traceparent,
  [rejectedProperty]: /^[0-9a-f]{64}:[0-9]{1,16}-[0-9]{1,20}$/,
};

/** The body of a wake-up. No decoder of jobs accepts it, so a wake-up that lands anywhere else cannot buy. */
export const wakeUpBody = (entryKey: string, wakes: number): string =>
  JSON.stringify({ wake: { entry: entryKey, wakes } });

export function decodeDelivery(message: QueueMessage): DecodedDelivery {
  const version = text(message.properties['checkout-version']);
  const wakeUp = readWakeUp(message.body);
  // guard: Version: a newer message is left alone
  if (version !== undefined && /^[1-9][0-9]{0,5}$/.test(version) && Number(version) > propertiesVersion)
    return omitUndefined({ kind: 'newer' as const, version, wakeUp });
  const decoded = wakeUp === undefined ? decodeJob(message.body) : undefined;
  if (decoded?.ok === false) return { kind: 'rejected', rejection: decoded.rejection };
  const properties = decodeProperties(message.properties);
  if (!properties.ok) {
    const { batchId, batchSize } = decoded?.job ?? {};
    return { kind: 'rejected', rejection: omitUndefined({ ...properties.rejection, batchId, batchSize }) };
  }
  const { values } = properties;
  const about = {
    messageId: message.messageId,
    count: message.deliveryCount,
    source: `${message.queue}:${message.sequenceNumber}`,
    redelivered: values.has(redeliveredProperty),
    ordersInHand: splitIds(values.get(ordersProperty)),
    firstEnqueued: Number(values.get(firstEnqueuedProperty) ?? message.enqueuedAt),
    enqueuedAt: message.enqueuedAt,
    traceparent: values.get(traceparentProperty) ?? producersTrace(message.properties),
    urgent: message.queue === 'urgent',
  };
  if (wakeUp !== undefined) {
    const { jobKey, entryKey, origin, wakes } = wakeUp;
    return {
      kind: 'delivery',
      delivery: omitUndefined({
        ...about,
        jobKey,
        from: { kind: 'wake-up' as const, entryKey, origin, wakes },
      }),
    };
  }
  if (decoded === undefined) throw new Error('A message is a wake-up or a job');
  const body = new TextDecoder().decode(message.body);
  return {
    kind: 'delivery',
    delivery: omitUndefined({
      ...about,
      jobKey: jobKeyOf(decoded.job),
      from: { kind: 'producer' as const, job: decoded.job, body },
    }),
  };
}

/** Ids of orders as one property holds them: percent-encoded, so that any id of the API passes. */
export const joinIds = (ids: readonly string[]): string => ids.map(encodeURIComponent).join(',');

function splitIds(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return value.split(',').flatMap((id) => {
    try {
      return [decodeURIComponent(id)];
    } catch {
      return [];
    }
  });
}

/** Only the worker writes wake-ups, always as `wakeUpBody` does: `w` is their third byte, so jobs are not parsed twice. */
function readWakeUp(body: Uint8Array) {
  if (body.byteLength > 1_024 || body[2] !== 0x77) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('wake' in value)) return undefined;
  const { wake } = value;
  if (typeof wake !== 'object' || wake === null || !('entry' in wake) || typeof wake.entry !== 'string')
    return undefined;
  const read = readJobEntryKey(wake.entry);
  if (read === undefined) return undefined;
  const wakes = 'wakes' in wake && typeof wake.wakes === 'number' && wake.wakes > 0 ? wake.wakes : 1;
  return { ...read, entryKey: wake.entry, wakes };
}

type DecodedProperties =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly rejection: Rejection };

function decodeProperties(properties: QueueMessage['properties']): DecodedProperties {
  const values = new Map<string, string>();
  const refuse = (path: string, reason: string): DecodedProperties => ({
    ok: false,
    rejection: { kind: 'not-valid', path, reason },
  });
  for (const [name, value] of Object.entries(properties)) {
    if (!name.toLowerCase().startsWith('checkout-')) continue;
    const pattern = known[name];
    if (pattern === undefined)
      return refuse(name.slice(0, 128), `unknown property: known are ${Object.keys(known).join(', ')}`);
    const string = text(value);
    if (string === undefined || !pattern.test(string))
      return refuse(name, `${name} does not match the message contract`);
    values.set(name, string);
  }
  return { ok: true, values };
}

/** The trace that the official clients put on a message ("Diagnostic-Id" is its older name). */
function producersTrace(properties: QueueMessage['properties']): string | undefined {
  const trace =
    text(properties['traceparent']) ?? text(properties['diagnostic-Id']) ?? text(properties['Diagnostic-Id']);
  return trace !== undefined && traceparent.test(trace) ? trace : undefined;
}

/** A host may turn the text of a property into a number: both are read as text. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** The message that wakes the job of an entry: it says nothing but that there may be something to do. */
export const wakeUp = (
  { key, wakes }: Pick<JobEntry, 'key' | 'wakes'>,
  messageId: string,
): OutgoingMessage => ({
  messageId,
  body: new TextEncoder().encode(wakeUpBody(key, wakes + 1)),
  properties: { 'checkout-version': String(propertiesVersion) },
});

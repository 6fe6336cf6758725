import rhea from 'rhea';
import type { Content } from './message.ts';

export type Place = 'ready' | 'locked' | 'deferred' | 'scheduled' | 'gone';

/** A message as a queue holds it. Times are epoch ms. */
export interface Held {
  readonly sequenceNumber: number;
  /** The number that its topic gave it; 0 in a queue. */
  readonly topicNumber: number;
  readonly enqueuedAt: number;
  expiresAt: number;
  /** ms, the smaller one of message and entity. */
  timeToLive: number | undefined;
  deliveryCount: number;
  content: Content;
  place: Place;
  /** Deferred before it was locked: there it goes back. */
  wasDeferred: boolean;
  token: Buffer | undefined;
  /** End of the lock, or the time for which it is scheduled. */
  until: number;
}

export const newHeld = (
  sequenceNumber: number,
  content: Content,
  enqueuedAt: number,
  topicNumber = 0,
): Held => ({
  sequenceNumber,
  topicNumber,
  enqueuedAt,
  expiresAt: Number.POSITIVE_INFINITY,
  timeToLive: undefined,
  deliveryCount: 0,
  content,
  place: 'gone',
  wasDeferred: false,
  token: undefined,
  until: 0,
});

/** `x-opt-message-state`: 0 active, 1 deferred, 2 scheduled. */
export function stateOf(held: Held): 0 | 1 | 2 {
  if (held.place === 'scheduled') return 2;
  return held.wasDeferred ? 1 : 0;
}

/** A message as it lies in the queue, for tests and status screens. */
export interface Inspected {
  readonly messageId: string;
  readonly sequenceNumber: number;
  readonly deliveryCount: number;
  readonly place: Exclude<Place, 'gone'>;
  /** Epoch ms: the end of the lock, or the time for which it is scheduled. */
  readonly until: number | undefined;
  /** With `DeadLetterReason` and `DeadLetterErrorDescription` in a dead-letter queue. */
  readonly applicationProperties: Readonly<Record<string, unknown>>;
  /** The bytes of a data section; else the decoded value. */
  readonly body: unknown;
}

/** `bytes` is the message as it would be handed out. */
export function inspectHeld(held: Held, bytes: Buffer): Inspected {
  const { sequenceNumber, deliveryCount, place, until, content } = held;
  if (place === 'gone') throw new Error(`message ${sequenceNumber} is gone`);
  const decoded = rhea.message.decode(bytes);
  const body: unknown = decoded['body'];
  const isSection = typeof body === 'object' && body !== null && 'content' in body;
  return {
    messageId: content.messageId,
    sequenceNumber,
    deliveryCount,
    place,
    until: place === 'locked' || place === 'scheduled' ? until : undefined,
    applicationProperties: decoded['application_properties'] ?? {},
    body: isSection ? body.content : body,
  };
}

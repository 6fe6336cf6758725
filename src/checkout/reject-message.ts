import { createHash } from 'node:crypto';
import { withJitter } from '../domain/checkout/backoff.ts';
import { rejectedEvent } from '../domain/events/event-list.ts';
import { rejectedProperty } from '../domain/message/delivery.ts';
import type { Rejection } from '../domain/message/job.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { Deps } from './deps.ts';

/**
 * A message that is no job is told to people. While our own tables or topic fail it waits as it is, so that no delivery is
 * spent, with the key that it has now, so that it is told once.
 */
export async function rejectOrPark(deps: Deps, message: QueueMessage, rejection: Rejection): Promise<void> {
  const key = keyOf(message);
  try {
    await rejectMessage(deps, message, rejection, key);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.telemetry.warn(error.message, { key });
    await sendOn(deps, message, message.messageId || deps.chance.guid(), { [rejectedProperty]: key });
  }
}

/** The producer's message id may be absent, equal or anything: the queue's own numbers tell two messages apart. */
function keyOf({ body, enqueuedAt, sequenceNumber, properties }: QueueMessage): string {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const kept = properties[rejectedProperty];
  return typeof kept === 'string' && kept.startsWith(`${sha256}:`)
    ? kept
    : `${sha256}:${enqueuedAt}-${sequenceNumber}`;
}

/** Kept, byte for byte, where people look, with the path of the field and the reason. */
async function rejectMessage(
  deps: Deps,
  message: QueueMessage,
  { kind, path, reason, batchId, batchSize }: Rejection,
  key: string,
): Promise<void> {
  const at = deps.clock.now();
  const { [rejectedProperty]: _, ...properties } = message.properties;
  await deps.attention.reject(
    omitUndefined({
      key,
      body: message.body,
      messageId: message.messageId,
      properties: JSON.stringify(properties),
      reason: `${kind}: ${reason}`,
      path,
      remedy: 'Mend the message at its producer and send it again; this one was not acted on.',
      batchId,
      enqueuedAt: message.enqueuedAt,
      at,
    }),
  );
  if (batchId !== undefined) {
    if (batchSize !== undefined) await deps.joinBatch(batchId, batchSize);
    await deps.batches.reject(batchId, key, at);
  }
  await deps.events.publish([
    rejectedEvent(key, at, omitUndefined({ kind, path, reason, batchId, messageId: message.messageId })),
  ]);
  deps.telemetry.event('JobRejected', { key, kind, path, batchId, bytes: message.body.byteLength });
}

/** A copy of a newer version of this program, in a rolling deployment: sent on as it is, for the newer one to take. */
export async function parkNewer(deps: Deps, message: QueueMessage): Promise<void> {
  await sendOn(deps, message, deps.chance.guid(), {});
  const version = String(message.properties['checkout-version']);
  deps.telemetry.warn('a message of a newer version was parked', { version });
}

async function sendOn(
  deps: Deps,
  { body, properties }: QueueMessage,
  messageId: string,
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const texts = Object.entries(properties).map(([name, value]) => [name, String(value)] as const);
  const until = deps.clock.now() + withJitter(deps.times.outageRetry, deps.chance);
  await deps.queue.send({ messageId, body, properties: { ...Object.fromEntries(texts), ...more } }, until);
}

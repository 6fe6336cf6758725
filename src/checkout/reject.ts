import { createHash } from 'node:crypto';
import { compact } from '../compact.ts';
import { roughly } from './back-off.ts';
import type { Deps } from './deps.ts';
import { rejectedEvent } from './event-list.ts';
import type { Rejection } from './job.ts';
import type { QueueMessage } from './queue-message.ts';

/** A message that is no job is kept, byte for byte, where people look, with the path of the field and the reason. */
export async function rejectMessage(deps: Deps, message: QueueMessage, rejection: Rejection): Promise<void> {
  const at = deps.clock.now();
  const sha256 = createHash('sha256').update(message.body).digest('hex');
  // The producer's message id may be absent, equal or anything: the queue's own numbers tell two messages apart.
  const key = `${sha256}:${message.enqueuedAt}-${message.sequenceNumber}`;
  const { kind, path, reason, batchId } = rejection;
  await deps.attention.reject(
    compact({
      key,
      body: message.body,
      messageId: message.messageId,
      properties: JSON.stringify(message.properties),
      reason: `${kind}: ${reason}`,
      path,
      cure: 'Mend the message at its producer and send it again; this one was not acted on.',
      batchId,
      enqueuedAt: message.enqueuedAt,
      at,
    }),
  );
  if (batchId !== undefined) await deps.batches.reject(batchId, key, at);
  await deps.events.publish([
    rejectedEvent(key, at, compact({ kind, path, reason, batchId, messageId: message.messageId })),
  ]);
  deps.telemetry.event('JobRejected', { key, kind, path, reason, batchId, bytes: message.body.byteLength });
}

/** A copy of a newer version of this program, in a rolling deployment: sent on as it is, for the newer one to take. */
export async function parkNewer(deps: Deps, message: QueueMessage): Promise<void> {
  const until = deps.clock.now() + roughly(deps.times.outageRetry, deps.chance);
  const properties = Object.fromEntries(
    Object.entries(message.properties).map(([name, value]) => [name, String(value)] as const),
  );
  await deps.queue.send({ messageId: deps.chance.guid(), body: message.body, properties }, until);
  deps.telemetry.warn('a message of a newer version was parked', { version: properties['checkout-version'] });
}

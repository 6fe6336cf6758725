/** The end of a delivery whose message is not a job: it is kept where people look. */

import { createHash } from 'node:crypto';
import { rejectedEvent } from '../domain/events/event-list.ts';
import { rejectedProperty } from '../domain/message/delivery.ts';
import type { Rejection } from '../domain/message/job.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { Deps } from './deps.ts';
import { redeliverLater } from './redeliver-later.ts';
import type { Completed } from './run.ts';

/**
 * A message that is not a job is kept where people look (rule R1 c). While our own tables or topic are unavailable it is sent again as
 * it is, with the key that it has now, so that it is reported once.
 */
export async function rejectMessage(
  deps: Deps,
  message: QueueMessage,
  rejection: Rejection,
): Promise<Completed> {
  const startedAt = deps.clock.now();
  try {
    return await keepRejected(deps, message, rejection);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const key = keyOf(message);
    deps.telemetry.warn(error.message, { key });
    return redeliverLater(deps, message, startedAt, { [rejectedProperty]: key });
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
async function keepRejected(
  deps: Deps,
  message: QueueMessage,
  { kind, path, reason, batchId, batchSize, isKnownLine }: Rejection,
): Promise<Completed> {
  const key = keyOf(message);
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
      remedy: 'Fix the message at its producer and send it again. This one was not acted on.',
      batchId,
      enqueuedAt: message.enqueuedAt,
      at,
    }),
  );
  // guard: Batch: a line that is refused beside its own job counts once [replace: batchId !== undefined]
  if (batchId !== undefined && isKnownLine !== true) {
    if (batchSize !== undefined) await deps.joinBatch(batchId, batchSize);
    await deps.batches.reject(batchId, key, at);
  }
  await deps.events.publish([
    rejectedEvent(key, at, omitUndefined({ kind, path, reason, batchId, messageId: message.messageId })),
  ]);
  deps.telemetry.event('JobRejected', { key, kind, path, batchId, bytes: message.body.byteLength });
  return 'rejected';
}

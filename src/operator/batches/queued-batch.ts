/** Finds a batch that no worker has seen yet among the messages of the queues. */
import { decodeJob } from '../../domain/message/job.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { QueuedMessages } from '../../ports/queued-messages.ts';

/** What the messages of a batch say of it before a worker has taken the first of them. */
export interface QueuedBatch {
  /** Its declared size. */
  readonly size?: number;
  /** Epoch ms: its first message is held back until then. */
  readonly at?: number;
}

/** Beyond so many messages a batch that is new counts as not found: a look takes seconds, not minutes. */
export const mostPeeked = 20_000;

/** Looks for a batch that no worker knows among the messages that wait. Undefined: none of it is there. */
export async function findQueued(
  queues: readonly QueuedMessages[],
  batchId: string,
): Promise<QueuedBatch | undefined> {
  // Nearly every message is another batch's: the text tells that sooner than decoding does.
  const named = Buffer.from(JSON.stringify(batchId).slice(1, -1));
  for (const { peek } of queues) {
    let looked = 0;
    for await (const { body, at } of peek()) {
      looked += 1;
      if (looked > mostPeeked) break;
      if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(named)) continue;
      const decoded = decodeJob(body);
      if (decoded.ok && decoded.job.batchId === batchId)
        return omitUndefined({ size: decoded.job.batchSize, at });
    }
  }
  return undefined;
}

/** The end of a delivery while table storage is unavailable: the same message, sent again for later. */

import { redeliveredProperty } from '../domain/message/delivery.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { Deps } from './deps.ts';
import type { Completed } from './run.ts';

/**
 * Sends the same message again for later. If that fails too, the delivery is held until shortly before its lock ends and then handed
 * back: ten deliveries last over an hour and a half.
 */
export async function redeliverLater(
  deps: Deps,
  { body, properties, queue }: QueueMessage,
  startedAt: number,
  more: Readonly<Record<string, string>>,
  pause = deps.times.outageRetry,
): Promise<Completed> {
  const { clock, random, times } = deps;
  const texts = Object.entries(properties).map(([name, value]) => [name, String(value)] as const);
  const sent = {
    messageId: random.guid(),
    body,
    properties: {
      ...Object.fromEntries(texts),
      // guard: Redelivery: marked
      [redeliveredProperty]: '1',
      ...more,
    },
  };
  try {
    await deps.queue.send([sent], clock.now() + pause * (0.9 + 0.2 * random.fraction()));
    return 'redelivered';
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.telemetry.warn(`A message of the ${queue} queue could not be sent again: ${error.message}`);
    // guard: Redelivery: held until the lock ends
    await clock.sleep(Math.max(0, startedAt + times.lockRenewed - times.throwDelay - clock.now()));
    throw error;
  }
}

/** Port: what a queue says of itself, for the operator. */

import { Unavailable } from './unavailable.ts';

/** How many messages wait in the checkout queue. */
export interface QueueCounts {
  /** Locked ones among them. */
  readonly active: number;
  readonly scheduled: number;
  readonly dead: number;
}

/** The settings of the queue that the protocol leans on. Lengths are milliseconds. */
export interface QueueSettings {
  readonly lock: number;
  readonly maxDeliveryCount: number;
  readonly timeToLive: number;
  readonly deadLettersExpired: boolean;
  readonly duplicateDetection: boolean;
  readonly sessions: boolean;
  readonly enabled: boolean;
}

/** What the management API of Service Bus says of the checkout queue. Throws `Unavailable` ('queue'). */
export interface QueueStatus {
  counts(): Promise<QueueCounts>;
  /** Undefined: there is no such queue. */
  settings(): Promise<QueueSettings | undefined>;
}

/** Messages that these queues can hand out now. Undefined: one of them could not be asked. */
export async function waitingIn(queues: readonly Pick<QueueStatus, 'counts'>[]): Promise<number | undefined> {
  try {
    const counts = await Promise.all(queues.map((queue) => queue.counts()));
    return counts.reduce((sum, { active }) => sum + active, 0);
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

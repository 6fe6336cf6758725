/** Port: the dead letters of a queue, for the operator. */

import { decodeDelivery } from '../domain/message/delivery.ts';
import type { JobKey } from '../domain/message/job-key.ts';

/** A message in the dead-letter queue, as people see it. */
export interface DeadLetter {
  /** The queue's number of it: how a person names it. */
  readonly sequenceNumber: string;
  readonly messageId: string;
  /** Epoch ms. */
  readonly enqueuedAt: number;
  readonly deliveryCount: number;
  /** Why it is here, as the queue or a client says: `MaxDeliveryCountExceeded`, `TTLExpiredException` … */
  readonly reason: string;
  readonly description: string;
  readonly body: Uint8Array;
  /** The message's own, without those in which the queue keeps reason and description. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A dead letter under our lock. When the lock ends, the letter is there again. */
export interface TakenLetter {
  readonly letter: DeadLetter;
  /** Sends it to the queue again, marked as such, then removes it here: killed in between, it is there twice, and never lost. */
  requeue(): Promise<void>;
  remove(): Promise<void>;
  release(): Promise<void>;
}

/** The dead-letter queue of one queue. Throws `Unavailable` ('queue'). */
export interface DeadLetters {
  readonly queue: string;
  /** All of them, locked ones too, oldest first. Changes nothing. */
  peek(): AsyncIterable<DeadLetter>;
  /** Up to `most`; none when none came within `waitMs`. */
  take(most: number, waitMs: number): Promise<readonly TakenLetter[]>;
}

export interface LetterFilter {
  readonly sequenceNumbers?: ReadonlySet<string>;
  readonly reason?: string;
}

export const isWanted = (letter: DeadLetter, { sequenceNumbers, reason }: LetterFilter): boolean =>
  (sequenceNumbers === undefined || sequenceNumbers.has(letter.sequenceNumber)) &&
  (reason === undefined || letter.reason === reason);

/** What a letter is, for lists; `no-job`: neither a job nor a wake-up that this program can read. */
export function aboutLetter(letter: DeadLetter): {
  readonly kind: 'job' | 'wake-up' | 'no-job';
  readonly jobKey?: JobKey;
} {
  const decoded = decodeDelivery({ ...letter, queue: 'standard' });
  if (decoded.kind === 'newer')
    return decoded.wakeUp === undefined
      ? { kind: 'no-job' }
      : { kind: 'wake-up', jobKey: decoded.wakeUp.jobKey };
  if (decoded.kind === 'rejected') return { kind: 'no-job' };
  const { jobKey, from } = decoded.delivery;
  return { kind: from.kind === 'wake-up' ? 'wake-up' : 'job', jobKey };
}

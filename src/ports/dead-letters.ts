import { decodeJob } from '../domain/message/job.ts';

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
  /** Sends it to the queue as it is, then removes it here: killed in between, it is there twice, and never lost. */
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

/** Whose job it is, and what a person decided with it; for lists. */
export function aboutLetter({ body, properties }: DeadLetter): {
  readonly job: string;
  readonly decision: string;
} {
  const decoded = decodeJob(body);
  const decision = properties['checkout-decision'];
  const who = properties['checkout-who'];
  return {
    job: decoded.ok ? `${decoded.job.customerId} ${decoded.job.cartId}` : 'no job',
    decision: decision === undefined ? '' : `${decision} by ${who}`,
  };
}

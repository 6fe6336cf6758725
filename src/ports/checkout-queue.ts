/** Port: the worker's own queue, to send to. */

import type { OutgoingMessage } from '../domain/message/queue-message.ts';

/** The checkout queue, as the worker uses it. Throws `Unavailable` ('queue'). */
export interface CheckoutQueue {
  /** The queue has accepted all of them when this resolves. It hands them out at `at` (epoch ms), or at once if that is past. */
  send(messages: readonly OutgoingMessage[], at: number): Promise<void>;
}

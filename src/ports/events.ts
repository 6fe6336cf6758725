/** Port: the topic for events. */

import type { CheckoutEvent } from '../domain/events/event.ts';

/** The topic `checkout-events`. Throws `Unavailable` ('events'). */
export interface Events {
  /** One send for all of them. Subscribers filter on type, batchId, customerId, reference. */
  publish(events: readonly CheckoutEvent[]): Promise<void>;
}

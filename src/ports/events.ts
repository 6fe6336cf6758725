import type { CheckoutEvent } from '../domain/events/event.ts';
/** The types of the events, by what they tell of. */
export const eventTypes = {
  checkout: [
    'checkout.ordered',
    'checkout.completed',
    'checkout.partial',
    'checkout.failed',
    'checkout.needs-decision',
  ],
  order: ['order.completed', 'order.cancelled'],
  job: ['job.rejected'],
  batch: ['batch.finished'],
} as const;

/** The topic `checkout-events`. Throws `Unavailable` ('events'). */
export interface Events {
  /** One send for all of them. Subscribers filter on type, batchId, customerId, reference. */
  publish(events: readonly CheckoutEvent[]): Promise<void>;
}

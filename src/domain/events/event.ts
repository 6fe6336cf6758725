/** The events of the topic, by type and data. */

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
  cancellation: ['order.cancellable'],
  job: ['job.rejected'],
  batch: ['batch.finished'],
} as const;

export type EventType = (typeof eventTypes)[keyof typeof eventTypes][number];

/** A CloudEvents 1.0 event (structured JSON), with an id that is the same on each repeat. */
export interface CheckoutEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: '/partner-center-checkout-worker';
  readonly type: EventType;
  readonly subject: string;
  /** ISO 8601. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

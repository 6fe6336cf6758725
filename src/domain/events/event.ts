import type { eventTypes } from '../../ports/events.ts';

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

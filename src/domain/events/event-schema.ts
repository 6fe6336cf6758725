/** The schema of each event, for subscribers and tests. */

import * as z from 'zod/mini';
import type { BadLine } from '../cart/cart-content.ts';
import { type FinalState, states } from '../checkout/record.ts';
import { rejectionKinds } from '../message/job.ts';
import type { BoughtSubscription } from '../order/bought-subscription.ts';
import { orderStatuses } from '../order/order.ts';
import { eventTypes } from './event.ts';

/** The events as JSON Schema: `docs/events.schema.json` is made from it, and a test holds every event against it. */
const reason = z.object({
  code: z.string(),
  description: z.string(),
  remedy: z.string(),
  at: z.number(),
  status: z.optional(z.int()),
  requestId: z.optional(z.string()),
  correlationId: z.optional(z.string()),
  cv: z.optional(z.string()),
});

const about = {
  jobKey: z.string(),
  customerId: z.string(),
  /** Absent while a job that carries lines has made no cart. */
  cartId: z.optional(z.string()),
  /** Of a job that carries lines. */
  externalOrderId: z.optional(z.string()),
  batchId: z.optional(z.string()),
  batchIds: z.optional(z.array(z.string())),
  reference: z.optional(z.string()),
  correlationId: z.optional(z.string()),
};

const status = z.enum(orderStatuses);

const checkoutData = z.strictObject({
  ...about,
  state: z.enum(states),
  orders: z.array(z.strictObject({ id: z.string(), status })),
  failedGroups: z.array(
    z.strictObject({ group: z.string(), code: z.string(), description: z.string(), retryable: z.boolean() }),
  ),
  badLines: z.optional(
    z.array(
      z.strictObject({
        line: z.int(),
        code: z.string(),
        description: z.string(),
        remedy: z.string(),
      } satisfies Record<keyof BadLine, z.ZodMiniType>),
    ),
  ),
  /** Of a job that carries lines: what its cart costs, as it was checked. */
  total: z.optional(z.strictObject({ amount: z.string(), currency: z.optional(z.string()) })),
  reason: z.optional(reason),
});

const orderData = z.strictObject({ ...about, orderId: z.string(), status });

const cancellationData = z.strictObject({
  ...about,
  orderId: z.string(),
  subscriptions: z.array(
    z.strictObject({
      id: z.string(),
      offerId: z.string(),
      /** The producer's number of the order line, where only one line of the job can be meant. */
      line: z.optional(z.int()),
      /** As Partner Center says; null: it cannot be cancelled. Absent: Partner Center did not say. */
      cancellableUntil: z.optional(z.nullable(z.iso.datetime())),
    } satisfies Record<keyof BoughtSubscription, z.ZodMiniType>),
  ),
});

const rejectedData = z.strictObject({
  kind: z.enum(rejectionKinds),
  path: z.string(),
  reason: z.string(),
  messageId: z.string(),
  batchId: z.optional(z.string()),
});

const counted = {
  completed: z.int(),
  partial: z.int(),
  failed: z.int(),
  rejected: z.int(),
} satisfies Readonly<Record<FinalState | 'rejected', z.ZodMiniType>>;

const batchData = z.strictObject({ batchId: z.string(), total: z.int(), ...counted });

const event = <T extends readonly [string, ...string[]], D extends z.ZodMiniType>(types: T, data: D) =>
  z.strictObject({
    specversion: z.literal('1.0'),
    id: z.string().check(z.minLength(1)),
    source: z.literal('/partner-center-checkout-worker'),
    type: z.enum(types),
    subject: z.string(),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    data,
  });

export const eventShape = z.union([
  event(eventTypes.checkout, checkoutData),
  event(eventTypes.order, orderData),
  event(eventTypes.cancellation, cancellationData),
  event(eventTypes.job, rejectedData),
  event(eventTypes.batch, batchData),
]);

export const eventSchema = (): unknown => ({
  $id: 'checkout-events.v1.schema.json',
  title: 'Checkout events, version 1 (CloudEvents 1.0, structured)',
  ...z.toJSONSchema(eventShape, { target: 'draft-2020-12' }),
});

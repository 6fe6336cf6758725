/**
 * The shapes of every HTTP answer. The views are typed by them, `docs/openapi.json` is made from them, and the tests hold every answer
 * against it.
 */

import * as z from 'zod/mini';
import type { LineKind } from '../domain/batch/batch-counts.ts';
import { decisions, questionKinds, states } from '../domain/checkout/record.ts';
import { closureCauses } from '../domain/gate/closure-cause.ts';
import { orderStatuses } from '../domain/order/order.ts';

const instant = z.iso.datetime();
const id = z.guid();
const count = z.int().check(z.minimum(0));

const problem = {
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
};

/** RFC 9457, `application/problem+json`. */
export const problemShape = z.strictObject(problem);
export type ProblemView = z.infer<typeof problemShape>;

export const refusedShape = z.strictObject({
  ...problem,
  /** The path of each bad field, like `[3].notAfter`; empty for the body as a whole. */
  errors: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
  /** So many more were found. */
  omitted: z.optional(count),
});

export const interruptedShape = z.strictObject({ ...problem, sent: count, total: count });

const reasonShape = z.strictObject({
  /** The API's code, or a word of the worker: `too-late`, `gone`, `stopped`. */
  code: z.string(),
  description: z.string(),
  /** One sentence: what the reader can do. */
  remedy: z.string(),
  at: instant,
  /** The HTTP status of the deciding call, and its ids, for Microsoft support. */
  status: z.optional(z.int()),
  requestId: z.optional(z.string()),
  correlationId: z.optional(z.string()),
  cv: z.optional(z.string()),
});
export type ReasonView = z.infer<typeof reasonShape>;

/** As Partner Center says; null: it cannot be cancelled. Absent: nobody knows yet. */
const cancellableUntil = z.optional(z.nullable(instant));

export const jobShape = z.strictObject({
  /** Names the job in addresses, events and commands. Opaque. */
  jobKey: z.string(),
  customerId: id,
  /** Absent while a job that carries lines has made no cart. */
  cartId: z.optional(id),
  /** Of a job that carries lines. */
  externalOrderId: z.optional(z.string()),
  state: z.enum(states),
  final: z.boolean(),
  reason: z.optional(reasonShape),
  orders: z.array(
    z.strictObject({
      id: z.string(),
      status: z.enum(orderStatuses),
      since: instant,
      /** What it has made, once it is completed. */
      subscriptions: z.optional(
        z.array(
          z.strictObject({
            id: z.string(),
            offerId: z.string(),
            cancellableUntil,
          }),
        ),
      ),
    }),
  ),
  /** Of a job that carries lines: what became of each. */
  lines: z.optional(
    z.array(
      z.strictObject({
        line: z.int(),
        product: z.string(),
        sku: z.string(),
        quantity: count,
        /** A status of its order, `dropped`, or the state of the job. */
        state: z.enum([...states, ...orderStatuses, 'dropped']),
        orderId: z.optional(z.string()),
        subscriptionId: z.optional(z.string()),
        /** Why it was not bought, and what the reader can do. */
        code: z.optional(z.string()),
        reason: z.optional(z.string()),
        remedy: z.optional(z.string()),
        /** The whole commitment before tax, as the cart said. */
        price: z.optional(z.string()),
        currency: z.optional(z.string()),
        cancellableUntil,
      }),
    ),
  ),
  failedGroups: z.array(
    z.strictObject({ group: z.string(), code: z.string(), description: z.string(), retryable: z.boolean() }),
  ),
  attempts: count,
  calls: count,
  nextTry: z.optional(instant),
  question: z.optional(z.strictObject({ kind: z.enum(questionKinds), since: instant })),
  decisions: z.array(
    z.strictObject({
      decision: z.enum(decisions),
      who: z.string(),
      at: instant,
      /** For `orders`: the ids that the person named. */
      orderIds: z.optional(z.array(z.string())),
      /** Why the worker did not carry it out. */
      refused: z.optional(z.string()),
    }),
  ),
  batches: z.array(z.string()),
  reference: z.optional(z.string()),
  notBefore: z.optional(instant),
  notAfter: z.optional(instant),
  firstEnqueued: instant,
  updatedAt: instant,
});
export type JobView = z.infer<typeof jobShape>;

export const submittedShape = z.strictObject({
  sent: count,
  /** Where each job's state can be read, in the order in which they came. */
  jobs: z.array(z.string()),
  /** Of a single job: its state, where it was known already. */
  known: z.optional(jobShape),
});
export type SubmittedView = z.infer<typeof submittedShape>;

export const healthShape = z.strictObject({
  healthy: z.boolean(),
  tables: z.enum(['reachable', 'unreachable', 'not-asked']),
  /** Why the worker did not start: each setting that is missing or wrong. Absent when it did. */
  reason: z.optional(z.string()),
  gate: z.optional(
    z.strictObject({
      open: z.boolean(),
      /** Why it is closed, in one word. */
      cause: z.optional(z.enum([...closureCauses, 'paused'])),
      until: z.optional(instant),
      /** The one call that may open it is out since then. */
      trialCallSince: z.optional(instant),
      callsPerMinute: z.number(),
      /** How long ago the vault gave what proves the worker's credential. It grows while the vault is unavailable. */
      credentialAgeSeconds: z.optional(z.number()),
    }),
  ),
  /** The last tick of the poller; absent before the first. */
  lastTick: z.optional(z.strictObject({ at: instant, ageSeconds: z.number() })),
});
export type HealthView = z.infer<typeof healthShape>;

export const batchShape = z.strictObject({
  batchId: z.string(),
  /** The declared size; absent where no message declared one. */
  total: z.optional(count),
  /** Jobs that wait for a person's decision. */
  decisions: count,
  /** Jobs that Microsoft holds back, for a review or a pending operation. */
  held: count,
  gate: z.strictObject({
    open: z.boolean(),
    cause: z.optional(z.enum([...closureCauses, 'paused'])),
    until: z.optional(instant),
  }),
  stopped: z.boolean(),
  counts: z.strictObject({
    notStarted: count,
    submitting: count,
    waiting: count,
    unresolved: count,
    ordered: count,
    completed: count,
    partial: count,
    failed: count,
    rejected: count,
  } satisfies Readonly<Record<LineKind, typeof count>>),
  /** Every declared job is final. */
  finished: z.boolean(),
  /** Checkouts answered in a minute, over the last five. */
  perMinute: z.number(),
  /** When the last job is checked out, by the budget, if nothing new goes wrong. */
  lastCheckoutAt: z.optional(instant),
  countedAt: instant,
});
export type BatchView = z.infer<typeof batchShape>;

/** The shape of a record as it is checked when its row is read. */

import * as z from 'zod/mini';
import type {
  BadLine,
  CartContent,
  CheckedCart,
  CheckedLine,
  ContentLine,
} from '../../domain/cart/cart-content.ts';
import {
  type Call,
  type CheckoutRecord,
  callKinds,
  type Decided,
  decisions,
  type FailedGroup,
  type KeptDelivery,
  type KnownGroup,
  type MergedMessage,
  type OrderSummary,
  type PendingDecision,
  type Poll,
  type Question,
  questionKinds,
  type Reason,
  type Recent,
  type Repair,
  type ReplacedOrder,
  repeatAnswers,
  states,
} from '../../domain/checkout/record.ts';
import type { CartJob, OrderJob } from '../../domain/message/job.ts';
import {
  badLineChoices,
  billings,
  segments,
  terms,
  type WantedLine,
} from '../../domain/message/order-lines.ts';
import type { BoughtSubscription } from '../../domain/order/bought-subscription.ts';
import { orderStatuses } from '../../domain/order/order.ts';
import type { SkewBounds } from '../../domain/times.ts';

/**
 * The shape of a ledger record, as it is checked when it is read: people and newer versions write to the table too.
 * Fields that it does not name are dropped.
 */
const count = z.int().check(z.minimum(0));
/** Up to what a `Date` holds. */
const time = z.number().check(z.minimum(0), z.maximum(8.64e15));
const optional = z.exactOptional;

/** Does not compile when a field, optional ones too, is added to the type and not here: it would be lost at the next write. */
type Shape<T> = { [field in keyof Required<T>]: z.core.$ZodType };

const reason = z.object({
  code: z.string(),
  description: z.string(),
  remedy: z.string(),
  at: time,
  status: optional(z.int()),
  requestId: optional(z.string()),
  correlationId: optional(z.string()),
  cv: optional(z.string()),
} satisfies Shape<Reason>);

const callFields = {
  what: z.enum(callKinds),
  at: time,
  correlationId: z.string(),
  requestId: optional(z.string()),
  end: optional(
    z.object({
      ms: z.number(),
      status: optional(z.int()),
      code: optional(z.string()),
      cv: optional(z.string()),
      serverId: optional(z.string()),
      failure: optional(z.string()),
    }),
  ),
} satisfies Shape<Call>;
const call = z.object(callFields);

const orderStatus = z.enum(orderStatuses);

export const pollSchema = z.object({
  ...callFields,
  orderId: z.string(),
  found: optional(orderStatus),
} satisfies Shape<Poll>);

const delivery = z.object({
  at: time,
  messageId: z.string(),
  count,
  from: z.enum(['producer', 'wake-up']),
  end: optional(z.string()),
} satisfies Shape<KeptDelivery>);

/** No rule reads these, and older rows lack them: what cannot be read is left out, and the record stands. */
const recent = <T extends z.core.$ZodType>(item: T) =>
  z.catch(z.object({ total: count, last: z.array(item) } satisfies Shape<Recent<T>>), { total: 0, last: [] });

const jobFields = {
  customerId: z.string(),
  batchId: optional(z.string()),
  batchSize: optional(z.int()),
  reference: optional(z.string()),
  notBefore: optional(time),
  notAfter: optional(time),
  requestedBy: optional(z.string()),
  correlationId: optional(z.string()),
};

const lineFields = {
  line: z.int(),
  quantity: z.int(),
  term: z.enum(terms),
  billing: z.enum(billings),
  promotionId: optional(z.string()),
  reseller: optional(z.string()),
  endDate: optional(z.string()),
  provisioningContext: optional(z.record(z.string(), z.string())),
  friendlyName: optional(z.string()),
  attestation: optional(z.boolean()),
};

const wantedLine = z.object({
  ...lineFields,
  product: z.string(),
  sku: z.string(),
  segment: z.enum(segments),
  availability: optional(z.string()),
} satisfies Shape<WantedLine>);

const job = z.union([
  z.object({
    ...jobFields,
    externalOrderId: z.string(),
    lines: z.array(wantedLine),
    maxTotal: optional(z.string()),
    currency: optional(z.string()),
    onBadLine: optional(z.enum(badLineChoices)),
    partnerOnRecordAttestation: optional(z.boolean()),
  } satisfies Shape<OrderJob>),
  z.object({ ...jobFields, cartId: z.string() } satisfies Shape<CartJob>),
]);

const content = z.object({
  lines: z.array(z.object({ ...lineFields, catalogItemId: z.string() } satisfies Shape<ContentLine>)),
  partnerOnRecordAttestation: optional(z.boolean()),
} satisfies Shape<CartContent>);

const made = z.object({
  lines: z.array(
    z.object({
      line: z.int(),
      catalogItemId: z.string(),
      quantity: z.int(),
      term: z.string(),
      billing: z.string(),
      price: optional(z.string()),
      currency: optional(z.string()),
      promotionId: optional(z.string()),
      group: optional(z.string()),
    } satisfies Shape<CheckedLine>),
  ),
  expiresAt: optional(time),
  total: optional(z.string()),
  currency: optional(z.string()),
} satisfies Shape<CheckedCart>);

const badLine = z.object({
  line: z.int(),
  code: z.string(),
  description: z.string(),
  remedy: z.string(),
} satisfies Shape<BadLine>);

const replaced = z.object({
  at: time,
  messageId: z.string(),
  content: z.string(),
  body: z.string(),
} satisfies Shape<ReplacedOrder>);

const subscription = z.object({
  id: z.string(),
  offerId: z.string(),
  line: optional(z.int()),
  cancellableUntil: optional(z.nullable(z.string())),
} satisfies Shape<BoughtSubscription>);

const order = z.object({
  id: z.string(),
  status: orderStatus,
  word: optional(z.string()),
  content: z.string(),
  wasPending: z.boolean(),
  endedAt: optional(count),
  entryKey: optional(z.string()),
  since: time,
  subscriptions: optional(z.array(subscription)),
  datesReadAt: optional(time),
} satisfies Shape<OrderSummary>);

const failedGroup = z.object({
  group: z.string(),
  code: z.string(),
  description: z.string(),
  retryable: z.boolean(),
} satisfies Shape<FailedGroup>);

const skew = z.object({ low: z.number(), high: z.number() } satisfies Shape<SkewBounds>);
const merged = z.object({
  messageId: z.string(),
  at: time,
  notBefore: optional(time),
  notAfter: optional(time),
} satisfies Shape<MergedMessage>);

const decided = {
  decision: z.enum(decisions),
  who: z.string(),
  at: time,
  orderIds: optional(z.array(z.string())),
  refused: optional(z.string()),
} satisfies Shape<Decided>;

export const recordVersion = 1;

export const recordSchema = z.object({
  customerId: z.string(),
  cartId: optional(z.string()),
  version: z.literal(recordVersion),
  state: z.enum(states),
  job,
  body: z.string(),
  made: optional(made),
  badLines: optional(z.array(badLine)),
  repair: optional(
    z.object({
      reason,
      intended: optional(content),
      done: optional(z.boolean()),
    } satisfies Shape<Repair>),
  ),
  catalogueWaits: optional(count),
  replaced: optional(z.array(replaced)),
  merged: optional(z.array(merged)),
  batches: z.array(z.string()),
  urgent: z.boolean(),
  revision: count,
  attempts: count,
  reschedules: count,
  lease: optional(z.object({ id: z.string(), until: time })),
  claimedBy: optional(z.string()),
  unfinishedClaims: count,
  unansweredSends: count,
  putOffAt: optional(count),
  lastError: optional(z.string()),
  ordersInHand: optional(z.array(z.string())),
  decision: optional(
    z.object({ ...decided, orderIds: z.array(z.string()) } satisfies Shape<PendingDecision>),
  ),
  requestId: z.string(),
  firstSend: optional(time),
  firstSendSkew: optional(skew),
  firstInDoubt: optional(z.object({ at: time, skew: optional(skew) })),
  lastSend: optional(time),
  nextTry: optional(time),
  entryOrigin: optional(time),
  attentionMayBeOpen: z.boolean(),
  orders: z.array(order),
  failedGroups: z.array(failedGroup),
  groups: optional(z.array(z.object({ group: z.string(), content: z.string() } satisfies Shape<KnownGroup>))),
  repeated: optional(z.object({ as: z.enum(repeatAnswers), reason })),
  goneSince: optional(time),
  boughtAgain: optional(z.object({ at: time, orderIds: z.array(z.string()) })),
  repeatAllowed: optional(z.boolean()),
  asked: optional(
    z.object({
      kind: z.enum(questionKinds),
      code: optional(z.literal('worker-crashed')),
      since: time,
    } satisfies Shape<Question>),
  ),
  gaveUp: optional(z.boolean()),
  refusedSince: optional(time),
  reconciliations: count,
  reached: z.object({ ordered: optional(count), final: optional(count) }),
  reason: optional(reason),
  history: z.object({ total: count, first: z.array(call), last: z.array(call) }),
  deliveries: recent(delivery),
  polls: recent(pollSchema),
  decisions: z.array(z.object(decided)),
  firstEnqueued: time,
  traceparent: optional(z.string()),
  createdAt: time,
  updatedAt: time,
} satisfies Shape<Omit<CheckoutRecord, 'jobKey'>>);

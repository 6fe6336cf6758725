/** The ledger's record of a job: its states, the steps between them, and every field. */

import type { BadLine, CartContent, CheckedCart } from '../cart/cart-content.ts';
import type { Job } from '../message/job.ts';
import type { JobKey } from '../message/job-key.ts';
import type { BoughtSubscription } from '../order/bought-subscription.ts';
import type { OrderStatus } from '../order/order.ts';
import type { SkewBounds } from '../times.ts';

/**
 * `submitting`: a call may be running. `waiting`: nothing of ours is running, it will be tried again.
 * `unresolved`: it may have been executed. `ordered`: some order is pending. The rest are final.
 */
export const states = [
  'submitting',
  'waiting',
  'unresolved',
  'ordered',
  'completed',
  'partial',
  'failed',
] as const;
export type State = (typeof states)[number];

/** How far a state has come. `ordered`: orders are known. `final`: nothing more happens by itself. */
const stages = {
  submitting: 'open',
  waiting: 'open',
  unresolved: 'open',
  ordered: 'ordered',
  completed: 'final',
  partial: 'final',
  failed: 'final',
} as const satisfies Readonly<Record<State, 'open' | 'ordered' | 'final'>>;

export type StateAt<Stage> = { [S in State]: (typeof stages)[S] extends Stage ? S : never }[State];
/** `partial`: some order groups failed, or orders were cancelled. `failed`: no order. */
export type FinalState = StateAt<'final'>;

export const isFinal = (state: State): state is FinalState => stages[state] === 'final';
/** Ordered or final: there is a result, and nothing may be submitted any more. */
export const isSettled = (state: State): state is StateAt<'ordered' | 'final'> => stages[state] !== 'open';
/** Nothing of it is settled: its message is needed. */
export const openStates: readonly State[] = states.filter((state) => !isSettled(state));

/** What the customer was to get is missing, in part or whole: a person sees why, and can have it tried again. */
const retryable = {
  submitting: false,
  waiting: false,
  unresolved: false,
  ordered: false,
  completed: false,
  partial: true,
  failed: true,
} as const satisfies Readonly<Record<State, boolean>>;

type RetryableState = { [S in State]: (typeof retryable)[S] extends true ? S : never }[State];
export const isRetryable = (state: State): state is RetryableState => retryable[state];

/** A call may have been executed whose answer nobody knows: orders of this customer may be its own. */
const inDoubt: Readonly<Record<State, boolean>> = {
  submitting: true,
  waiting: false,
  unresolved: true,
  ordered: false,
  completed: false,
  partial: false,
  failed: false,
};

export const isInDoubt = (state: State): boolean => inDoubt[state];

export const callKinds = [
  'checkout',
  'cart',
  'orders',
  'order',
  'availabilities',
  'create-cart',
  'put-cart',
  'subscriptions',
] as const;

/** One HTTP request to Partner Center, as the ledger keeps it. */
export interface Call {
  readonly what: (typeof callKinds)[number];
  /** Epoch ms. */
  readonly at: number;
  readonly correlationId: string;
  readonly requestId?: string;
  /** Absent while nobody knows: the call is running, or its worker died. */
  readonly end?: {
    readonly ms: number;
    readonly status?: number;
    readonly code?: string;
    readonly cv?: string;
    readonly serverId?: string;
    /** In words, when no answer came. */
    readonly failure?: string;
  };
}

/** The first 20 calls and the last 80; `total` counts all. */
export interface History {
  readonly total: number;
  readonly first: readonly Call[];
  readonly last: readonly Call[];
}

/** One time that the queue handed out a message of this job, as far as a write of the record that came anyway could keep it. */
export interface KeptDelivery {
  /** Epoch ms. */
  readonly at: number;
  readonly messageId: string;
  /** How often the queue had handed out this message, this time included. */
  readonly count: number;
  readonly from: 'producer' | 'wake-up';
  /** What came of it, in words. Absent while it runs, or when its worker died. */
  readonly end?: string;
}

/** One poll of an order, or of its subscriptions: a call, and the status that it found. */
export interface Poll extends Call {
  readonly orderId: string;
  readonly found?: OrderStatus;
}

/** The last 20; `total` counts all that were kept. */
export interface Recent<T> {
  readonly total: number;
  readonly last: readonly T[];
}

/** Why a record is as it is: the deciding call, in words that a person can act on. */
export interface Reason {
  /** The API code, or a word of ours: `too-late`, `gone`, `stopped`. */
  readonly code: string;
  readonly description: string;
  /** One sentence: what the reader can do. */
  readonly remedy: string;
  readonly at: number;
  readonly status?: number;
  readonly requestId?: string;
  readonly correlationId?: string;
  readonly cv?: string;
}

/** What the record keeps of each of its orders; the order's row has the rest. */
export interface OrderSummary {
  readonly id: string;
  readonly status: OrderStatus;
  /** The word that Partner Center says, when the status is `unknown`. */
  readonly word?: string;
  /** What it holds, as `contentOf` says it: tells which order group it fills. */
  readonly content: string;
  /** Seen pending once: its end is an event of its own. */
  readonly wasPending: boolean;
  /** The revision at which it was found terminal. */
  readonly endedAt?: number;
  /** RowKey of the entry that counts. */
  readonly entryKey?: string;
  /** Epoch ms when it was first recorded. */
  readonly since: number;
  /** What it has made, once it is completed; absent where no date is worth a read. For people alone: no rule of the purchase reads it. */
  readonly subscriptions?: readonly BoughtSubscription[];
  /** When their cancellation dates were read, epoch ms; also where no read brought any, after the last one. */
  readonly datesReadAt?: number;
}

/** An order group of the cart, and what its order will hold. */
export interface KnownGroup {
  readonly group: string;
  readonly content: string;
}

export interface FailedGroup {
  /** The cart's order group. */
  readonly group: string;
  readonly code: string;
  readonly description: string;
  readonly retryable: boolean;
}

export const questionKinds = ['needs-decision', 'pending-too-long'] as const;
export type QuestionKind = (typeof questionKinds)[number];

export interface Question {
  readonly kind: QuestionKind;
  /** Only set for questions that an outcome closes by itself. */
  readonly code?: 'worker-crashed';
  readonly since: number;
}

/** What a person can decide about a job. */
export const decisions = ['retry', 'not-bought', 'orders', 'give-up'] as const;

export type DecisionKind = (typeof decisions)[number];

/** What a person may decide about a job in this state. */
const decidable: Readonly<Record<State, readonly DecisionKind[]>> = {
  submitting: ['give-up'],
  waiting: ['give-up'],
  unresolved: ['not-bought', 'orders', 'give-up'],
  ordered: [],
  completed: [],
  partial: ['retry'],
  failed: ['retry'],
};

export const takesDecision = (state: State, decision: DecisionKind): boolean =>
  decidable[state].includes(decision);

/** What a person decided about a job. */
export interface Decided {
  readonly decision: DecisionKind;
  readonly who: string;
  readonly at: number;
  /** For `orders`: the ids that the person named. */
  readonly orderIds?: readonly string[];
  /** Why the worker did not carry it out. */
  readonly refused?: string;
}

/** A decision that no delivery has carried out yet. It makes the record due; any result removes it. */
export interface PendingDecision extends Decided {
  readonly orderIds: readonly string[];
}

/** The times of a message that was accepted for this job after another one. */
export interface MergedMessage {
  readonly messageId: string;
  readonly at: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

export const repeatAnswers = ['already-done', 'refused', 'refused-once'] as const;

/** The lines that a message of the same number replaced, before anything was sent. */
export interface ReplacedOrder {
  readonly at: number;
  readonly messageId: string;
  /** SHA-256 of what it wanted: a replaced version does not come back by itself. */
  readonly content: string;
  /** The message, for people; its beginning, if it is long. */
  readonly body: string;
}

/** The checkout was refused because an availability is gone: the same cart gets the present ones, once. */
export interface Repair {
  readonly reason: Reason;
  /** What the cart is to hold: written before the PUT, so that an order of it is known for the job's own. */
  readonly intended?: CartContent;
  /** The cart holds it, and was checked: what is sent now is its second checkout. */
  readonly done?: boolean;
}

/** The ledger's record of a job: the truth about it, kept for ever. All times are epoch ms. */
export interface CheckoutRecord {
  readonly jobKey: JobKey;
  /** The customer's tenant id, a GUID in lower case. */
  readonly customerId: string;
  /** A GUID in lower case. Absent while a job that carries lines has made no cart. */
  readonly cartId?: string;
  readonly version: 1;
  readonly state: State;
  /** As its first message had it, with the strictest times of all accepted messages. */
  readonly job: Job;
  /** The JSON text of the first message, for people. */
  readonly body: string;
  /** Of a job with lines: what its cart held when every line of it was checked. */
  readonly made?: CheckedCart;
  /** Lines that cannot be bought: why the job failed, or what it left out. */
  readonly badLines?: readonly BadLine[];
  readonly repair?: Repair;
  /** How often it waited for a catalogue that listed what a cart had refused. */
  readonly catalogueWaits?: number;
  readonly replaced?: readonly ReplacedOrder[];
  /** The times of each message that changed them, the first message included; absent while nothing was merged. */
  readonly merged?: readonly MergedMessage[];
  /** Every batch that named this cart. */
  readonly batches: readonly string[];
  /** It came to the urgent queue: so do its wake-ups. */
  readonly urgent: boolean;
  /** Counts results, not claims or reschedules. */
  readonly revision: number;
  readonly attempts: number;
  /** How often it was rescheduled, for people. */
  readonly reschedules: number;
  /** The right to act on the record, for a limited time. */
  readonly lease?: { readonly id: string; readonly until: number };
  /** The message that claimed last (`Delivery.source`): it alone finalizes again without being a wake-up. */
  readonly claimedBy?: string;
  /** Claims without a result or a reschedule after them: their workers died, or met a bug. */
  readonly unfinishedClaims: number;
  /** Writes of the last send without a written outcome after them. */
  readonly unansweredSends: number;
  /** The count of unfinished claims for which the run was put off once. */
  readonly putOffAt?: number;
  /** The text of the last bug that a run of this job met. */
  readonly lastError?: string;
  /** Orders that a delivery received and could not record: they are read by id and recorded first. */
  readonly ordersInHand?: readonly string[];
  readonly decision?: PendingDecision;
  /** MS-RequestId of the next send. */
  readonly requestId: string;
  /** Absent until a POST was about to be made. */
  readonly firstSend?: number;
  /** How far the services' clock was ahead of the clock that wrote `firstSend`, between these two. Absent: not measured. */
  readonly firstSendSkew?: SkewBounds;
  /** The first send that may have been executed, where the earlier ones were answered. Absent: the first one. */
  readonly firstInDoubt?: { readonly at: number; readonly skew?: SkewBounds };
  /** Written before every POST, never by a reconciliation. */
  readonly lastSend?: number;
  /** Not due before then, whole epoch ms; an entry with this origin wakes the job. A claim and a decision remove it. */
  readonly nextTry?: number;
  /** The origin of an entry that was seen to wake this job, or that was written for it: the one that `repair` expects. */
  readonly entryOrigin?: number;
  /** Taken over or asked about once: its attention row may be open. */
  readonly attentionMayBeOpen: boolean;
  readonly orders: readonly OrderSummary[];
  readonly failedGroups: readonly FailedGroup[];
  /** The cart's order groups, once it was read. */
  readonly groups?: readonly KnownGroup[];
  /**
   * What the repeat of an unknown call answered, in place of the cart's status. `refused-once`: its first call was refused
   * with a code that does not say that nothing was bought; a repeat could still say.
   */
  readonly repeated?: { readonly as: (typeof repeatAnswers)[number]; readonly reason: Reason };
  /** When its cart was first not found, and has not been read since. */
  readonly goneSince?: number;
  /** Orders that a repeat of an ordered cart made: bought twice. A person hears of it. */
  readonly boughtAgain?: { readonly at: number; readonly orderIds: readonly string[] };
  /** A person said: not bought. Allows one repeat, whose last send uses it up. */
  readonly repeatAllowed?: boolean;
  readonly asked?: Question;
  /** A person gave up on it; it may have been bought all the same. */
  readonly gaveUp?: boolean;
  /** When a code that refuses the whole partner first met this job. */
  readonly refusedSince?: number;
  /** How often it was reconciled since the last send. */
  readonly reconciliations: number;
  /** The revisions at which these were reached. */
  readonly reached: { readonly ordered?: number; readonly final?: number };
  readonly reason?: Reason;
  readonly history: History;
  /** For people alone, as `polls` is: no rule reads them. */
  readonly deliveries: Recent<KeptDelivery>;
  /** Of all its orders. */
  readonly polls: Recent<Poll>;
  readonly decisions: readonly Decided[];
  readonly firstEnqueued: number;
  readonly traceparent?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The cart of a job that may be sent, or was. Throws for a job that has none: it is never sent, so that is a bug of ours. */
export function cartIdOf({ cartId, jobKey }: Pick<CheckoutRecord, 'cartId' | 'jobKey'>): string {
  if (cartId === undefined) throw new Error(`Job ${jobKey} has no cart yet`);
  return cartId;
}

/**
 * - `submit`: a call is about to be made.
 * - `doubt`: a call may have been executed.
 * - `wait`: nothing of ours is running.
 * - `order`, `complete`, `end-partly`: orders are known, some pending / all completed / some groups failed or cancelled.
 * - `fail`: refused for good, no order.
 * - `make-anew`: nothing was ever sent; its cart is made first.
 * - `reopen`: a person asked to try again; `reopen-in-doubt`: the same, after somebody gave up on it.
 */
export type Step =
  | 'submit'
  | 'doubt'
  | 'wait'
  | 'order'
  | 'complete'
  | 'end-partly'
  | 'fail'
  | 'make-anew'
  | 'reopen'
  | 'reopen-in-doubt';

const results = { order: 'ordered', complete: 'completed', 'end-partly': 'partial' } as const;

/** Orders are facts, so they are written in every state; all else moves one way, but for a person's `reopen`. */
const steps: Record<State, Partial<Record<Step, State>>> = {
  submitting: { submit: 'submitting', doubt: 'unresolved', wait: 'waiting', fail: 'failed', ...results },
  waiting: { submit: 'submitting', doubt: 'unresolved', wait: 'waiting', fail: 'failed', ...results },
  // Sticky: once it may have been bought, only orders, evidence or a person say otherwise.
  unresolved: {
    submit: 'unresolved',
    doubt: 'unresolved',
    // guard: Sticky: unresolved stays unresolved until it is known [replace: 'waiting']
    wait: 'unresolved',
    fail: 'failed',
    ...results,
  },
  ordered: { ...results },
  completed: { ...results },
  partial: { reopen: 'submitting', 'reopen-in-doubt': 'unresolved', ...results },
  failed: { 'make-anew': 'waiting', reopen: 'submitting', 'reopen-in-doubt': 'unresolved', ...results },
};

/** The one place where a state changes. Throws for a step that the state does not allow: that is a bug of ours. */
export function transition(from: State, step: Step): State {
  const to = steps[from][step];
  if (to === undefined) throw new Error(`A checkout that is "${from}" cannot take the step "${step}"`);
  return to;
}

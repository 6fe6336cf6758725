/** Every length of time of the rules, side by side, and the bounds of a measured clock skew. */

/**
 * Every length of time that the rules use, in milliseconds. They are constants that belong together; test/domain/times.test.ts holds
 * the inequalities between them. Only a scaled local stack divides them, all by one factor.
 */
export interface Times {
  /** How long one checkout call may take before the client gives up. */
  readonly callTimeout: number;
  /** How long one read (cart, order) may take. */
  readonly readTimeout: number;
  /** How long a claim holds a record. */
  readonly lease: number;
  /** How long after a send a call may still be running. */
  readonly inFlightWindow: number;
  /** How long after a send the customer's order list may lag. */
  readonly listLag: number;
  /** How far two clocks may differ that nobody has compared. */
  readonly searchOverlap: number;
  /** How long after the last send a repeat may leave: so long the API is trusted to remember its answer. */
  readonly repeatWithin: number;
  /** How long after a cart was first not found it is looked for once more. */
  readonly goneConfirm: number;
  /** How long a delivery may sleep in all before its first call; after that it may while it holds its lock. */
  readonly sleepBudget: number;
  /** How long the host renews a message's lock; no call may outlast it. */
  readonly lockRenewed: number;
  /** The longest reschedule while the gate is closed. */
  readonly rescheduleMax: number;
  /** A permit older than this is stale. A permit batch reaches 0.6 as far ahead, so every instance obeys a closing within twice this time. */
  readonly permitLife: number;
  /** The longest delay of a run whose job did not end several times. */
  readonly putOffMax: number;
  /** When a job is woken again if a wake-up leads to nothing: first, and at most. */
  readonly wakeRetry: number;
  readonly wakeRetryMax: number;
  /** From then on an instance that meets the heartbeat starts a tick itself. */
  readonly heartbeatStale: number;
  /** When a job runs again after a bug, and how long a message or record of a newer version is left alone. */
  readonly bugRetry: number;
  /** Back-off after an attempt: the first ceiling, doubled each time, up to the last. */
  readonly backoffBase: number;
  readonly backoffMax: number;
  /** When to look again at an order that is being made (800060, 800064): first, then. */
  readonly inProgressFirst: number;
  readonly inProgressLater: number;
  /** When to try again after a slow in-progress code (a review, an upgrade). */
  readonly slowRetry: number;
  /** How often an asked question is looked at again. */
  readonly askedRetry: number;
  /** The delay after a code that refuses the whole partner, and while our own storage or queue fails. */
  readonly partnerRetry: number;
  readonly outageRetry: number;
  /** The pause before a throw that hands the message back: the queue itself is failing. */
  readonly throwDelay: number;
  /**
   * The poller's steps for one pending order; the last one repeats. The first meets licences. The next ones are nearly even: doubled ones
   * would read an order that is pending for minutes as often, and hear of its end later.
   */
  readonly pollSteps: readonly number[];
  /**
   * When the poller reads until when an order's subscriptions can be cancelled: after the order was found completed, then after each read
   * that brought no answer. The first waits until the list of subscriptions has caught up, so that one read is enough.
   */
  readonly cancellationSteps: readonly number[];
  /** How long one tick may run. */
  readonly tickLimit: number;
  /** How long an instance remembers what a batch's summary said: so long after a stop its jobs may still be called. */
  readonly batchMemory: number;
  /** How long an order may be pending, or a customer under review, before a person hears of it. */
  readonly pendingAlarm: number;
  /** How long the gate must stay open before an incident of it is over: one that closes again sooner was not cured. */
  readonly incidentOver: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultTimes: Times = {
  callTimeout: 180 * second,
  readTimeout: 60 * second,
  lease: 240 * second,
  inFlightWindow: 240 * second,
  listLag: 20 * minute,
  searchOverlap: 5 * minute,
  repeatWithin: 10 * minute,
  goneConfirm: 20 * minute,
  sleepBudget: 90 * second,
  lockRenewed: 10 * minute,
  rescheduleMax: 15 * minute,
  permitLife: second,
  putOffMax: 10 * minute,
  bugRetry: 5 * minute,
  wakeRetry: 5 * minute,
  wakeRetryMax: 6 * hour,
  heartbeatStale: 3 * minute,
  backoffBase: 30 * second,
  backoffMax: 30 * minute,
  inProgressFirst: 45 * second,
  inProgressLater: 4 * minute,
  slowRetry: 6 * hour,
  askedRetry: hour,
  partnerRetry: 15 * minute,
  outageRetry: minute,
  throwDelay: 30 * second,
  pollSteps: [1, 5, 7, 8, 10, 15, 15, 30, 60, 360].map((n) => n * minute),
  cancellationSteps: [20, 60, 360, 1_440].map((n) => n * minute),
  tickLimit: 50 * second,
  batchMemory: 30 * second,
  pendingAlarm: 24 * hour,
  incidentOver: 10 * minute,
};

type Length = Exclude<keyof Times, 'pollSteps' | 'cancellationSteps'>;

/** Every single length. `pollSteps` and `cancellationSteps` are lists of them. */
export const timeKeys: readonly Length[] = Object.keys(defaultTimes).filter(
  (key): key is Length => key !== 'pollSteps' && key !== 'cancellationSteps',
);

/** All of them divided: with 60 a minute lasts a second. */
export function scaleTimes(times: Times, factor: number): Times {
  const divide = (ms: number) => Math.max(1, Math.round(ms / factor));
  const { pollSteps, cancellationSteps, ...lengths } = times;
  const scaled: { -readonly [key in keyof typeof lengths]: number } = { ...lengths };
  for (const key of timeKeys) scaled[key] = divide(lengths[key]);
  return {
    ...scaled,
    pollSteps: pollSteps.map(divide),
    cancellationSteps: cancellationSteps.map(divide),
  };
}

/** By how many ms another clock is ahead of ours: between these two. */
export interface SkewBounds {
  readonly low: number;
  readonly high: number;
}

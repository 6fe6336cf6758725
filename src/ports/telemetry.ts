/** Port: the events and warnings that people read, each event with its fields. */

/**
 * Every event with its fields, each told in `docs/telemetry.md`. One for each finished job, poll tick, gate change,
 * attention row, reschedule and token; never sampled. Never a secret, never a person's name.
 */
export const events = {
  JobFinished: {
    meaning: 'A job was ordered, or ended.',
    fields: {
      jobKey: 'Names the job.',
      customerId: "The customer's tenant id.",
      cartId: 'The cart.',
      batchId: 'The bulk run that sent it, if one did.',
      batchSize: 'Its declared size, if the message that ended the job said it.',
      notAfter: 'Its time limit, epoch ms, if it has one.',
      referenceHash: "SHA-256 of the producer's reference, in hex: finds a job by it.",
      outcome: '`ordered`, `completed`, `partial` or `failed`.',
      code: 'API code of the deciding call, or a word of the worker like `too-late`; absent when all is well.',
      orders: 'Orders of the cart.',
      orderIds: 'Their ids, separated by commas: finds a job by one of them.',
      pending: 'Of these, pending.',
      attempts: 'Attempts that did not settle it.',
      reschedules: 'How often it was rescheduled so far.',
      calls: 'Requests to Partner Center in the delivery that ended it.',
      queueMs: 'How long that delivery waited in the queue.',
      gateMs: 'How long it waited for the gate.',
      apiMs: 'How long Partner Center took in it.',
      runMs: 'Its whole length; less gate and API it is our own.',
      totalMs: 'From the first enqueue to the result.',
    },
  },
  JobRescheduled: {
    meaning: 'Nothing could be done now: an entry of the schedule wakes the job later.',
    fields: {
      jobKey: 'Names the job.',
      customerId: "The customer's tenant id.",
      cartId: 'The cart.',
      batchId: 'The bulk run.',
      notAfter: 'Its time limit, epoch ms, if it has one.',
      referenceHash: "SHA-256 of the producer's reference, in hex: finds a job by it.",
      until: 'When the job is woken, epoch ms.',
      why: 'In words.',
    },
  },
  JobRejected: {
    meaning: 'A message was not a valid job. Its bytes are in the table Attention.',
    fields: {
      key: 'RowKey in the table Attention, partition `rejected`.',
      kind: '`empty`, `not-text`, `too-large`, `not-json` or `not-valid`.',
      path: 'The field.',
      batchId: 'The bulk run, where it could be read.',
      bytes: 'Size of the body.',
    },
  },
  AttentionOpened: {
    meaning: 'A person has something to decide or fix.',
    fields: {
      jobKey: 'Names the job.',
      customerId: "The customer's tenant id.",
      cartId: 'The cart.',
      batchId: 'The bulk run.',
      kind: '`failed`, `partial`, `needs-decision` or `pending-too-long`.',
      code: 'API code, or a word of the worker.',
      revision: "The record's revision.",
    },
  },
  AttentionClosed: {
    meaning: 'It is settled.',
    fields: {
      jobKey: 'Names the job.',
      customerId: "The customer's tenant id.",
      cartId: 'The cart.',
      batchId: 'The bulk run.',
      kind: 'The state that settled it.',
      code: 'Empty.',
      revision: "The record's revision.",
    },
  },
  OrderFinished: {
    meaning: 'A pending order was completed or cancelled.',
    fields: {
      jobKey: 'Names the job.',
      customerId: "The customer's tenant id.",
      cartId: 'The cart.',
      batchId: 'The bulk run.',
      orderId: 'The order.',
      status: '`completed` or `cancelled`.',
      cart: 'The state of its cart then.',
      polls: 'How often it was looked at.',
      pendingMs: 'How long it was pending.',
    },
  },
  BatchFinished: {
    meaning: 'Every declared line of a batch is final.',
    fields: {
      batchId: 'The bulk run.',
      total: 'Its declared size.',
      completed: 'Carts whose orders are all completed.',
      partial: 'Carts of which some order groups failed, or orders were cancelled.',
      failed: 'Carts without an order.',
      rejected: 'Lines that were no jobs.',
    },
  },
  PollTick: {
    meaning: 'One tick of the poller ended: the heartbeat.',
    fields: {
      seen: 'Entries that it took up.',
      finished: 'Of these, with an order that ended.',
      pending: 'Still pending, or not read.',
      dropped: 'Left-over rows that it removed.',
      failed: 'Failed, left for the next tick.',
      stopped:
        'Why it ended before nothing was due: `time`, `gate`, `storage`, or `overlap`: another tick was running.',
      ms: 'Its length.',
    },
  },
  FleetState: {
    meaning:
      'How things stand at the end of a tick, read from the tables: the state that alerts ask for. Each time is epoch ms.',
    fields: {
      attention:
        'Open rows for people, JSON: `[{"kind","open","since"}]`; kinds are failed, partial, needs-decision, pending-too-long, rejected and, apart from failed, too-late. `since` lasts while one is open.',
      late: 'Batches with carts past their deadline, JSON: `[{"batchId","carts","since"}]`; the id is empty for jobs of no batch.',
      oldestPending: 'When the oldest pending order was placed; absent: none is pending.',
      oldestJob: 'Since when the oldest job waits that has a record; absent: none waits.',
      credentialEndsAt: 'When the certificate or refresh token ends, where that is known.',
      gate: '`open`, `closed`, `trial` (closed until one call passes) or `paused` by a person.',
      gateCause: 'Why the gate closed, at the beginning of the incident; absent: there is none.',
      gateSince: 'When the incident began: the gate has not been open for ten minutes since.',
      waits: '`true`: a job waits, or the gate kept an order from being read.',
    },
  },
  GateChanged: {
    meaning: 'The gate closed or opened.',
    fields: {
      state: '`open` or `closed`.',
      closedMs: 'How long it had been closed.',
      cause:
        '`throttled`, `breaker`, `auth`, `partner-wide`, `untested`, or `paused` by a person, which a worker notices within a minute.',
      reason: 'In words.',
      until: 'When it opens, or lets a probe through.',
      limit: 'Calls in a minute.',
    },
  },
  TokenRefreshed: {
    meaning: 'A token for Partner Center was asked for.',
    fields: {
      outcome: '`ok` or `failed`.',
      ms: 'How long it took.',
      livesMs: 'How long the token lives.',
      credentialDaysLeft: 'Days until the certificate or refresh token ends, where that is known.',
      credentialAgeMs:
        'How long ago the vault gave what proves the credential; it grows while the vault is unavailable.',
      reason: 'Why it failed, in words.',
    },
  },
} as const satisfies Readonly<
  Record<string, { readonly meaning: string; readonly fields: Readonly<Record<string, string>> }>
>;

export type EventName = keyof typeof events;

type Value = string | number | boolean | undefined;
export type Fields = Readonly<Record<string, Value>>;
/** What an event of this name holds: each of its fields is thought of wherever it is told, so no query reads one in vain. */
export type FieldsOf<Name extends EventName> = {
  readonly [field in keyof (typeof events)[Name]['fields']]: Value;
};

export interface Telemetry {
  event<Name extends EventName>(name: Name, fields: FieldsOf<Name>): void;
  /** Something that a person should know of, though the work goes on. */
  warn(message: string, fields?: Fields): void;
}

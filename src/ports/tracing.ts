/** Port: spans and measures. */

import type { Fields } from './telemetry.ts';

/** A piece of work on its way, as a trace shows it. */
export interface Span {
  set(fields: Fields): void;
  /** What it turned out to be. */
  rename(name: string): void;
  /** The work belongs to another trace too (W3C traceparent); what is none is passed over. */
  link(traceparent: string | undefined): void;
  /** It ended badly, though it did not throw. */
  fail(why: string): void;
}

export interface SpanStart {
  /** `client`: a call to another service. Default: work of our own. */
  readonly kind?: 'client' | 'internal';
  /** W3C traceparent of the span that caused it; without one, the span in which it is started. */
  readonly parent?: string | undefined;
  readonly fields?: Fields;
}

/** Where time goes, and numbers over time. `docs/telemetry.md` lists both. Never holds a secret or a person's name. */
export interface Tracing {
  /** Runs the work as a span of its own; what is started inside is part of it. A throw marks it as failed. */
  span<T>(name: string, start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** W3C traceparent of the span that this runs in. */
  traceparent(): string | undefined;
  measure<Name extends Metric>(name: Name, value: number, attributes?: AttributesOf<Name>): void;
}

/**
 * Counters add up, distributions keep count, sum, least and most, gauges their last reading. Attributes have few values and
 * are never an id: each combination is a time series of its own.
 */
export const metrics = {
  'checkout.jobs': {
    kind: 'counter',
    unit: '{job}',
    attributes: ['outcome'],
    meaning: 'Jobs that were ordered or ended, by outcome; rejected: a message that was no job.',
  },
  'checkout.job.duration': {
    kind: 'distribution',
    unit: 's',
    attributes: ['outcome'],
    meaning: 'From the first enqueue to the result, by outcome.',
  },
  'checkout.job.age': {
    kind: 'distribution',
    unit: 's',
    attributes: [],
    meaning: 'How long after its first enqueue a job was delivered; the most of it is the oldest job.',
  },
  'checkout.reschedules': {
    kind: 'counter',
    unit: '{reschedule}',
    attributes: [],
    meaning: 'Jobs that were rescheduled.',
  },
  'checkout.calls': {
    kind: 'counter',
    unit: '{call}',
    attributes: ['what', 'class'],
    meaning:
      'Requests to Partner Center by what was asked and class of the answer: ok, throttled, auth (401), refused, failed (5xx), none (no answer), no-token (nothing left).',
  },
  'checkout.call.duration': {
    kind: 'distribution',
    unit: 's',
    attributes: ['what'],
    meaning: 'Length of a request to Partner Center, by what was asked.',
  },
  'checkout.gate.wait': {
    kind: 'distribution',
    unit: 's',
    attributes: ['lane'],
    meaning: 'Wait for a permit of the gate, by lane.',
  },
  'checkout.gate.closed': {
    kind: 'counter',
    unit: 's',
    attributes: ['cause'],
    meaning: 'Time for which the gate was closed, by cause; reported when it opens.',
  },
  'checkout.attention.open': {
    kind: 'gauge',
    unit: '{row}',
    attributes: ['kind'],
    meaning:
      'Open rows for people by kind, at each tick: failed, partial, needs-decision, pending-too-long, rejected; of the failed ones, too-late is counted apart.',
  },
  'checkout.job.oldest': {
    kind: 'gauge',
    unit: 's',
    attributes: [],
    meaning: 'How long the oldest job waits that has a record, at each tick; 0: none waits.',
  },
  'checkout.order.oldest': {
    kind: 'gauge',
    unit: 's',
    attributes: [],
    meaning: 'How long the oldest pending order is pending, at each tick; 0: none is.',
  },
  'checkout.batches.late': {
    kind: 'gauge',
    unit: '{batch}',
    attributes: [],
    meaning: 'Batches with carts past their deadline that were not bought or have no result, at each tick.',
  },
  'checkout.gate.state': {
    kind: 'gauge',
    unit: '{state}',
    attributes: [],
    meaning: 'The gate at each tick: 0 open, 1 closed, on trial or paused.',
  },
  'checkout.order.pending': {
    kind: 'distribution',
    unit: 's',
    attributes: ['age'],
    meaning: 'Age of each pending order at each poll, by age: under-1h, under-24h, over-24h.',
  },
  'checkout.ticks': {
    kind: 'counter',
    unit: '{tick}',
    attributes: [],
    meaning: 'Ticks of the poller: its heartbeat.',
  },
  'checkout.token.refresh': {
    kind: 'counter',
    unit: '{token}',
    attributes: ['outcome'],
    meaning: 'Tokens asked for, by outcome.',
  },
  'checkout.credential.days': {
    kind: 'gauge',
    unit: 'd',
    attributes: [],
    meaning: 'Days until the certificate or refresh token ends, where that is known.',
  },
} as const satisfies Record<
  string,
  {
    readonly kind: 'counter' | 'distribution' | 'gauge';
    readonly unit: string;
    readonly attributes: readonly string[];
    readonly meaning: string;
  }
>;

/** What the row of a call holds beside status, target and length. */
export const spanFields = {
  'checkout.class':
    'How it ended: ok, throttled, auth (401), refused, failed, none (no answer), no-token or held-back (nothing left).',
  'checkout.correlation_id': 'MS-CorrelationId.',
  'checkout.request_id': 'MS-RequestId.',
  'checkout.cv': 'MS-CV of the answer.',
  'checkout.why': 'Why it failed, in words.',
  'messaging.outcome': 'Of a send: accepted or failed. AMQP has no status code.',
} as const satisfies Readonly<Record<string, string>>;

export type Metric = keyof typeof metrics;
export type AttributesOf<Name extends Metric> = Readonly<
  Record<(typeof metrics)[Name]['attributes'][number], string>
>;

const inert: Span = { set: () => {}, rename: () => {}, link: () => {}, fail: () => {} };

/** No traces, no metrics: on a laptop, in the command line, in tests. */
export const untraced: Tracing = {
  span: (_name, _start, work) => work(inert),
  traceparent: () => undefined,
  measure: () => {},
};

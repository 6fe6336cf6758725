/** The ports `Telemetry` and `Tracing` over OpenTelemetry. */

import {
  context,
  isSpanContextValid,
  type Meter,
  type Span as OtelSpan,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Logger, SeverityNumber } from '@opentelemetry/api-logs';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { cutText, messageOf } from '../../domain/text.ts';
import type { Fields, Telemetry } from '../../ports/telemetry.ts';
import { type Metric, metrics, type Span, type Tracing } from '../../ports/tracing.ts';
import { measuresOf } from './measures.ts';

export interface Signals {
  readonly tracer: Tracer;
  readonly meter: Meter;
  readonly logger: Logger;
}

/** Both ports over OpenTelemetry; which exporter is behind it, the caller has decided. */
export function openTelemetry({ tracer, meter, logger }: Signals): Telemetry & Tracing {
  const instruments = makeInstruments(meter);
  return {
    measure: (name, value, attributes) => instruments[name](value, attributes),

    event(name, fields) {
      for (const { metric, value, attributes } of measuresOf(name, fields))
        instruments[metric](value, attributes);
      const known = omitUndefined(fields);
      const numbers = Object.fromEntries(
        Object.entries(known).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      );
      logger.emit({
        body: name,
        severityNumber: SeverityNumber.INFO,
        attributes: {
          // Makes it a row of customEvents, which is never sampled. Source: azure-monitor-opentelemetry-exporter, logUtils.
          'microsoft.custom_event.name': name,
          'microsoft.custom_measurements': JSON.stringify(numbers),
          ...known,
        },
      });
    },

    warn(message, fields) {
      logger.emit({
        body: message,
        severityNumber: SeverityNumber.WARN,
        severityText: 'WARN',
        attributes: omitUndefined(fields ?? {}),
      });
    },

    span(name, { kind, parent, fields }, work) {
      const outer = parent === undefined ? context.active() : contextOf(parent);
      const started = tracer.startSpan(
        name,
        {
          kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
          attributes: omitUndefined(fields ?? {}),
        },
        outer,
      );
      return context.with(trace.setSpan(outer, started), async () => {
        try {
          return await work(spanOf(started));
        } catch (error) {
          fail(started, messageOf(error));
          throw error;
        } finally {
          started.end();
        }
      });
    },

    traceparent() {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      return carrier['traceparent'];
    },
  };
}

/** A parent that is no traceparent is none: the work begins a trace of its own. */
const contextOf = (traceparent: string) => propagation.extract(ROOT_CONTEXT, { traceparent });

const spanOf = (span: OtelSpan): Span => ({
  set(fields: Fields) {
    span.setAttributes(omitUndefined(fields));
  },
  rename: (name) => void span.updateName(name),
  link(traceparent) {
    if (traceparent === undefined) return;
    const linked = trace.getSpanContext(contextOf(traceparent));
    if (linked !== undefined && isSpanContextValid(linked) && linked.traceId !== span.spanContext().traceId)
      span.addLink({ context: linked });
  },
  fail: (why) => fail(span, why),
});

const fail = (span: OtelSpan, why: string): void => {
  const message = cutText(why, 500);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  // The exporter drops the text of a status.
  span.setAttribute('checkout.why', message);
};

type Instrument = (value: number, attributes?: Readonly<Record<string, string>>) => void;

function makeInstruments(meter: Meter): Readonly<Record<Metric, Instrument>> {
  const make = (name: string, { kind, unit, meaning }: (typeof metrics)[Metric]): Instrument => {
    const options = { unit, description: meaning };
    switch (kind) {
      case 'counter': {
        const counter = meter.createCounter(name, options);
        return (value, attributes) => counter.add(value, attributes);
      }
      case 'distribution': {
        const histogram = meter.createHistogram(name, options);
        return (value, attributes) => histogram.record(value, attributes);
      }
      case 'gauge': {
        const gauge = meter.createGauge(name, options);
        return (value, attributes) => gauge.record(value, attributes);
      }
    }
  };
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, make(name, metric)]),
  ) as Record<Metric, Instrument>;
}

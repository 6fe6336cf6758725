import { events } from '../src/ports/telemetry.ts';
import { metrics, spanFields } from '../src/ports/tracing.ts';

/** `docs/telemetry.md`, made from the tables that the code is typed by. */
export function telemetryPage(): string {
  return `# Telemetry

Made from \`src/ports/telemetry.ts\` and \`src/ports/tracing.ts\` by \`npm run docs\`; a test refuses a difference.

Without \`APPLICATIONINSIGHTS_CONNECTION_STRING\` each event is a line of JSON on the console, and there are no traces and
metrics. With it events go to the table customEvents, metrics to customMetrics, spans to dependencies, warnings to traces:
sent by the worker itself, with its managed identity. Events and metrics are never sampled. Spans are all kept, or a share of
the traces with \`OTEL_TRACES_SAMPLER=traceidratio\` and \`OTEL_TRACES_SAMPLER_ARG=0.1\`. The worker decides by trace id alone,
so a kept trace is whole. It ignores whether the producer or the host kept its own span.

No secret, no token and no name of a person is in any of them: who decided what stands in the ledger alone, and so do
\`reference\` and \`requestedBy\`, which are the producer's own words.

## Events

${Object.entries(events)
  .map(([name, { meaning, fields }]) => `### ${name}\n\n${meaning}\n\n${rows(fields)}`)
  .join('\n\n')}

Numbers are in customMeasurements and, as text, in customDimensions.

## Metrics

Sent every minute. A counter's row holds the increase (\`sum(valueSum)\`), a distribution's row sum, count, least and most, a
gauge's its last reading (\`arg_max\`, never a sum over instances).

| metric | kind | unit | attributes | meaning |
|---|---|---|---|---|
${Object.entries(metrics)
  .map(
    ([name, { kind, unit, attributes, meaning }]) =>
      `| \`${name}\` | ${kind} | ${unit} | ${attributes.join(', ')} | ${meaning} |`,
  )
  .join('\n')}

## Spans

| span | of | parent |
|---|---|---|
| \`checkout job\` | one delivery of a job | the producer's span, else none. The host's span of this delivery is linked, and so is the job's first trace in a wake-up |
| \`Partner Center checkout\`, \`cart\`, \`orders\`, \`order\` | one request, with MS-CorrelationId, MS-RequestId and MS-CV; it carries \`traceparent\` | the delivery, or the poll |
| \`Checkouts get\`, \`Checkouts transaction\`, … | one request to a table | the delivery, or the poll |
| \`queue send\`, \`events send\` | wake-ups or a message that is sent again, all events of a result | the delivery, or the poll |
| \`poll order\` | one look at a pending order | none; the producer's trace is linked, because days may lie between |

A call that was held back, because its permit or claim had gone stale, is named \`held back: …\` and failed: nothing left.

${rows(spanFields)}

## What it costs at a start

Telemetry is loaded after the functions are registered, so the first message waits no longer for that. Measured in one run by
\`npm run bench -- --only start\` (Node 24.21, 2 cores; medians of five): functions registered after 220 ms without it, 223 ms with it; loading
the bundle 80 and 78 ms; then loading the telemetry 40 ms. In \`dist/\` it is a file of its own, 0.8 MB beside the 1.9 MB that a start reads.
`;
}

const rows = (fields: Readonly<Record<string, string>>): string =>
  [
    '| field | meaning |',
    '|---|---|',
    ...Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
  ].join('\n');

import { events } from '../src/ports/telemetry.ts';
import { metrics, spanFields } from '../src/ports/tracing.ts';

/** `docs/telemetry.md`, made from the tables that the code is typed by. */
export function telemetryPage(): string {
  return `# Telemetry

\`npm run docs\` makes this page from \`src/ports/telemetry.ts\` and \`src/ports/tracing.ts\`. A test fails if it differs.

Without \`APPLICATIONINSIGHTS_CONNECTION_STRING\` each event is a line of JSON on the console, and there are no traces and
metrics. With it, the worker sends them with its managed identity: events to the table customEvents, metrics to customMetrics, spans
to dependencies, warnings to traces. Events and metrics are never sampled. Spans are all kept, or a share of
the traces with \`OTEL_TRACES_SAMPLER=traceidratio\` and \`OTEL_TRACES_SAMPLER_ARG=0.1\`. The worker decides by trace id alone,
so a kept trace is whole. It ignores whether the producer or the host kept its own span. Only one kind of span is left out: a request to
table storage that did not fail and took less than 250 ms. Azure's own metrics of the account count them all.

None of them holds a secret, a token or the name of a person. Only the ledger holds who decided what, and the producer's texts
\`reference\` and \`requestedBy\`.

## Events

${Object.entries(events)
  .map(([name, { meaning, fields }]) => `### ${name}\n\n${meaning}\n\n${rows(fields)}`)
  .join('\n\n')}

Numbers are in customMeasurements and, as text, in customDimensions.

## Metrics

The worker sends metrics every minute. The row of a counter holds the increase (\`sum(valueSum)\`). The row of a distribution holds sum,
count, minimum and maximum. The row of a gauge holds its last reading (\`arg_max\`, never a sum over instances).

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

A call whose permit or claim had expired is not sent. Its span has the name \`held back: …\` and is marked as failed.

${rows(spanFields)}

## What it costs at a start

The worker loads telemetry after it has registered the functions, so the first message does not wait for it. These are medians of five
from \`npm run bench -- --only start\` (Node 24.21, 2 cores). The functions are registered after 220 ms without telemetry, and 223 ms
with it. Loading the bundle takes 80 and 78 ms, and loading telemetry 40 ms. In \`dist/\` telemetry is a separate file of 0.8 MB,
beside the 1.9 MB that a start reads.
`;
}

const rows = (fields: Readonly<Record<string, string>>): string =>
  [
    '| field | meaning |',
    '|---|---|',
    ...Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
  ].join('\n');

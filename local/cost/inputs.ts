import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import * as z from 'zod/mini';

const amount = z.number().check(z.nonnegative());
const priced = <T extends z.core.$ZodShape>(shape: T) => z.object({ ...shape, source: z.string() });

const prices = z.object({
  region: z.string(),
  date: z.iso.date(),
  functions: priced({
    perMillionExecutions: amount,
    perGbSecond: amount,
    instanceGb: amount,
    alwaysReadyPerGbSecond: amount,
  }),
  serviceBus: priced({
    basePerMonth: amount,
    includedMillionOperations: amount,
    perMillionOperations: amount,
  }),
  tables: priced({ perMillionRequests: amount, perGbMonth: amount }),
  logs: priced({ perGb: amount }),
  /** Of PRIVATE=true. */
  network: priced({
    serviceBusPremiumPerHour: amount,
    endpointPerHour: amount,
    zonePerMonth: amount,
    natGatewayPerHour: amount,
    addressPerHour: amount,
  }),
  /** A rule on logs by how often it is asked. */
  alerts: priced({
    perLogRuleMonth: z.object({ PT5M: amount, PT15M: amount, PT1H: amount }),
    perMetricMonth: amount,
  }),
});
export type Prices = z.infer<typeof prices>;

const assumptions = z.object({
  /** Of all jobs, those whose orders are not complete at once. */
  pendingShare: amount,
  looksPerPendingJob: amount,
  tableRequestsPerLook: amount,
  /** Of all jobs, those that are rescheduled once. */
  rescheduledShare: amount,
  ledgerKbPerJob: amount,
  subscriptionsOfTheTopic: amount,
  /** Of the poller, which runs once a minute. */
  secondsPerTick: amount,
  tableRequestsPerTick: amount,
});
export type Assumptions = z.infer<typeof assumptions>;

const perJob = z.object({
  storage: amount,
  api: amount,
  serviceBus: z.object({ receive: amount, settle: amount, sends: amount }),
});
/** What `npm run bench -- --only requests` counted on the wire, for one job. */
const measured = z.object({
  date: z.iso.date(),
  requests: z.object({
    jobs: z.number(),
    happy: perJob,
    inBatch: perJob,
    pending: perJob,
    rescheduled: perJob,
  }),
});
export type Measured = z.infer<typeof measured>;

export interface Inputs {
  readonly prices: Prices;
  readonly assumptions: Assumptions;
  readonly measured: Measured;
  readonly telemetry: Telemetry;
  /** How often each rule on logs is asked: each costs while it sleeps. */
  readonly logAlerts: readonly Frequency[];
}

type Frequency = keyof Prices['alerts']['perLogRuleMonth'];

/** What the recorded run of `npm run record` sent: envelopes, uncompressed. */
export interface Telemetry {
  readonly kbPerJob: number;
  /** Of these, spans: the part that is less where only a share of the traces is kept. */
  readonly spanKbPerJob: number;
  /** Of ticks and metrics, with jobs or without. */
  readonly kbPerMinute: number;
  readonly jobs: number;
}

/** The files of docs/data, which a reader may change. Throws with the path of a field that is wrong. */
export function readInputs(root: string): Inputs {
  const read = <T>(file: string, schema: z.ZodMiniType<T>): T => {
    const parsed = schema.safeParse(JSON.parse(readFileSync(join(root, 'docs/data', file), 'utf8')));
    if (!parsed.success) throw new Error(`docs/data/${file}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  };
  return {
    prices: read('prices.json', prices),
    assumptions: read('cost-assumptions.json', assumptions),
    measured: read('requests-per-job.json', measured),
    telemetry: recordedTelemetry(root),
    logAlerts: [
      ...readFileSync(join(root, 'infra/modules/alerts.bicep'), 'utf8').matchAll(/frequency: '(\w+)'/g),
    ].map(([, found = '']) => frequency.parse(found)),
  };
}

const frequency = z.enum(['PT5M', 'PT15M', 'PT1H']);

const recording = z.object({
  began: z.number(),
  ended: z.number(),
  truth: z.object({ jobs: z.number() }),
  rows: z.array(
    z.object({
      table: z.string(),
      columns: z.object({
        _BilledSize: z.number(),
        operation_Id: z.optional(z.string()),
        customDimensions: z.optional(z.record(z.string(), z.unknown())),
      }),
    }),
  ),
});

/** What names a job, or belongs to the trace of something that does, is the job's; the rest is sent each minute. */
function recordedTelemetry(root: string): Telemetry {
  const packed = readFileSync(join(root, 'test/telemetry/recorded/good.json.br'));
  const { rows, truth, began, ended } = recording.parse(JSON.parse(brotliDecompressSync(packed).toString()));
  const namesJob = ({ customDimensions }: (typeof rows)[number]['columns']): boolean =>
    customDimensions?.['jobKey'] !== undefined;
  const traces = new Set(
    rows.flatMap(({ columns }) => (namesJob(columns) ? [columns.operation_Id ?? ''] : [])),
  );
  traces.delete('');
  let ofJobs = 0;
  let ofSpans = 0;
  let ofTicks = 0;
  for (const { table, columns } of rows) {
    const size = columns._BilledSize;
    const isJobs = namesJob(columns) || traces.has(columns.operation_Id ?? '');
    if (!isJobs) ofTicks += size;
    else ofJobs += size;
    if (isJobs && table === 'dependencies') ofSpans += size;
  }
  const tenths = (kb: number) => Math.round(kb * 10) / 10;
  return {
    jobs: truth.jobs,
    kbPerJob: tenths(ofJobs / 1_000 / truth.jobs),
    spanKbPerJob: tenths(ofSpans / 1_000 / truth.jobs),
    kbPerMinute: tenths(ofTicks / 1_000 / ((ended - began) / 60_000)),
  };
}

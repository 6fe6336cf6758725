import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  alerts: priced({ perLogRuleMonth: amount, perMetricMonth: amount }),
});
export type Prices = z.infer<typeof prices>;

const assumptions = z.object({
  /** Of all jobs, those whose orders are not complete at once. */
  pendingShare: amount,
  looksPerPendingJob: amount,
  tableRequestsPerLook: amount,
  /** Of all jobs, those that are rescheduled once. */
  rescheduledShare: amount,
  telemetryKbPerJob: amount,
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
  /** Rules in infra/queries: each costs while it sleeps. */
  readonly logAlerts: number;
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
    logAlerts: globSync('infra/queries/alert-*.kql', { cwd: root }).length,
  };
}

import type { Fleet } from './fleet.ts';
import type { Inputs } from './inputs.ts';

/** For one job, on the average of all. */
export interface PerJob {
  readonly executions: number;
  readonly busOperations: number;
  readonly tableRequests: number;
  readonly apiCalls: number;
  readonly gbSeconds: number;
  readonly telemetryKb: number;
  readonly ledgerKb: number;
}

export function perJob({ measured, assumptions, prices, telemetry }: Inputs, fleet: Fleet): PerJob {
  const { happy, inBatch, pending, rescheduled } = measured.requests;
  const { pendingShare, rescheduledShare } = assumptions;
  /** A job of a batch, and what being pending or rescheduled adds for the share of those that are. */
  const mean = (of: (job: typeof happy) => number): number =>
    of(inBatch) + pendingShare * (of(pending) - of(happy)) + rescheduledShare * (of(rescheduled) - of(happy));
  const looks = pendingShare * assumptions.looksPerPendingJob;
  const apiCalls = mean(({ api }) => api);
  const events = inBatch.serviceBus.sends + pendingShare;
  return {
    executions: mean(({ serviceBus }) => serviceBus.receive),
    // Sent by the producer; received, settled, woken and reported by the worker; taken and settled by each subscriber.
    busOperations:
      1 +
      mean(({ serviceBus }) => serviceBus.receive + serviceBus.settle + serviceBus.sends) +
      pendingShare +
      2 * assumptions.subscriptionsOfTheTopic * events,
    tableRequests: mean(({ storage }) => storage) + looks * assumptions.tableRequestsPerLook,
    apiCalls: apiCalls + looks,
    // The calls are what a night waits for; all instances are up meanwhile.
    gbSeconds: (apiCalls / fleet.callsPerMinute) * 60 * fleet.instances * prices.functions.instanceGb,
    telemetryKb: telemetry.kbPerJob,
    ledgerKb: assumptions.ledgerKbPerJob,
  };
}

export interface Line {
  readonly part: string;
  /** What is counted, for a person. */
  readonly quantity: string;
  readonly usd: number;
}

const million = 1_000_000;

/** Of so many jobs; nothing that is free of charge is taken off. */
export function costOfJobs(jobs: number, each: PerJob, { prices }: Inputs): readonly Line[] {
  const { functions, serviceBus, tables, logs } = prices;
  const gigabytes = (kb: number): number => (jobs * kb) / million;
  const line = (part: string, amount: number, unit: string, price: number): Line => ({
    part,
    quantity: `${amount.toLocaleString('en', { maximumSignificantDigits: 3 })} ${unit}`,
    usd: amount * price,
  });
  return [
    line(
      'Functions, executions',
      (jobs * each.executions) / million,
      'million',
      functions.perMillionExecutions,
    ),
    line('Functions, instances', jobs * each.gbSeconds, 'GB-s', functions.perGbSecond),
    line(
      'Service Bus',
      (jobs * each.busOperations) / million,
      'million operations',
      serviceBus.perMillionOperations,
    ),
    line('Tables, requests', (jobs * each.tableRequests) / million, 'million', tables.perMillionRequests),
    line('Tables, kept for a year', gigabytes(each.ledgerKb) * 12, 'GB-months', tables.perGbMonth),
    line('Telemetry', gigabytes(each.telemetryKb), 'GB', logs.perGb),
  ];
}

const minutesPerMonth = 43_800;
/** Of infra/modules/alerts.bicep: dead letters of two queues, and two conditions for each of two idle queues. */
const metricSeries = 6;

/** Of a month in which no job comes. */
export function costOfIdleMonth({ prices, assumptions, logAlerts, telemetry }: Inputs): readonly Line[] {
  const { functions, serviceBus, tables, alerts } = prices;
  const gbSeconds = minutesPerMonth * assumptions.secondsPerTick * functions.instanceGb;
  const requests = (minutesPerMonth * assumptions.tableRequestsPerTick) / million;
  const idleGigabytes = (minutesPerMonth * telemetry.kbPerMinute) / million;
  return [
    {
      part: 'Service Bus Standard',
      quantity: `with ${serviceBus.includedMillionOperations} million operations`,
      usd: serviceBus.basePerMonth,
    },
    {
      part: 'Functions, the poller',
      quantity: `${minutesPerMonth.toLocaleString('en')} ticks, ${gbSeconds.toLocaleString('en')} GB-s`,
      usd: (minutesPerMonth / million) * functions.perMillionExecutions + gbSeconds * functions.perGbSecond,
    },
    {
      part: 'Tables',
      quantity: `${requests.toFixed(2)} million requests`,
      usd: requests * tables.perMillionRequests,
    },
    {
      part: 'Telemetry of ticks and metrics',
      quantity: `${idleGigabytes.toFixed(2)} GB`,
      usd: idleGigabytes * prices.logs.perGb,
    },
    {
      part: 'Alerts',
      quantity: `${logAlerts.length} on logs, ${metricSeries} time series of metrics`,
      usd:
        logAlerts.reduce((sum, frequency) => sum + alerts.perLogRuleMonth[frequency], 0) +
        metricSeries * alerts.perMetricMonth,
    },
  ];
}

const hoursPerMonth = minutesPerMonth / 60;
/** Private endpoints of infra/modules: host storage, tables, Service Bus, vault, the app. */
const endpoints = 5;

/** What a parameter of the templates adds to each month, whether there are jobs or not. */
export function costOfOptions({ prices }: Inputs): readonly Line[] {
  const { functions, serviceBus, network } = prices;
  const instance = hoursPerMonth * 3_600 * functions.instanceGb * functions.alwaysReadyPerGbSecond;
  return [
    { part: '`ALWAYS_READY`', quantity: 'for each function in it', usd: instance },
    {
      part: '`ZONE_REDUNDANT`',
      quantity: 'two instances for each of four groups of functions',
      usd: 8 * instance,
    },
    {
      part: '`PRIVATE`',
      quantity: `Service Bus Premium instead of Standard, ${endpoints} private endpoints, NAT gateway`,
      usd:
        hoursPerMonth *
          (network.serviceBusPremiumPerHour +
            endpoints * network.endpointPerHour +
            network.natGatewayPerHour +
            network.addressPerHour) +
        endpoints * network.zonePerMonth -
        serviceBus.basePerMonth,
    },
  ];
}

export const sum = (lines: readonly Line[]): number => lines.reduce((total, { usd }) => total + usd, 0);

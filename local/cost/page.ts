import { counted } from '../../src/operator/counted.ts';
import type { Fleet } from './fleet.ts';
import type { Inputs } from './inputs.ts';
import { costOfIdleMonth, costOfJobs, costOfOptions, type Line, perJob, sum } from './model.ts';

/** What the page shows beside all traces. */
const sampledShare = 0.1;

/** `docs/cost.md`. */
export function costPage(inputs: Inputs, fleet: Fleet): string {
  const { prices, assumptions: assumed, measured, telemetry } = inputs;
  const each = perJob(inputs, fleet);
  const night = costOfJobs(10_000, each, inputs);
  const million = costOfJobs(1_000_000, each, inputs);
  const idle = costOfIdleMonth(inputs);
  const sampledKb = telemetry.kbPerJob - (1 - sampledShare) * telemetry.spanKbPerJob;
  const sampled = costOfJobs(1_000_000, { ...each, telemetryKb: sampledKb }, inputs);
  const hours = (jobs: number) =>
    ((jobs * measured.requests.happy.api) / fleet.callsPerMinute / 60).toFixed(1);
  return `# What it costs

\`npm run docs\` makes this page. It uses the requests that the bench counted on ${measured.date}
(\`docs/data/requests-per-job.json\`), the prices of \`docs/data/prices.json\` and the assumptions of
\`docs/data/cost-assumptions.json\`. Change prices and assumptions to your own, and run it again. A test fails if the page is not
up to date.

| | USD |
|---|---|
| a night of 10,000 jobs, about ${hours(10_000)} hours | **${money(sum(night))}** |
| a million jobs, about ${hours(1_000_000)} hours | **${money(sum(million))}** |
| a million jobs, with a tenth of the traces | **${money(sum(sampled))}** |
| a month without jobs | **${money(sum(idle))}** |

Prices of ${prices.date}, region ${prices.region}.
The sums ignore free amounts. In most months your bill is smaller, because Azure gives you some executions and GB-s of Functions and
5 GB of logs free of charge. The base price of Service Bus includes ${prices.serviceBus.includedMillionOperations} million operations.

## For one job

| | amount | from |
|---|---|---|
| executions | ${round(each.executions)} | deliveries, measured |
| Service Bus operations | ${round(each.busOperations)} | 1 sent by the producer + deliveries, settlements, wake-ups and events of the worker (measured) + 2 for each event and subscription |
| requests to the tables | ${round(each.tableRequests)} | measured, the gate's share in it + ${round(assumed.pendingShare * assumed.looksPerPendingJob)} looks × ${assumed.tableRequestsPerLook} |
| calls to Partner Center | ${round(each.apiCalls)} | measured + the looks; free of charge, but they limit the speed of a run |
| GB-s of instances | ${round(each.gbSeconds)} | ${round(measured.requests.happy.api)} calls ÷ ${fleet.callsPerMinute} a minute × 60 s × ${counted(fleet.instances, 'instance')} × ${prices.functions.instanceGb} GB |
| telemetry | ${each.telemetryKb} KB | envelopes of ${telemetry.jobs} recorded jobs; Azure bills their texts, up to a third less |
| ledger, orders | ${each.ledgerKb} KB | assumed |

A job makes ${round(measured.requests.happy.storage)} requests to the tables if its orders are complete at once, and ${round(measured.requests.inBatch.storage)} if it also belongs to a batch.
A job with pending orders makes ${round(measured.requests.pending.storage)}, and a job that was rescheduled once makes ${round(measured.requests.rescheduled.storage)}. Here every job belongs to a
batch.

The page assumes that ${percent(assumed.pendingShare)} of the jobs have pending orders, which are read ${assumed.looksPerPendingJob} times. ${percent(assumed.rescheduledShare)} are rescheduled once. Each
event goes to ${assumed.subscriptionsOfTheTopic} subscription.

Spans are a large part of a bill. \`OTEL_TRACES_SAMPLER=traceidratio\` with \`OTEL_TRACES_SAMPLER_ARG=${sampledShare}\` keeps a tenth of the traces, each of them whole.
Events, metrics and alerts stay as they are, and so does the story of each job, which the ledger keeps. See [Telemetry](telemetry.md).

## The formula

\`\`\`text
cost(jobs) = jobs × ( executions          × ${prices.functions.perMillionExecutions} / 1,000,000
                    + GB-s                × ${prices.functions.perGbSecond}
                    + bus operations      × ${prices.serviceBus.perMillionOperations} / 1,000,000
                    + table requests      × ${prices.tables.perMillionRequests} / 1,000,000
                    + ledger KB × 12 months / 1,000,000 × ${prices.tables.perGbMonth}
                    + telemetry KB / 1,000,000          × ${prices.logs.perGb} )
GB-s       = calls / (calls a minute of the worker's lane) × 60 × instances × GB of an instance
\`\`\`

The number of instances follows from the budget of calls (\`infra/modules/app.bicep\`). A higher limit makes a run shorter for about the
same cost, until a second instance is needed: [above 436 calls a minute](decisions/host-json.md). An instance has ${prices.functions.instanceGb} GB: the worker holds [160 MB](bench.md#memory) on a usual night, and [512 MB of heap](decisions/host-json.md#a-small-heap) at most, beside the host.
The next smaller size, 512 MB, has no room for that.

## A night of 10,000 jobs

${table(night)}

## A million jobs

${table(million)}

## A month without jobs

${table(idle)}

The timer runs every minute, and Azure bills about ${assumed.secondsPerTick} s of an instance each time. The vault and the workspace cost cents.

## Options

Each of these parameters of the [deployment](deploy.md#parameters) adds to every month:

| parameter | for what | USD |
|---|---|---|
${costOfOptions(inputs)
  .map(({ part, quantity, usd }) => `| ${part} | ${quantity} | ${money(usd)} |`)
  .join('\n')}

## Where the prices come from

${Object.values(prices)
  .flatMap((part) => (typeof part === 'object' ? [`- ${part.source}`] : []))
  .join('\n')}

Prices change, and your contract may differ. Check them at azure.microsoft.com/pricing/calculator.
`;
}

const table = (lines: readonly Line[]): string =>
  [
    '| part | amount | USD |',
    '|---|---|---|',
    ...lines.map(({ part, quantity, usd }) => `| ${part} | ${quantity} | ${money(usd)} |`),
    `| **together** | | **${money(sum(lines))}** |`,
  ].join('\n');

const money = (usd: number): string =>
  usd.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const round = (amount: number): string => amount.toLocaleString('en', { maximumSignificantDigits: 3 });

import type { Fleet } from './fleet.ts';
import type { Inputs } from './inputs.ts';
import { costOfIdleMonth, costOfJobs, costOfOptions, type Line, perJob, sum } from './model.ts';

/** `docs/cost.md`. */
export function costPage(inputs: Inputs, fleet: Fleet): string {
  const { prices, assumptions: assumed, measured } = inputs;
  const each = perJob(inputs, fleet);
  const night = costOfJobs(10_000, each, inputs);
  const million = costOfJobs(1_000_000, each, inputs);
  const idle = costOfIdleMonth(inputs);
  const hours = (jobs: number) =>
    ((jobs * measured.requests.happy.api) / fleet.callsPerMinute / 60).toFixed(1);
  return `# What it costs

Made by \`npm run docs\` from what the bench counted on ${measured.date} (\`docs/data/requests-per-job.json\`), the prices of
\`docs/data/prices.json\` and the assumptions of \`docs/data/cost-assumptions.json\`. Change those two to your region and your
nights, and run it again; a test refuses a page that is not up to date.

| | USD |
|---|---|
| a night of 10,000 jobs, about ${hours(10_000)} hours | **${money(sum(night))}** |
| a million jobs, about ${hours(1_000_000)} hours | **${money(sum(million))}** |
| a month in which no job comes | **${money(sum(idle))}** |

Prices of ${prices.date}, region ${prices.region}.
Nothing that is free of charge is taken off: most months the free grants of Functions (executions and GB-s), the first 5 GB of logs
and the ${prices.serviceBus.includedMillionOperations} million operations in the base price of Service Bus make the bill smaller.

## For one job

| | amount | from |
|---|---|---|
| executions | ${round(each.executions)} | deliveries, measured |
| Service Bus operations | ${round(each.busOperations)} | 1 sent by the producer + deliveries, settlements, wake-ups and events of the worker (measured) + 2 for each event and subscription |
| requests to the tables | ${round(each.tableRequests)} | measured, the gate's share in it + ${round(assumed.pendingShare * assumed.looksPerPendingJob)} looks × ${assumed.tableRequestsPerLook} |
| calls to Partner Center | ${round(each.apiCalls)} | measured + the looks; no charge, but they are what a night waits for |
| GB-s of instances | ${round(each.gbSeconds)} | ${round(measured.requests.happy.api)} calls ÷ ${fleet.callsPerMinute} a minute × 60 s × ${fleet.instances} instances × ${prices.functions.instanceGb} GB |
| telemetry | ${each.telemetryKb} KB | assumed |
| ledger, orders | ${each.ledgerKb} KB | assumed |

Of the requests to the tables a job whose orders are all complete at once makes ${round(measured.requests.happy.storage)}, one of a batch
${round(measured.requests.inBatch.storage)}, one with pending orders ${round(measured.requests.pending.storage)}, one that was rescheduled once ${round(measured.requests.rescheduled.storage)}. Here every job is one of a batch.

Assumed: ${percent(assumed.pendingShare)} of the jobs have pending orders and are looked at ${assumed.looksPerPendingJob} times, ${percent(assumed.rescheduledShare)} are rescheduled once, each event goes to
${assumed.subscriptionsOfTheTopic} subscription.

## The formula

\`\`\`
cost(jobs) = jobs × ( executions          × ${prices.functions.perMillionExecutions} / 1,000,000
                    + GB-s                × ${prices.functions.perGbSecond}
                    + bus operations      × ${prices.serviceBus.perMillionOperations} / 1,000,000
                    + table requests      × ${prices.tables.perMillionRequests} / 1,000,000
                    + ledger KB × 12 months / 1,000,000 × ${prices.tables.perGbMonth}
                    + telemetry KB / 1,000,000          × ${prices.logs.perGb} )
GB-s       = calls / (calls a minute of the worker's lane) × 60 × instances × GB of an instance
\`\`\`

The instances follow from the budget of calls (\`infra/modules/app.bicep\`), so a higher limit makes a night shorter, for about the
same money.

## A night of 10,000 jobs

${table(night)}

## A million jobs

${table(million)}

## A month in which no job comes

${table(idle)}

The poller runs every minute and is billed for about ${assumed.secondsPerTick} s of an instance each time. The vault and the workspace cost cents.

## Options

What a parameter of the [deployment](deploy.md#parameters) adds to each month:

| parameter | for what | USD |
|---|---|---|
${costOfOptions(inputs)
  .map(({ part, quantity, usd }) => `| ${part} | ${quantity} | ${money(usd)} |`)
  .join('\n')}

## Where the prices come from

${Object.values(prices)
  .flatMap((part) => (typeof part === 'object' ? [`- ${part.source}`] : []))
  .join('\n')}

They change, and yours may differ by contract: check them at azure.microsoft.com/pricing/calculator.
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

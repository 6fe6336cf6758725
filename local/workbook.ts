import { readFileSync } from 'node:fs';

/**
 * The workbook "Tonight" in the portal, made from `infra/queries`: each tile's text is the head of its query. Bicep puts the
 * resource ids in. The format has no page of its own; it is what the portal's own editor writes.
 */
export function workbook(): string {
  const notebook = {
    version: 'Notebook/1.0',
    items: [
      text('intro', intro),
      parameters,
      tile('health', 'How is tonight', '100', healthTiles),
      tile('throughput', 'Throughput, and the age of the oldest job', '50', { visualization: 'timechart' }),
      backlog,
      tile('batches', 'Bulk runs', '100', { visualization: 'table' }),
      tile('outcomes', 'Outcomes', '50', { visualization: 'timechart' }),
      tile('failures', 'Why carts fail', '50', { visualization: 'table' }),
      tile('throttling', 'Are we throttled', '50', { visualization: 'timechart' }),
      tile('gate', 'The gate', '50', { visualization: 'table' }),
      tile('latency', 'Where the time goes', '50', { visualization: 'timechart' }),
      tile('pending-by-age', 'Pending orders by age', '50', { visualization: 'barchart' }),
      tile('pending-orders', 'What is pending, the oldest first', '100', { visualization: 'table' }),
      tile('job-story', "One job's story: fill in Job above", '100', {
        visualization: 'table',
      }),
      tile('telemetry-cost', 'What this telemetry costs', '100', { visualization: 'table' }),
    ],
    fallbackResourceIds: [insights],
    $schema: 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json',
  };
  return `${JSON.stringify(notebook, null, 2)}\n`;
}

const insights = '__APPINSIGHTS_ID__';
const serviceBus = '__SERVICEBUS_ID__';
const component = 'microsoft.insights/components';
const namespace = 'microsoft.servicebus/namespaces';

const intro = `# Tonight

What the checkout worker does now. Each tile says what is normal and which command tells more; the commands are \`npx partner-checkout …\` in a
clone of the project. Nothing here can buy a cart twice. What to do when an alert came: \`docs/runbook.md\`.`;

const text = (name: string, json: string) => ({ type: 1, content: { json }, name });

const day = 24 * 60 * 60_000;

const parameter = (name: string, label: string, more: object) => ({
  // Any GUID will do, so long as each parameter has its own.
  id: `7f0c0b52-6d0c-4c2f-9d7e-${Buffer.from(name.padEnd(6).slice(0, 6)).toString('hex')}`,
  version: 'KqlParameterItem/1.0',
  name,
  label,
  ...more,
});

const parameters = {
  type: 9,
  content: {
    version: 'KqlParameterItem/1.0',
    style: 'pills',
    queryType: 0,
    resourceType: component,
    parameters: [
      parameter('TimeRange', 'Time', {
        type: 4,
        isRequired: true,
        value: { durationMs: day },
        typeSettings: {
          selectableValues: [day / 24, day / 2, day, 2 * day, 7 * day].map((durationMs) => ({ durationMs })),
          allowCustom: true,
        },
      }),
      parameter('JobKey', 'Job', { type: 1, value: '' }),
    ],
  },
  name: 'parameters',
};

interface Head {
  readonly shows: string;
  readonly normal: string;
  /** How far back it looks, whatever time is chosen above. */
  readonly days: number | undefined;
  readonly command: string;
}

function headOf(query: string): Head {
  const line = (word: string) => new RegExp(`^// ${word}: (.+)$`, 'm').exec(query)?.[1];
  const days = line('Days');
  return {
    shows: /^\/\/ (.+)$/m.exec(query)?.[1] ?? '',
    normal: line('Normal') ?? '',
    days: days === undefined ? undefined : Number(days),
    command: line('Type') ?? '',
  };
}

function tile(file: string, title: string, customWidth: string, look: object) {
  const query = readFileSync(new URL(`../infra/queries/${file}.kql`, import.meta.url), 'utf8');
  const { shows, normal, days, command } = headOf(query);
  const time =
    days === undefined
      ? { timeContext: { durationMs: 0 }, timeContextFromParameter: 'TimeRange' }
      : { timeContext: { durationMs: days * day } };
  return group(file, customWidth, [
    text(`${file}-text`, `### ${title}\n${shows}\n\n**Normal:** ${normal}\n\n**Type:** \`${command}\``),
    {
      type: 3,
      content: {
        version: 'KqlItem/1.0',
        query,
        size: 0,
        ...time,
        queryType: 0,
        resourceType: component,
        crossComponentResources: [insights],
        ...look,
      },
      name: `${file}-query`,
    },
  ]);
}

const group = (name: string, customWidth: string, items: readonly object[]) => ({
  type: 12,
  content: { version: 'NotebookGroup/1.0', groupType: 'editable', items },
  customWidth,
  name,
});

const healthTiles = {
  visualization: 'tiles',
  tileSettings: {
    titleContent: { columnMatch: 'tile', formatter: 1 },
    subtitleContent: { columnMatch: 'now', formatter: 1 },
    leftContent: {
      columnMatch: 'state',
      formatter: 18,
      formatOptions: {
        thresholdsOptions: 'icons',
        thresholdsGrid: [
          { operator: '==', thresholdValue: 'good', representation: 'success', text: '{0}{1}' },
          { operator: 'Default', thresholdValue: null, representation: '2', text: '{0}{1}' },
        ],
      },
    },
    secondaryContent: { columnMatch: 'hint', formatter: 1 },
    showBorder: true,
  },
};

const metric = (name: string) => ({
  namespace,
  metric: `${namespace}--${name}`,
  // The most.
  aggregation: 3,
  splitBy: 'EntityName',
});

const backlog = group('backlog', '50', [
  text(
    'backlog-text',
    `### Backlog and dead letters
Messages that wait to be taken, copies that are scheduled for later, and dead letters, of each queue; the platform counts them.

**Normal:** the backlog falls while jobs end; scheduled copies are back-offs and waits; no dead letters.

**Type:** \`npx partner-checkout dead-letters list\``,
  ),
  {
    type: 10,
    content: {
      version: 'MetricsItem/2.0',
      size: 0,
      chartType: 2,
      resourceType: namespace,
      metricScope: 0,
      resourceIds: [serviceBus],
      timeContextFromParameter: 'TimeRange',
      metrics: ['ActiveMessages', 'ScheduledMessages', 'DeadletteredMessages'].map(metric),
    },
    name: 'backlog-metrics',
  },
]);

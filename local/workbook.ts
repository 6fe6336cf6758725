import { readFileSync } from 'node:fs';

/**
 * The workbook "Tonight" in the portal, made from `infra/queries`: each item's text is the head of its query. Bicep puts the
 * resource ids in. Source of the format: github.com/microsoft/Application-Insights-Workbooks, and what the portal's editor writes.
 */
export function workbook(): string {
  const notebook = {
    version: 'Notebook/1.0',
    items: [
      text('intro', intro),
      parameters,
      tabs,
      tab('now', [
        item('health', 'How things stand', '100', healthGrid),
        item('attention-open', 'What waits for a person', '50', chart('rows')),
        item('oldest-job', 'The oldest job', '50', chart('minutes')),
      ]),
      tab('batches', [
        item('batches', 'Batches', '100', batchGrid),
        item('throughput', 'Jobs that ended', '50', chart('jobs')),
        backlog,
        item('outcomes', 'Outcomes', '50', chart('jobs')),
        item('latency', 'Where the time goes', '50', grid('No job ended in this time.')),
      ]),
      tab('gate', [
        item('throttling', 'Are calls throttled', '100', chart('calls')),
        item('gate', 'The gate', '100', gateGrid),
      ]),
      tab('problems', [
        item('failures', 'Why carts fail', '100', linked('No cart failed in this time.', 'ChosenFailed')),
        story('ChosenFailed'),
        item('pending-by-age', 'Pending orders by age', '50', {
          visualization: 'barchart',
          noDataMessage: 'No order is pending.',
          noDataMessageStyle: good,
        }),
        item(
          'pending-orders',
          'What is pending, the oldest first',
          '50',
          linked('No order is pending.', 'ChosenPending'),
        ),
        story('ChosenPending'),
      ]),
      tab('job', [
        jobParameters,
        item(
          'find-job',
          'Find a job',
          '100',
          linked('Fill in **Find** above. An empty or unknown text finds nothing.', 'ChosenFound', info),
        ),
        story('ChosenFound'),
        story('JobKey'),
      ]),
      tab('cost', [
        item(
          'telemetry-cost',
          'What this telemetry costs',
          '100',
          grid('There is no telemetry in this time.'),
        ),
      ]),
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

What the checkout worker does now. Each item says what is normal and which command tells more. The commands are \`npx partner-checkout …\` in a
clone of the project. Nothing here can buy a cart twice. Times in texts are UTC. What to do after an alert: \`docs/runbook.md\`.`;

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

const parameterItem = (name: string, list: readonly object[]) => ({
  type: 9,
  content: {
    version: 'KqlParameterItem/1.0',
    style: 'pills',
    queryType: 0,
    resourceType: component,
    parameters: list,
  },
  name,
});

const queryOf = (file: string): string =>
  readFileSync(new URL(`../infra/queries/${file}.kql`, import.meta.url), 'utf8');

const parameters = parameterItem('parameters', [
  parameter('TimeRange', 'Time', {
    type: 4,
    isRequired: true,
    value: { durationMs: day },
    typeSettings: {
      selectableValues: [day / 24, day / 2, day, 2 * day, 7 * day].map((durationMs) => ({ durationMs })),
      allowCustom: true,
    },
  }),
  parameter('Batch', 'Batch', {
    type: 2,
    description: 'One batch, in the lists of batches, failures and pending orders. Empty: all.',
    isRequired: false,
    value: '',
    query: queryOf('batch-names'),
    queryType: 0,
    resourceType: component,
    crossComponentResources: [insights],
    timeContext: { durationMs: 30 * day },
    typeSettings: { additionalResourceOptions: [], showDefault: false },
  }),
]);

const jobParameters = parameterItem('job-parameters', [
  parameter('Find', 'Find', {
    type: 1,
    value: '',
    description:
      'A job key or a part of it, a reference, an order id, MS-CorrelationId, MS-RequestId or a trace id.',
  }),
  parameter('JobKey', 'Job', {
    type: 1,
    value: '',
    description: 'The job key, an order id or a trace id.',
  }),
]);

const tabNames = [
  ['now', 'Now'],
  ['batches', 'Batches'],
  ['gate', 'Gate'],
  ['problems', 'Problems'],
  ['job', 'One job'],
  ['cost', 'Cost'],
] as const;
type TabName = (typeof tabNames)[number][0];

/** Each link sets a parameter; each group shows for one of its values. */
const tabs = {
  type: 11,
  content: {
    version: 'LinkItem/1.0',
    style: 'tabs',
    links: tabNames.map(([subTarget, linkLabel], index) => ({
      id: `7f0c0b52-6d0c-4c2f-9d7f-00000000000${index}`,
      cellValue: 'Tab',
      linkTarget: 'parameter',
      linkLabel,
      subTarget,
      style: 'link',
    })),
  },
  name: 'tabs',
};

const tab = (name: TabName, items: readonly object[]) => ({
  ...group(`tab-${name}`, '100', items),
  conditionalVisibility: { parameterName: 'Tab', comparison: 'isEqualTo', value: name },
});

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

function item(
  file: string,
  title: string,
  customWidth: string,
  look: object,
  change: (query: string) => string = (query) => query,
) {
  const query = queryOf(file);
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
        query: change(query),
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

// Styles of a message where a query has no rows. Source: the editor's advanced settings, "No data message".
const info = 1;
const good = 3;

/** Nothing to show is good news in most tables: a sentence says so. */
const grid = (
  noDataMessage: string,
  formatters: readonly object[] = [],
  noDataMessageStyle: number = good,
) => ({
  visualization: 'table',
  noDataMessage,
  noDataMessageStyle,
  showExportToExcel: true,
  gridSettings: { formatters, filter: true },
});

/** One unit a chart: the axis says which. Series have zeros where nothing happened. */
const chart = (unit: string) => ({
  visualization: 'timechart',
  noDataMessage: `No ${unit} in this time.`,
  noDataMessageStyle: info,
  chartSettings: { ySettings: { label: unit, min: 0 } },
});

/** A click on a job opens its story below the list: the row sets a parameter, which the story asks for. */
const linked = (noDataMessage: string, chosen: Chosen, style: number = good) => ({
  ...grid(
    noDataMessage,
    [{ columnMatch: 'job', formatter: 1, formatOptions: { linkColumn: 'job', linkTarget: 'CellDetails' } }],
    style,
  ),
  exportedParameters: [{ fieldName: 'job', parameterName: chosen, parameterType: 1, defaultValue: '' }],
});

/** Each list has a parameter of its own: one that nobody clicked in must not empty another's choice. */
type Chosen = 'ChosenFailed' | 'ChosenPending' | 'ChosenFound';

const isFilled = (parameterName: Chosen | 'JobKey') => ({
  conditionalVisibility: { parameterName, comparison: 'isNotEqualTo', value: '' },
});

const story = (parameterName: Chosen | 'JobKey') => ({
  ...item('job-story', "One job's story", '100', storyGrid, (query) =>
    query.replaceAll('{JobKey}', `{${parameterName}}`),
  ),
  ...isFilled(parameterName),
  name: `story-${parameterName}`,
});

const icons = (
  columnMatch: string,
  states: readonly (readonly [value: string, icon: string])[],
  otherwise: string,
) => ({
  columnMatch,
  formatter: 18,
  formatOptions: {
    thresholdsOptions: 'icons',
    thresholdsGrid: [
      ...states.map(([thresholdValue, representation]) => ({
        operator: '==',
        thresholdValue,
        representation,
        text: '{0}{1}',
      })),
      { operator: 'Default', thresholdValue: null, representation: otherwise, text: '{0}{1}' },
    ],
  },
});

const bar = (columnMatch: string, palette: string) => ({
  columnMatch,
  formatter: 8,
  formatOptions: { palette },
});

const healthGrid = grid(
  'No tick has reported yet: after a first deployment that takes some minutes.',
  [icons('state', [['good', 'success']], '2')],
  info,
);

const batchGrid = grid(
  'No batch in the last 30 days.',
  [
    bar('completed', 'green'),
    bar('failed', 'red'),
    icons('tooLate', [['0', 'success']], '2'),
    icons('allFinal', [['yes', 'success']], 'pending'),
  ],
  info,
);

const gateGrid = grid('The gate was open all the time.', [
  icons(
    'cause',
    [
      ['throttled', 'info'],
      ['paused', 'stopped'],
    ],
    '2',
  ),
  bar('seconds', 'orange'),
]);

const storyGrid = grid(
  'Fill in **Job** above, or choose a row of a list: the job key, an order id or a trace id.',
  [
    icons(
      'success',
      [
        ['True', 'success'],
        ['False', 'error'],
      ],
      'Blank',
    ),
  ],
  info,
);

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
Messages that wait, messages that are scheduled for later, and dead letters of each queue. The platform counts them.

**Normal:** the backlog falls while jobs end; scheduled messages start later; there are no dead letters.

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

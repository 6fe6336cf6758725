/** Promise: each alert has its query, its section in the runbook and its line in the portal's page. */

import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { all, lastName, only } from './deployed.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const logAlert = z.object({
  description: z.string(),
  criteria: z.object({
    allOf: z.tuple([
      z.object({
        query: z.string(),
        metricMeasureColumn: z.string(),
        dimensions: z.array(z.object({ name: z.string() })),
      }),
    ]),
  }),
  actions: z.object({
    actionGroups: z.array(z.string()),
    customProperties: z.record(z.string(), z.string()),
  }),
});
const logAlerts = all('full', 'Microsoft.Insights/scheduledQueryRules').map(({ name, properties }) => ({
  name,
  properties: logAlert.parse(properties),
}));
const metricAlerts = all('full', 'Microsoft.Insights/metricAlerts');
/** The query as it is deployed. The time of the deployment is an expression that only Azure works out. */
function queryOf(query: string): string {
  const [, text] =
    /^\[replace\('(.*)', 'datetime\(2000-01-01\)', format\('datetime\(\{0\}\)', utcNow\('[^']+'\)\)\)\]$/s.exec(
      query,
    ) ?? [];
  return text === undefined ? query : text.replaceAll("''", "'");
}
const names = [...logAlerts, ...metricAlerts].map(({ name }) => name);

test('each alert asks the query of its name, and each such query has an alert', () => {
  const files = globSync('infra/queries/alert-*.kql', { cwd: root }).map((file) => basename(file, '.kql'));
  expect(logAlerts.map(({ name }) => `alert-${name}`).sort()).toEqual(files.sort());
  for (const { name, properties } of logAlerts)
    expect(queryOf(properties.criteria.allOf[0].query)).toBe(read(`infra/queries/alert-${name}.kql`));
});

test('ago() has a literal in each query: alert rules take nothing else', () => {
  const times = logAlerts.flatMap(({ properties }) =>
    [...queryOf(properties.criteria.allOf[0].query).matchAll(/\bago\(([^)]*)\)/g)].map(([, time]) => time),
  );
  expect(times.length).toBeGreaterThan(0);
  for (const time of times) expect(time).toMatch(/^\d+[dhms]$/);
});

test('an alert is told apart by columns that its query gives', () => {
  for (const { properties } of logAlerts) {
    const [{ query, metricMeasureColumn, dimensions }] = properties.criteria.allOf;
    const last = queryOf(query).trim().split('\n').at(-1);
    for (const column of [metricMeasureColumn, ...dimensions.map(({ name }) => name)])
      expect(last).toMatch(new RegExp(`[ ,]${column}( =|,|$)`));
  }
});

test('each mail says what, what is done already, one command and the runbook; a webhook also gets since when and how many in words', () => {
  for (const { name, properties } of logAlerts) {
    const { What, Since, HowMany, WhatTheWorkerDoes, Type, Runbook } = properties.actions.customProperties;
    expect(properties.description, name).toBe(
      `${What} What the worker does: ${WhatTheWorkerDoes} Type: ${Type} Runbook: ${Runbook}`,
    );
    expect([Since, HowMany].join(' '), name).toMatch(/^\$\{data\..+\}.* \$\{data\..+\} \w+/);
    expect(Runbook, name).toBe(`https://wiki.example.com/runbook#alert-${name}`);
    expect(properties.actions.actionGroups, name).toHaveLength(1);
  }
});

test('each alert has its section in the runbook and its line in the page about the portal, and none is left over', () => {
  const sections = [...read('docs/runbook.md').matchAll(/^### alert: ([\w-]+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual([...names].sort());
  for (const name of names) expect(read('docs/portal.md')).toContain(`(runbook.md#alert-${name})`);
});

test('the workbook is the file, with the resources put in', () => {
  const { properties } = only('full', 'Microsoft.Insights/workbooks');
  const { serializedData, sourceId } = z
    .object({ serializedData: z.string(), sourceId: z.string() })
    .parse(properties);
  const bus = only('full', 'Microsoft.ServiceBus/namespaces').id;
  expect(sourceId).toBe(only('full', 'Microsoft.Insights/components').id);
  expect(serializedData).toBe(
    read('infra/workbook.json')
      .replaceAll('__APPINSIGHTS_ID__', sourceId)
      .replaceAll('__SERVICEBUS_ID__', bus),
  );
  expect(serializedData).not.toContain('__');
});

test('the workbook shows every query that is not an alert, and asks for each parameter that they read', () => {
  const text = read('infra/workbook.json');
  for (const file of globSync('infra/queries/*.kql', { cwd: root })) {
    const query = read(file);
    if (!basename(file).startsWith('alert-'))
      expect(text, file).toContain(JSON.stringify(query).slice(1, -1));
    for (const [, name] of query.matchAll(/\{(\w+)\}/g)) expect(text, file).toContain(`"name": "${name}"`);
  }
});

test('a queue that nobody takes from: one rule for each queue, of messages that wait and of none that is completed', () => {
  const queues = all('full', 'Microsoft.ServiceBus/namespaces/queues').map(({ name }) => lastName(name));
  const shape = z.object({
    windowSize: z.string(),
    criteria: z.object({
      allOf: z.tuple([
        z.object({
          metricName: z.literal('ActiveMessages'),
          timeAggregation: z.literal('Minimum'),
          dimensions: z.tuple([z.object({ values: z.tuple([z.string()]) })]),
        }),
        z.object({ metricName: z.literal('CompleteMessage'), operator: z.literal('LessThanOrEqual') }),
      ]),
    }),
  });
  const rules = metricAlerts.filter(({ name }) => name.startsWith('idle-'));
  const watched = rules.map(
    ({ properties }) => shape.parse(properties).criteria.allOf[0].dimensions[0].values[0],
  );
  expect(watched.sort()).toEqual(queues.sort());
});

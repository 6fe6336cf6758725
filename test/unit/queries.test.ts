/** Promise: each query of the portal is understood and names columns that exist. */

import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { events } from '../../src/ports/telemetry.ts';
import { metrics, spanFields } from '../../src/ports/tracing.ts';
import schema from '../fixtures/application-insights-tables.json' with { type: 'json' };
import { fillIn } from '../support/kql/parameters.ts';
import { kusto } from '../support/kusto.ts';

const root = join(import.meta.dirname, '../..');
const parse = kusto(
  Object.fromEntries(
    Object.entries(schema.tables).map(([name, columns]) => [name, { ...schema.everywhere, ...columns }]),
  ),
);
const files = globSync('infra/queries/*.kql', { cwd: root }).sort();
const queries = files.map((file) => {
  const text = readFileSync(join(root, file), 'utf8');
  return { name: basename(file, '.kql'), text, query: parse(fillIn(text, { from: 0, to: 86_400_000 })) };
});

/** What each event and metric is told with, and what is said of it: there stand the words that a field may hold. */
const emitted: Readonly<Record<string, { readonly fields: readonly string[]; readonly said: string }>> = {
  ...Object.fromEntries(
    Object.entries(events).map(([name, { meaning, fields }]) => [
      name,
      { fields: Object.keys(fields), said: [meaning, ...Object.values(fields)].join(' ') },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(metrics).map(([name, { attributes, meaning }]) => [
      name,
      { fields: attributes, said: meaning },
    ]),
  ),
};

test('a query with an unknown column, table or function is seen', () => {
  const problemsOf = (text: string) => parse(text).problems.join('\n');
  expect(problemsOf('customEvents | where nam == 1')).toContain('nam');
  expect(problemsOf('customEvent | count')).toContain('customEvent');
  expect(problemsOf('customEvents\n| where x(name)')).toMatch(/line 2.*x/);
  expect(
    parse("customEvents | where name == 'A' | project customDimensions.b, customMeasurements['c']"),
  ).toMatchObject({ problems: [], fields: ['b', 'c'], compared: [['name', 'A']] });
});

describe.each(queries)('$name', ({ text, query }) => {
  test('begins with what it shows, what is normal and what to type', () => {
    expect(text).toMatch(/^\/\/ .+\.\n\/\/ Normal: .+\.\n(\/\/ Days: \d+\n)?\/\/ Type: .+\n(?!\/\/)/);
  });
  test('is understood, and every table, column and function is there', () => {
    expect(query.problems).toEqual([]);
    expect(query.columns.length).toBeGreaterThan(0);
  });
  test('reads only events and metrics, fields and words that the worker tells', () => {
    const named = query.compared.filter(([column]) => column === 'name').map(([, word]) => word);
    expect(named.filter((word) => !(word in emitted))).toEqual([]);
    const spans = text.includes('dependencies')
      ? [{ fields: Object.keys(spanFields), said: Object.values(spanFields).join(' ') }]
      : [];
    const about = named.length === 0 ? Object.values(emitted) : named.flatMap((word) => emitted[word] ?? []);
    const fields = new Set([...about, ...spans].flatMap((one) => one.fields));
    expect(query.fields.filter((field) => !fields.has(field))).toEqual([]);
    const said = new Set(about.flatMap((one) => one.said.match(/[\w-]+/g) ?? []));
    const words = query.compared.filter(([column]) => column !== 'name' && column !== 'itemType');
    expect(words.filter(([, word]) => word !== '' && !said.has(word))).toEqual([]);
  });
});

const alerts = queries.filter(({ name }) => name.startsWith('alert-'));
test.each(alerts)('$name looks back by a length that is written out: Azure takes no other', ({ text }) => {
  const lengths = [...text.matchAll(/\bago\(([^)]*)\)/g)].map(([, length]) => length);
  expect(lengths.filter((length) => !/^\d+[dhms]$/.test(length ?? ''))).toEqual([]);
});

test.each(alerts)('$name gives one number for each row', ({ query }) => {
  expect(query.columns).toContain('howMany');
});

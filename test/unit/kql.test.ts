/** Promise: kql does what its page says, with bad input too. */

import { expect, test } from 'vitest';
import { evaluate, type Result } from '../support/kql/evaluate.ts';
import { DateTime, type Row, textOf, type Value } from '../support/kql/values.ts';

/** A table from rows that all have the columns of the first. */
function table(...rows: readonly Readonly<Record<string, Value>>[]): Result {
  return { columns: Object.keys(rows[0] ?? {}), rows: rows.map((row): Row => new Map(Object.entries(row))) };
}

const now = Date.UTC(2026, 0, 2, 12);
const run = (query: string, tables: Readonly<Record<string, Result>> = {}) =>
  evaluate(query, { tables, now });
/** Each row as the texts of its cells. */
const cells = (query: string, tables?: Readonly<Record<string, Result>>) => {
  const { columns, rows } = run(query, tables);
  return rows.map((row) => columns.map((column) => textOf(row.get(column) ?? null)));
};

/** Expression and result as the page of the function or operator in Microsoft's Kusto documentation has them. */
test.each([
  ['bin(4.5, 1)', '4'],
  ['bin(datetime(1970-05-11 13:45:07), 1d)', '1970-05-11T00:00:00.0000000Z'],
  ['bin(time(16d), 7d)', '14.00:00:00'],
  ['coalesce(tolong("not a number"), tolong("42"), 33)', '42'],
  ["case(10 < 5, 'low', 10 < 20, 'middle', 'high')", 'middle'],
  ["extract('x=([0-9.]+)', 1, 'hello x=45.6|wo')", '45.6'],
  ["extract('AADSTS[0-9]+', 0, 'none')", ''],
  ["format_datetime(datetime(2017-01-29 09:00:05), 'yyyy-MM-dd HH:mm')", '2017-01-29 09:00'],
  ["hash_sha256('World')", '78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524'],
  ["iff(1 > 2, 'yes', 'no')", 'no'],
  ["isempty('')", 'true'],
  ['isempty(tolong(""))', 'true'],
  ["isnotempty('1')", 'true'],
  ['isnull(tolong("x"))', 'true'],
  ["isnull('')", 'false'],
  ['max_of(10, 1, -3, 17)', '17'],
  ['min_of(10, 1, -3, 17)', '-3'],
  ['round(2.98765, 3)', '2.988'],
  ['round(15.5)', '16'],
  ["strcat('hello', ' ', 2)", 'hello 2'],
  ['todouble("123.4")', '123.4'],
  ['toint("123.9")', '123'],
  ['tolower("Hello")', 'hello'],
  ['tostring(123)', '123'],
  ['tostring(1 == 1)', 'true'],
  ["trim('--', '--https://bing.com--')", 'https://bing.com'],
  ['unixtime_milliseconds_todatetime(1546300800000)', '2019-01-01T00:00:00.0000000Z'],
  ['tostring(todynamic(\'{"a":{"b":7}}\').a.b)', '7'],
  ["tostring(todynamic('[1,2,3]')[1])", '2'],
  ['datetime(2012-01-03) - datetime(2012-01-01)', '2.00:00:00'],
  ['(datetime(2012-01-02) - datetime(2012-01-01)) / 1h', '24'],
  ['5 in (1, 5)', 'true'],
  ["'a' !in ('b', 'c')", 'true'],
  ["'FabriKam' contains 'brik'", 'true'],
  ['bool(null) or true', 'true'],
])('print %s', (expression, expected) => {
  expect(cells(`print x = ${expression}`)).toEqual([[expected]]);
});

const traffic = table(
  { who: 'a', at: new DateTime(now - 60_000), n: 1 },
  { who: 'b', at: new DateTime(now - 120_000), n: 5 },
  { who: 'a', at: new DateTime(now - 7_200_000), n: 3 },
);

test('where, extend, project, order by and top: descending unless it says ascending', () => {
  const tables = { T: traffic };
  expect(cells('T | where at > ago(1h) | extend m = n * 2 | project who, m | order by m', tables)).toEqual([
    ['b', '10'],
    ['a', '2'],
  ]);
  expect(cells('T | top 1 by n asc | project n', tables)).toEqual([['1']]);
});

test('extend sees the row as it was before', () => {
  expect(cells('T | extend n = n + 1, m = n | top 1 by m asc | project n, m', { T: traffic })).toEqual([
    ['2', '1'],
  ]);
});

test('summarize: groups, and one row for a whole table even if it is empty', () => {
  expect(
    cells('T | summarize jobs = count(), sum(n), arg_max(n, at = tostring(who)) by who | order by who asc', {
      T: traffic,
    }),
  ).toEqual([
    ['a', '2', '4', '3', 'a'],
    ['b', '1', '5', '5', 'b'],
  ]);
  const nothing = { T: { columns: ['n'], rows: [] } };
  expect(cells('T | summarize count(), max(n), sum(n), arg_max(n, n)', nothing)[0]?.slice(0, 3)).toEqual([
    '0',
    '',
    '0',
  ]);
  expect(cells('T | summarize count() by n', nothing)).toEqual([]);
});

test('aggregations pass over nulls, and take conditions', () => {
  const tables = { T: table({ n: 1, w: 'x' }, { n: null, w: 'y' }, { n: 4, w: 'y' }) };
  expect(
    cells(
      "T | summarize countif(n > 2), sumif(n, w == 'y'), minif(n, w == 'y'), dcount(w), percentile(n, 50), min(n)",
      tables,
    ),
  ).toEqual([['1', '4', '4', '2', '1', '1']]);
  expect(cells('T | summarize make_set(w, 1)', tables)).toEqual([['["x"]']]);
  expect(cells('T | summarize x = round(sum(n) / 2, 1)', tables)).toEqual([['2.5']]);
});

test('mv-expand: a row for each element; null leaves one row, an empty array none', () => {
  const tables = {
    T: table({ k: 'list', v: [10, { a: 'b' }] }, { k: 'null', v: null }, { k: 'empty', v: [] }),
  };
  expect(cells('T | mv-expand one = v | project k, one', tables)).toEqual([
    ['list', '10'],
    ['list', '{"a":"b"}'],
    ['null', ''],
  ]);
});

test('join: leftouter keeps what has no match, inner does not; a taken name gets a 1', () => {
  const tables = {
    X: table({ Key: 'a', Value1: 1 }, { Key: 'b', Value1: 2 }, { Key: 'c', Value1: 4 }),
    Y: table(
      { Key: 'b', Value2: 10 },
      { Key: 'c', Value2: 20 },
      { Key: 'c', Value2: 30 },
      { Key: 'd', Value2: 40 },
    ),
  };
  expect(run('X | join kind=leftouter Y on Key', tables).columns).toEqual([
    'Key',
    'Value1',
    'Key1',
    'Value2',
  ]);
  expect(cells('X | join kind=leftouter Y on Key', tables)).toEqual([
    ['a', '1', '', ''],
    ['b', '2', 'b', '10'],
    ['c', '4', 'c', '20'],
    ['c', '4', 'c', '30'],
  ]);
  expect(cells('X | join kind=inner (Y | where Value2 > 15) on Key | count', tables)).toEqual([['2']]);
});

test('union: columns of all, null where a table has none', () => {
  const tables = { A: table({ a: 1 }), B: table({ b: 2 }) };
  expect(cells('union A, (B | project b), (print a = 3)', tables)).toEqual([
    ['1', ''],
    ['', '2'],
    ['3', ''],
  ]);
});

test('make-series: a value for each step, the default where there is none, a series for each group', () => {
  const [start] = [now - 3_600_000];
  const at = (minutes: number, n: number, by: string) => ({
    t: new DateTime(start + minutes * 60_000),
    n,
    by,
  });
  const tables = { T: table(at(1, 1, 'x'), at(2, 2, 'x'), at(31, 5, 'x'), at(45, 7, 'y'), at(61, 9, 'x')) };
  const series = (by: string) =>
    `T | make-series s = sum(n) default = 0.0 on t from datetime(${new Date(start).toISOString()}) to datetime(${new Date(now).toISOString()}) step 15m ${by}`;
  expect(cells(`${series('')} | project s`, tables)).toEqual([['[3,0,5,7]']]);
  expect(cells(`${series('by by')} | project by, s`, tables)).toEqual([
    ['x', '[3,0,5,0]'],
    ['y', '[0,0,0,7]'],
  ]);
  expect(cells(`${series('')} | project s`, { T: { columns: ['t', 'n', 'by'], rows: [] } })).toEqual([
    ['[0,0,0,0]'],
  ]);
});

test('let: a value, a table and toscalar; in (a table)', () => {
  const tables = { T: traffic };
  expect(
    cells('let most = toscalar(T | summarize max(n)); T | where n == most | project who', tables),
  ).toEqual([['b']]);
  expect(cells("let a = T | where who == 'a' | distinct who; T | where who in (a) | count", tables)).toEqual([
    ['2'],
  ]);
});

test('a null is neither equal, nor more, nor less', () => {
  const tables = { T: table({ n: null }, { n: 1 }) };
  expect(cells('T | where n < 5 or n >= 5 | count', tables)).toEqual([['1']]);
  expect(cells('T | where not(n == 1) | count', tables)).toEqual([['1']]);
});

test.each([
  'T | evaluate bag_unpack(x)',
  'T | where strlen(who) > 1',
  'T | join kind=fullouter T on who',
  'U | count',
])('what it does not know it refuses: %s', (query) => {
  expect(() => run(query, { T: traffic })).toThrow(/Not understood|There is no/);
});

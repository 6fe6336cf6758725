/** Aggregation functions of KQL that our queries use. Nulls are passed over. Source: Kusto documentation, aggregation functions. */
import { compare, keyOf, type Row, TimeSpan, type Value } from './values.ts';

/** An expression, worked out for a row. */
export type Read = (row: Row) => Value;
type Aggregate = (rows: readonly Row[], args: readonly Read[]) => Value;

const known = (rows: readonly Row[], read: Read | undefined): Value[] =>
  read === undefined ? [] : rows.map(read).filter((value) => value !== null && value !== '');

const holding = (rows: readonly Row[], condition: Read | undefined): readonly Row[] =>
  condition === undefined ? rows : rows.filter((row) => condition(row) === true);

const numbers = (values: readonly Value[]): number[] =>
  values.flatMap((value) =>
    typeof value === 'number' ? [value] : typeof value === 'boolean' ? [value ? 1 : 0] : [],
  );

const most = (values: readonly Value[], sign: 1 | -1): Value =>
  values.reduce<Value>(
    (found, value) => (found === null || sign * compare(value, found) > 0 ? value : found),
    null,
  );

/** Of nothing it is null for `sum` of a whole table, and 0 in Kusto's documentation: "0 if there are no values". */
const total = (values: readonly Value[]): Value => {
  if (values.some((value) => value instanceof TimeSpan))
    return new TimeSpan(
      values.reduce<number>((sum, value) => sum + (value instanceof TimeSpan ? value.ms : 0), 0),
    );
  return numbers(values).reduce((sum, value) => sum + value, 0);
};

/** The nearest rank: the least value that so many percent of all do not exceed. */
function percentile(values: readonly Value[], percent: number): Value {
  const sorted = [...values].sort(compare);
  if (sorted.length === 0) return null;
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

export const aggregates: Readonly<Record<string, Aggregate>> = {
  count: (rows) => rows.length,
  countif: (rows, [condition]) => holding(rows, condition).length,
  dcount: (rows, [read]) => new Set(known(rows, read).map((value) => keyOf([value]))).size,
  make_set: (rows, [read, size]) => {
    const distinct = [...new Map(known(rows, read).map((value) => [keyOf([value]), value])).values()];
    const limit = size?.(new Map());
    return typeof limit === 'number' ? distinct.slice(0, limit) : distinct;
  },
  max: (rows, [read]) => most(known(rows, read), 1),
  min: (rows, [read]) => most(known(rows, read), -1),
  maxif: (rows, [read, condition]) => most(known(holding(rows, condition), read), 1),
  minif: (rows, [read, condition]) => most(known(holding(rows, condition), read), -1),
  percentile: (rows, [read, percent]) => percentile(known(rows, read), Number(percent?.(new Map()) ?? 0)),
  sum: (rows, [read]) => total(known(rows, read)),
  sumif: (rows, [read, condition]) => total(known(holding(rows, condition), read)),
};

/** The row where the first argument is greatest (or least); undefined: there is none that is not null. */
export function extremeRow(rows: readonly Row[], read: Read, sign: 1 | -1): Row | undefined {
  let found: { readonly row: Row; readonly value: Value } | undefined;
  for (const row of rows) {
    const value = read(row);
    if (value === null) continue;
    if (found === undefined || sign * compare(value, found.value) > 0) found = { row, value };
  }
  return found?.row;
}

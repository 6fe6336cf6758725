/** The tables that a query sees at a moment of a recorded run. */
import schema from '../fixtures/application-insights-tables.json' with { type: 'json' };
import { evaluate, type Result } from '../support/kql/evaluate.ts';
import { DateTime, type Row, type Value } from '../support/kql/values.ts';
import type { TableRow } from './rows.ts';

/** Rows can be asked for so long after they were sent. Source: Azure Monitor, log data ingestion time: 20 s to 3 min. */
export const arrivalMs = 2 * 60_000;

const everywhere = Object.keys(schema.everywhere);
const columnsOf: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(schema.tables).map(([name, columns]) => [name, [...everywhere, ...Object.keys(columns)]]),
);

export type Rows = readonly (readonly [table: string, at: number, row: Row])[];

/** Once for a run: rows as the evaluator reads them. */
export const asRows = (rows: readonly TableRow[]): Rows =>
  rows.map(({ table, timestamp, columns }) => [
    table,
    timestamp,
    new Map<string, Value>([...Object.entries(columns), ['timestamp', new DateTime(timestamp)]]),
  ]);

/** What the query answers at `now`, over the rows of the time before that have arrived. */
export function ask(query: string, rows: Rows, now: number, rangeMs: number, arrival = arrivalMs): Result {
  const tables: Record<string, { columns: readonly string[]; rows: Row[] }> = {};
  for (const [name, columns] of Object.entries(columnsOf)) tables[name] = { columns, rows: [] };
  for (const [table, at, row] of rows)
    if (at > now - rangeMs && at <= now - arrival) tables[table]?.rows.push(row);
  return evaluate(query, { tables, now });
}

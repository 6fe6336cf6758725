/**
 * Between the two steps of a list: rows of order lines become jobs. Rows of one customer and number form one job, wherever they stand.
 * What a spreadsheet did to an id is refused with row and column, and only what is certain is put right: zeros before a SKU.
 */
import { readJson } from '../../domain/message/job.ts';
import { orderFields, orderLine } from '../../domain/message/order-lines.ts';
import type { ListLine } from './list-line.ts';

const lineColumns = Object.keys(orderLine.shape);
const jobColumns = Object.keys(orderFields).filter((name) => name !== 'lines');

/** The columns of a list of order lines, beside the fields that every job may have. */
export const orderColumns: readonly string[] = [...new Set([...jobColumns, ...lineColumns])];
export const neededColumns: readonly string[] = [
  'customerId',
  'externalOrderId',
  'product',
  'sku',
  'quantity',
  'term',
  'billing',
];

/** One row, as text. */
export interface OrderRow {
  readonly number: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** `1.00E+01`: a number in a cell that was no number. */
const damaged = /^-?\d{1,3}([.,]\d+)?E[+-]\d+$/i;

/** What is wrong with a row before its order is known; undefined: nothing. */
export function rowProblem({ number, cells }: OrderRow): Extract<ListLine, { reason: string }> | undefined {
  for (const [field, cell] of cells)
    if (damaged.test(cell))
      return {
        number,
        field,
        reason: `"${cell}" is what a spreadsheet makes of an id or a long number: format the column as text, and write it again`,
      };
  for (const field of ['customerId', 'externalOrderId'])
    if (!cells.has(field)) return { number, field, reason: `${field} is missing` };
  return undefined;
}

/** One entry for each order, at the place of its first row. Rows that cannot be read come as they are. */
export function ordersOf(rows: readonly OrderRow[]): readonly ListLine[] {
  const entries: ListLine[] = [];
  const orders = new Map<string, OrderRow[]>();
  for (const row of rows) {
    const problem = rowProblem(row);
    if (problem !== undefined) {
      entries.push(problem);
      continue;
    }
    const key = `${row.cells.get('customerId')}:${row.cells.get('externalOrderId')}`.toLowerCase();
    const known = orders.get(key);
    if (known === undefined) orders.set(key, [row]);
    else known.push(row);
  }
  for (const members of orders.values()) entries.push(orderOf(members));
  return entries.toSorted((one, other) => one.number - other.number);
}

function orderOf(rows: readonly OrderRow[]): ListLine {
  const body = new Map<string, { readonly cell: string; readonly row: number }>();
  const lines: Record<string, unknown>[] = [];
  const seen = new Map<string, number>();
  for (const { number, cells } of rows) {
    const line: Record<string, unknown> = {};
    for (const [field, cell] of cells) {
      if (lineColumns.includes(field)) {
        line[field] = lineValue(field, cell);
        continue;
      }
      const before = body.get(field);
      if (before === undefined) body.set(field, { cell, row: number });
      else if (before.cell.toLowerCase() !== cell.toLowerCase())
        return {
          number,
          field,
          reason: `"${cell}", but row ${before.row} of the same order says "${before.cell}"`,
        };
    }
    const content = JSON.stringify(Object.entries(line).toSorted()).toLowerCase();
    const equal = seen.get(content);
    // Copied by mistake, or meant? What is bought twice cannot be asked back.
    if (equal !== undefined && line['line'] === undefined)
      return {
        number,
        field: 'line',
        reason: `it is equal to row ${equal} of the same order: remove it, or number both in the column line if both are meant`,
      };
    seen.set(content, number);
    lines.push(line);
  }
  const first = rows[0]?.number ?? 0;
  const fields = [...body].map(([field, { cell }]) => [field, jobValue(field, cell)]);
  return {
    number: first,
    value: { ...Object.fromEntries(fields), lines },
    rows: rows.map(({ number }) => number),
  };
}

const whole = /^\d{1,9}$/;

function lineValue(field: string, cell: string): unknown {
  switch (field) {
    case 'line':
    case 'quantity':
      return whole.test(cell) ? Number(cell) : cell;
    case 'sku':
      // SKU ids have four characters, and a spreadsheet takes 0001 for 1.
      return /^[A-Za-z0-9]{1,3}$/.test(cell) ? cell.padStart(4, '0') : cell;
    case 'attestation':
      return booleanIn(cell);
    case 'provisioningContext':
      return objectIn(cell);
    default:
      return cell;
  }
}

function jobValue(field: string, cell: string): unknown {
  if (field === 'batchSize') return whole.test(cell) ? Number(cell) : cell;
  return field === 'partnerOnRecordAttestation' ? booleanIn(cell) : cell;
}

/** JSON, like `{"scope":"shared"}`. What is none is refused as it stands. */
function objectIn(cell: string): unknown {
  const read = readJson(new TextEncoder().encode(cell));
  return read.ok ? read.value : cell;
}

const booleanIn = (cell: string): unknown =>
  cell.toLowerCase() === 'true' ? true : cell.toLowerCase() === 'false' ? false : cell;

/**
 * First step of a list: bytes become lines. A row of CSV is decoded in `csvLine`, a line of JSON in `jsonLine`; what a line
 * means is checked afterwards, in `check-list.ts`.
 */
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { fieldTwice } from '../../domain/message/job.ts';
import { checkHeader, delimiterOf, type Header } from './csv-header.ts';
import { decodeText } from './decode-text.ts';
import { type OrderRow, ordersOf } from './group-order-rows.ts';
import type { ListLine } from './list-line.ts';
import { UnreadableList } from './unreadable-list.ts';

/** A job has a few hundred characters; the rest of a list is not to be read into memory for one open quote. */
const maxLine = 64 * 1024;

/** Export-Csv of Windows PowerShell writes the type of its objects before the header. */
const typeLine = '#TYPE ';

/** A list is held in memory. The default limit of 300 calls a minute allows some 115,000 checkouts in eight hours. */
export const maxLines = 200_000;

/**
 * CSV with a header, or one JSON object a line, told apart by the first character. Throws `UnreadableList`, also at the line
 * after the last that is allowed.
 */
export async function* readList(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ListLine> {
  let lines = 0;
  for await (const line of linesOf(bytes)) {
    lines += 1;
    if (lines > maxLines) throw tooLong(line.number);
    yield line;
  }
}

const tooLong = (line: number) =>
  new UnreadableList(
    `It has more than ${maxLines} lines, at line ${line}. Split it into several lists, and send each as a batch of its own.`,
  );

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ListLine> {
  const text = decodeText(bytes);
  const start = await firstLine(text);
  const whole = startingWith(start.text, text);
  if (start.line === '') return;
  if (start.line.startsWith('{')) yield* jsonLines(whole);
  else yield* csvLines(whole, delimiterOf(start.line));
}

/** Reads up to the end of the first line that is not blank, and that is not the one which Export-Csv writes before the header. */
async function firstLine(pieces: AsyncGenerator<string>): Promise<{ text: string; line: string }> {
  let text = '';
  // Where the line begins, and up to where its end was looked for: no character is looked at twice.
  let begin = -1;
  let seen = 0;
  for (;;) {
    const found = begin < 0 ? text.slice(seen).search(/\S/) : -1;
    if (found >= 0) begin = seen + found;
    if (begin >= 0) {
      if (text[begin] === '[')
        throw new UnreadableList(
          'It is a JSON array. Write one object a line: jq -c ".[]" FILE | npx partner-checkout enqueue -',
        );
      const from = Math.max(seen, begin);
      const end = text.slice(from).search(/[\r\n]/);
      if (end >= 0) {
        const line = text.slice(begin, from + end);
        if (!line.startsWith(typeLine)) return { text, line };
        // The header is the line after it.
        begin = -1;
        seen = from + end;
        continue;
      }
    }
    seen = text.length;
    if (text.length > maxLine)
      throw new UnreadableList(
        `Its first line has more than ${maxLine} characters: this is not a list of jobs.`,
      );
    const next = await pieces.next();
    if (next.done === true) return { text, line: text.trim() };
    text += next.value;
  }
}

async function* startingWith(text: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield text;
  yield* rest;
}

async function* jsonLines(pieces: AsyncIterable<string>): AsyncGenerator<ListLine> {
  let number = 0;
  for await (const line of splitLines(pieces)) {
    number += 1;
    if (line.trim() === '') continue;
    if (line.length > maxLine) yield { number, field: '', reason: `more than ${maxLine} characters` };
    else yield jsonLine(number, line);
  }
}

function jsonLine(number: number, line: string): ListLine {
  try {
    const value: unknown = JSON.parse(line);
    const twice = fieldTwice(line);
    return twice === undefined ? { number, value } : { number, field: twice.path, reason: twice.reason };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return { number, field: '', reason: `not JSON: ${why.slice(0, 200)}` };
  }
}

/** A line that is too long comes cut, and still longer than `maxLine`. */
async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = (lines.pop() ?? '').slice(0, maxLine + 1);
    for (const line of lines) yield line;
  }
  if (rest !== '') yield rest;
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function* csvLines(pieces: AsyncIterable<string>, delimiter: string): AsyncGenerator<ListLine> {
  // Where the last whole record ended: an open quote stands after it.
  let lastLine = 0;
  const parser = parse({
    on_record: (record, { lines }) => {
      lastLine = lines;
      return record;
    },
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    max_record_size: maxLine,
  });
  // What fails in there comes out of the parser.
  pipeline(pieces, parser).catch(() => undefined);
  let header: Header | undefined;
  const orderRows: OrderRow[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      if (header !== undefined) {
        const line = csvLine(info.lines, header.names, record);
        if (header.kind === 'carts' || 'reason' in line) yield asJob(line);
        else if (orderRows.length < maxLines) orderRows.push({ number: line.number, cells: line.cells });
        else throw tooLong(line.number);
      } else if (!isPreamble(record)) header = checkHeader(record);
    }
  } catch (error) {
    throw error instanceof CsvError ? new UnreadableList(csvProblem(error, lastLine + 1)) : error;
  }
  yield* ordersOf(orderRows);
}

/** Excel names the delimiter before the header, and Export-Csv of Windows PowerShell the type of its objects. */
const isPreamble = (record: readonly string[]): boolean =>
  /^sep=/i.test(record.join('')) || record[0]?.startsWith(typeLine) === true;

function csvProblem(error: CsvError, opened: number): string {
  const line = 'lines' in error ? `Line ${String(error['lines'])}` : 'A line';
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return `Line ${opened}: a quote is opened and not closed. Is the list cut short?`;
    default:
      return `${line}: ${error.message.slice(0, 200)}. A quote inside a cell is written twice, and the cell in quotes.`;
  }
}

/** An apostrophe before what a spreadsheet would take for a formula: `batch ID --csv` writes it, and it is no part of the cell. */
const asText = /^'(?=[=+\-@＝＋－＠])/;

type CsvRow = OrderRow | Extract<ListLine, { reason: string }>;

function asJob(row: CsvRow): ListLine {
  if ('reason' in row) return row;
  const values = [...row.cells].map(([field, cell]) => [
    field,
    field === 'batchSize' && /^\d{1,9}$/.test(cell) ? Number(cell) : cell,
  ]);
  return { number: row.number, value: Object.fromEntries(values) };
}

function csvLine(number: number, header: readonly string[], cells: readonly string[]): CsvRow {
  const values = new Map<string, string>();
  if (cells.length < header.length)
    return {
      number,
      field: header[cells.length] ?? '',
      reason: `${cells.length} cells, the header has ${header.length}`,
    };
  for (const [index, cell] of cells.entries()) {
    if (cell === '') continue;
    const field = header[index] ?? '';
    if (field === '') return { number, field: '', reason: `cell ${index + 1} stands under no column` };
    values.set(field, cell.replace(asText, ''));
  }
  return { number, cells: values };
}

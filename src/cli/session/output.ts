/** What a command prints: results to stdout, all else to stderr. */
import { styleText } from 'node:util';

import { cutText } from '../../domain/text.ts';
import { quoted } from './words.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command's words go: results to stdout, all else to stderr, so that a pipe gets results alone. */
export interface Output {
  /** `--json`: results as JSON, nothing for the eye. */
  readonly json: boolean;
  readonly isTerminal: boolean;
  /** A line of the result, for the eye; nothing with `--json`. */
  line(text?: string): void;
  /** The result as a whole, for programs; nothing without `--json`. */
  data(value: unknown): void;
  /** Rows under a heading, numbers to the right. On a narrow terminal the last column is wrapped. */
  table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  /** Told beside the result. */
  note(text: string): void;
  /** One live line on a terminal, rewritten in place; a line now and then where it is none. */
  progress(text: string): void;
  /** Colour on a terminal, plain text elsewhere. */
  paint(style: Style, text: string): string;
}

/** What every hint begins with. */
export const commandName = 'npx partner-checkout';

/** Where a command connects to, as a person typed it: a hint without these options would reach another stack, or none. */
export interface TypedOptions {
  readonly settings?: string;
  readonly websockets?: boolean;
}

/** The beginning of a hint that this person can paste. */
export const typedCommand = ({ settings, websockets }: TypedOptions): string =>
  [
    commandName,
    ...(settings === undefined ? [] : ['--settings', quoted(settings)]),
    ...(websockets === true ? ['--websockets'] : []),
  ].join(' ');

/** How far apart the lines of a progress are where it is no terminal. */
const plainEveryMs = 5_000;

export function openOutput(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  options: { readonly json: boolean; readonly typed: string },
): Output {
  const asTyped = (text: string) => text.replaceAll(commandName, options.typed);
  const { stdout, stderr } = streams;
  let live = false;
  let toldAt = 0;
  const endLive = () => {
    if (live) stderr.write('\r\u001b[K');
    live = false;
  };
  const line = (text = '') => {
    if (options.json) return;
    endLive();
    stdout.write(`${asTyped(text)}\n`);
  };
  return {
    json: options.json,
    isTerminal: stdout.isTTY === true,
    line,
    data(value) {
      if (options.json) stdout.write(`${JSON.stringify(value, isoTimes, 2)}\n`);
    },
    table(heading, rows) {
      for (const text of layOut(heading, rows, stdout.isTTY === true ? stdout.columns : undefined))
        line(text);
    },
    note(text) {
      endLive();
      stderr.write(`${asTyped(text)}\n`);
    },
    progress(text) {
      if (stderr.isTTY === true) {
        // A line that wraps could not be rewritten.
        stderr.write(`\r${cutText(text, Math.max(20, (stderr.columns ?? 80) - 1))}\u001b[K`);
        live = true;
      } else if (Date.now() - toldAt >= plainEveryMs) {
        toldAt = Date.now();
        stderr.write(`${text}\n`);
      }
    },
    paint: (style, text) => (stdout.isTTY === true ? styleText(style, text, { stream: stdout }) : text),
  };
}

/** No count, length or revision here is that large: between 2001 and 2286 it is a time in epoch ms. */
const isTime = (value: number): boolean => value > 1e12 && value < 1e13;

/** For `JSON.stringify`: times as programs read them elsewhere, in ISO 8601. */
const isoTimes = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && isTime(value) ? new Date(value).toISOString() : value;

/** A column that is narrower than this is not wrapped. */
const leastWidth = 16;

/** The lines of a table. `columns`: the width of the terminal; undefined: no line is wrapped. */
export function layOut(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  columns?: number,
): readonly string[] {
  const widths = heading.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, String(row[column] ?? '').length), name.length),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - before;
  const last = room < leastWidth ? Number.POSITIVE_INFINITY : room;
  const lay = (row: readonly (string | number)[]): readonly string[] => {
    const [first = '', ...more] = wrapped(harmless(String(row[widths.length - 1] ?? '')), last);
    const start = row.slice(0, -1).map((cell, column) => {
      const width = widths[column] ?? 0;
      return typeof cell === 'number' ? String(cell).padStart(width) : harmless(cell).padEnd(width);
    });
    const cell = row[widths.length - 1];
    const end = typeof cell === 'number' ? first.padStart(widths.at(-1) ?? 0) : first;
    return [[...start, end].join('  ').trimEnd(), ...more.map((text) => `${' '.repeat(before)}${text}`)];
  };
  return [heading, ...rows].flatMap(lay);
}

/** At spaces where there are some. */
function wrapped(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(' ', width);
  const at = space > 0 ? space : width;
  return [text.slice(0, at), ...wrapped(text.slice(at).trimStart(), width)];
}

/** Control characters of foreign text never reach a terminal, nor those that turn its direction. */
export const harmless = (text: string): string => text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');

import { styleText } from 'node:util';

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
  /** Rows under a heading; columns are as wide as they must be, numbers stand right. */
  table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  /** Told beside the result. */
  note(text: string): void;
  /** One live line on a terminal, rewritten in place; a line now and then where it is none. */
  progress(text: string): void;
  /** Colour on a terminal, plain text elsewhere. */
  paint(style: Style, text: string): string;
}

/** How far apart the lines of a progress are where it is no terminal. */
const plainEveryMs = 5_000;

export function openOutput(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  options: { readonly json: boolean },
): Output {
  const { stdout, stderr } = streams;
  let live = false;
  let toldAt = 0;
  const endLive = () => {
    if (live) stderr.write('\n');
    live = false;
  };
  const line = (text = '') => {
    if (options.json) return;
    endLive();
    stdout.write(`${text}\n`);
  };
  return {
    json: options.json,
    isTerminal: stdout.isTTY === true,
    line,
    data(value) {
      if (options.json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    table(heading, rows) {
      for (const text of layOut(heading, rows)) line(text);
    },
    note(text) {
      endLive();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (stderr.isTTY === true) {
        stderr.write(`\r${text}\u001b[K`);
        live = true;
      } else if (Date.now() - toldAt >= plainEveryMs) {
        toldAt = Date.now();
        stderr.write(`${text}\n`);
      }
    },
    paint: (style, text) => (stdout.isTTY === true ? styleText(style, text, { stream: stdout }) : text),
  };
}

export function layOut(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const widths = heading.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const lay = (row: readonly (string | number)[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : harmless(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [heading, ...rows].map(lay);
}

/** Control characters of foreign text never reach a terminal, nor those that turn its direction. */
export const harmless = (text: string): string => text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');

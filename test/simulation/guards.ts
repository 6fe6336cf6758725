import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentsOf, type SourceComment } from './syntax.ts';

/** How the source is changed to take a guard out: see `withoutGuard`. */
export const operators = ['remove', 'negate', 'replace', 'earlier', 'later'] as const;

/** A guard of the protocol, as its marker in the source names it. */
export interface Guard {
  readonly name: string;
  readonly operator: (typeof operators)[number];
  /** The expression that takes the place of the guarded one; of `replace` only. */
  readonly replacement?: string;
  /** Relative to the root of the project. */
  readonly file: string;
  /** Of the marker. */
  readonly line: number;
  /** Where the marker ends in the file: what it guards begins behind it. */
  readonly end: number;
}

/** Anything that somebody could have meant as a marker, so that a slip of the pen is an error and not a lost guard. */
const looksLikeMarker = /^[\s*]*guards?\b\s*:/i;
const marker = /^ guard: (?<name>[^[\]]*[^[\]\s])(?: \[(?<operator>[a-z]+)(?:: (?<replacement>.+))?\])?$/;

/**
 * The guards that a file marks: a line `// guard: name`, or `// guard: name [operator]`, directly before what it guards.
 * Throws for a marker that cannot be read.
 */
export function guardsIn(file: string, source: string): readonly Guard[] {
  // Most files have none, and parsing takes time.
  if (!/guard/i.test(source)) return [];
  return commentsOf(file, source)
    .filter(({ value }) => looksLikeMarker.test(value))
    .map((comment) => readMarker(file, source, comment));
}

/** The guards of all sources under a root, in the order of files and lines. Throws when two share a name. */
export function guardsOf(root: string): readonly Guard[] {
  const files = globSync('{src,functions}/**/*.ts', { cwd: root }).sort();
  const guards = files.flatMap((file) => guardsIn(file, readFileSync(join(root, file), 'utf8')));
  const seen = new Map<string, Guard>();
  for (const guard of guards) {
    const other = seen.get(guard.name);
    if (other !== undefined)
      throw new Error(`The guard "${guard.name}" is marked twice: ${placeOf(other)} and ${placeOf(guard)}`);
    seen.set(guard.name, guard);
  }
  return guards;
}

export const placeOf = ({ file, line }: Pick<Guard, 'file' | 'line'>): string => `${file}:${line}`;

function readMarker(file: string, source: string, { type, value, start, end }: SourceComment): Guard {
  const line = source.slice(0, start).split('\n').length;
  const fail = (why: string): never => {
    throw new Error(`${placeOf({ file, line })}: the marker "${value.trim()}" ${why}`);
  };
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  if (type !== 'Line' || source.slice(lineStart, start).trim() !== '')
    return fail('must be a // comment on a line of its own');
  const parts = marker.exec(value)?.groups;
  const name = parts?.['name'];
  if (name === undefined) return fail('is not of the form "// guard: name" or "// guard: name [operator]"');
  const word = parts?.['operator'] ?? 'remove';
  const replacement = parts?.['replacement'];
  const operator = operators.find((one) => one === word);
  if (operator === undefined) return fail(`has an unknown operator; there are: ${operators.join(', ')}`);
  if ((operator === 'replace') !== (replacement !== undefined))
    return fail('must have an expression after "replace: ", and after no other operator');
  return { name, operator, file, line, end, ...(replacement === undefined ? {} : { replacement }) };
}

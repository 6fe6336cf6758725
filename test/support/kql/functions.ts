/** Scalar functions of KQL that our queries use, as their pages in the Kusto documentation describe them. */
import { createHash } from 'node:crypto';
import { compare, DateTime, fromJson, isBag, TimeSpan, textOf, type Value } from './values.ts';

export interface Now {
  readonly now: number;
}

const number = (value: Value | undefined): number | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof DateTime) return value.at * 10_000;
  if (value instanceof TimeSpan) return value.ms * 10_000;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const read = Number(value);
  return Number.isFinite(read) ? read : null;
};

const whole = (value: Value | undefined): number | null => {
  const read = number(value);
  return read === null ? null : Math.trunc(read);
};

const map = (value: Value | undefined, change: (value: number) => Value): Value => {
  const read = number(value);
  return read === null ? null : change(read);
};

/** `bin` and `floor`: down to a multiple of the size. */
function down(value: Value | undefined, size: Value | undefined): Value {
  const step = size instanceof TimeSpan ? size.ms : number(size);
  if (value === undefined || value === null || step === null || step <= 0) return null;
  if (value instanceof DateTime) return new DateTime(Math.floor(value.at / step) * step);
  if (value instanceof TimeSpan) return new TimeSpan(Math.floor(value.ms / step) * step);
  return map(value, (read) => Math.floor(read / step) * step);
}

/** The greatest or least that is not null. */
function extreme(values: readonly Value[], sign: 1 | -1): Value {
  let found: Value = null;
  for (const value of values)
    if (value !== null && (found === null || sign * compare(value, found) > 0)) found = value;
  return found;
}

function formatted(value: Value | undefined, format: string): Value {
  if (!(value instanceof DateTime)) return '';
  const iso = new Date(value.at).toISOString();
  const parts: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, 4),
    MM: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
  };
  return format.replace(/yyyy|MM|dd|HH|mm|ss/g, (part) => parts[part] ?? part);
}

/** Half goes to the even neighbour, as .NET rounds. */
function rounded(value: number, digits: number): number {
  const scale = 10 ** digits;
  const scaled = value * scale;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (floor + (up ? 1 : 0)) / scale;
}

type Scalar = (args: readonly Value[], now: Now) => Value;

const text = (value: Value | undefined): string => textOf(value ?? null);
const isEmpty = (value: Value | undefined): boolean =>
  value === null || value === undefined || text(value) === '';

export const scalars: Readonly<Record<string, Scalar>> = {
  ago: ([span], { now }) => new DateTime(now - (span instanceof TimeSpan ? span.ms : 0)),
  now: (_, { now }) => new DateTime(now),
  bin: ([value, size]) => down(value, size),
  floor: ([value, size]) => down(value, size),
  case: (args) => {
    for (let at = 0; at + 1 < args.length; at += 2) if (args[at] === true) return args[at + 1] ?? null;
    return args.at(-1) ?? null;
  },
  coalesce: (args) => args.find((value) => value !== null && value !== '') ?? args.at(-1) ?? null,
  extract: ([pattern, group, source]) => {
    const found = new RegExp(text(pattern)).exec(text(source));
    return found?.[whole(group) ?? 0] ?? '';
  },
  format_datetime: ([value, format]) => formatted(value, text(format)),
  hash_sha256: ([value]) => createHash('sha256').update(text(value)).digest('hex'),
  iff: ([condition, yes = null, no = null]) => (condition === true ? yes : no),
  isempty: ([value]) => isEmpty(value),
  isnotempty: ([value]) => !isEmpty(value),
  isnull: ([value]) => value === null && typeof value !== 'string',
  isnotnull: ([value]) => value !== null,
  max_of: (args) => extreme(args, 1),
  min_of: (args) => extreme(args, -1),
  not: ([value]) => (typeof value === 'boolean' ? !value : null),
  pack_array: (args) => args,
  round: ([value, digits]) => map(value, (read) => rounded(read, whole(digits) ?? 0)),
  strcat: (args) => args.map(text).join(''),
  todouble: ([value]) => number(value),
  todynamic: ([value]) =>
    typeof value === 'string' ? (value === '' ? null : fromJson(value)) : (value ?? null),
  parse_json: ([value]) =>
    typeof value === 'string' ? (value === '' ? null : fromJson(value)) : (value ?? null),
  toint: ([value]) => whole(value),
  tolong: ([value]) => whole(value),
  tolower: ([value]) => text(value).toLowerCase(),
  tostring: ([value]) => text(value),
  trim: ([pattern, source]) =>
    text(source).replace(new RegExp(`^(?:${text(pattern)})+|(?:${text(pattern)})+$`, 'g'), ''),
  unixtime_milliseconds_todatetime: ([value]) => map(value, (read) => new DateTime(read)),
};

/** `a.b` and `a['b']`, `a[0]`: what is not there is null. */
export function member(value: Value, name: Value): Value {
  if (Array.isArray(value)) {
    const index = whole(name);
    return index === null ? null : (value.at(index) ?? null);
  }
  return isBag(value) && typeof name === 'string' ? (value[name] ?? null) : null;
}

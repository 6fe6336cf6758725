/** Values of KQL. Null of every type is `null`; a string is never null. Source: Kusto documentation, scalar data types. */

export class DateTime {
  /** Epoch ms. */
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
}

export class TimeSpan {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

export type Value = string | number | boolean | null | DateTime | TimeSpan | Bag | readonly Value[];
export interface Bag {
  readonly [name: string]: Value;
}
export type Row = ReadonlyMap<string, Value>;

export const isBag = (value: Value): value is Bag =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof DateTime) &&
  !(value instanceof TimeSpan);

/** A number that orders values of one type; text is ordered by itself. */
export const ordinal = (value: Value): number | string | null => {
  if (value instanceof DateTime) return value.at;
  if (value instanceof TimeSpan) return value.ms;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' || typeof value === 'string' ? value : null;
};

/** Nulls are the least. */
export function compare(one: Value, other: Value): number {
  const [a, b] = [ordinal(one), ordinal(other)];
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What `summarize by`, `distinct` and `join on` compare. */
export const keyOf = (values: readonly Value[]): string =>
  JSON.stringify(
    values.map((value) => (isObject(value) ? ['object', textOf(value)] : (ordinal(value) ?? [null]))),
  );

const isObject = (value: Value): boolean => isBag(value) || Array.isArray(value);

/** As `tostring` writes it: null is empty, a boolean `true`, a timespan `d.hh:mm:ss.fffffff`, objects are JSON. */
export function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return String(value);
  if (value instanceof DateTime) return `${new Date(value.at).toISOString().slice(0, -1)}0000Z`;
  if (value instanceof TimeSpan) return spanText(value.ms);
  return JSON.stringify(value);
}

function spanText(ms: number): string {
  const left = Math.abs(ms);
  const two = (count: number): string => String(Math.floor(count)).padStart(2, '0');
  const days = Math.floor(left / 86_400_000);
  const time = [two((left / 3_600_000) % 24), two((left / 60_000) % 60), two((left / 1_000) % 60)].join(':');
  const ticks = Math.round((left % 1_000) * 10_000);
  return `${ms < 0 ? '-' : ''}${days > 0 ? `${days}.` : ''}${time}${ticks > 0 ? `.${String(ticks).padStart(7, '0')}` : ''}`;
}

/** JSON as `parse_json` reads it; what is none stays text. */
export function fromJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

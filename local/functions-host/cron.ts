import { HostStartError } from './errors.ts';

/** A timer's schedule. Times in epoch milliseconds. */
export interface Schedule {
  /** The first occurrence after `time`. */
  next(time: number): number;
}

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly words?: readonly string[];
}

const months = 'january february march april may june july august september october november december'.split(
  ' ',
);
const weekdays = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

const second: Field = { name: 'second', first: 0, last: 59 };
const minute: Field = { name: 'minute', first: 0, last: 59 };
const hour: Field = { name: 'hour', first: 0, last: 23 };
const day: Field = { name: 'day', first: 1, last: 31 };
const month: Field = { name: 'month', first: 1, last: 12, words: months };
const weekday: Field = { name: 'weekday', first: 0, last: 6, words: weekdays };

const oneDay = 86_400_000;

/**
 * Reads an NCRONTAB expression: six fields, or five with second 0. Unlike Unix cron, day and weekday must both match,
 * and 7 is no Sunday (github.com/atifaziz/NCrontab). Local time zone of the process.
 */
export function parseSchedule(expression: string): Schedule {
  const parts = expression.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  const [s, mi, h, d, mo, w, ...rest] = parts;
  if (!s || !mi || !h || !d || !mo || !w || rest.length > 0) {
    throw new HostStartError(
      `The schedule "${expression}" has not six fields: second minute hour day month weekday.`,
    );
  }
  const seconds = parseField(s, second, expression);
  const minutes = parseField(mi, minute, expression);
  const hours = parseField(h, hour, expression);
  const days = parseField(d, day, expression);
  const monthsSet = parseField(mo, month, expression);
  const weekdaysSet = parseField(w, weekday, expression);

  /** First match at or after `wall`, a wall-clock time written as if it were UTC. */
  const match = (wall: number): number => {
    let date = new Date(Math.ceil(wall / 1_000) * 1_000);
    // 28 years cover every pairing of date and weekday, leap days included.
    const limit = wall + 28 * 366 * oneDay;
    while (date.getTime() <= limit) {
      const dayMatches =
        monthsSet.has(date.getUTCMonth() + 1) &&
        days.has(date.getUTCDate()) &&
        weekdaysSet.has(date.getUTCDay());
      if (!dayMatches) date = new Date((Math.floor(date.getTime() / oneDay) + 1) * oneDay);
      else if (!hours.has(date.getUTCHours()))
        date = new Date((Math.floor(date.getTime() / 3_600_000) + 1) * 3_600_000);
      else if (!minutes.has(date.getUTCMinutes()))
        date = new Date((Math.floor(date.getTime() / 60_000) + 1) * 60_000);
      else if (!seconds.has(date.getUTCSeconds())) date = new Date(date.getTime() + 1_000);
      else return date.getTime();
    }
    throw new HostStartError(`The schedule "${expression}" never comes.`);
  };

  const repeats = [s, mi, h].some((part) => /[*/-]/.test(part));
  return { next: (time) => (repeats ? nextOfInterval(match, time) : nextOfPoint(match, time)) };
}

/** A schedule at fixed times of day runs once a day: in the hour that comes twice, only the first time. */
function nextOfPoint(match: (wall: number) => number, time: number): number {
  let wall = wallOf(time);
  for (;;) {
    wall = match(wall + 1_000 - (wall % 1_000));
    const date = new Date(wall);
    // The engine moves a time inside the spring gap forward, and takes the first of two in autumn.
    const [y, mo, d] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    const instant = new Date(
      y,
      mo,
      d,
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
    ).getTime();
    if (instant > time) return instant;
  }
}

/** A repeating schedule keeps its rhythm when the clocks change, so it is searched piece by piece of equal offset. */
function nextOfInterval(match: (wall: number) => number, time: number): number {
  let from = time - (time % 1_000) + 1_000;
  for (;;) {
    const offset = offsetOf(from);
    const candidate = match(from + offset) - offset;
    if (offsetOf(candidate) === offset) return candidate;
    from = changeBetween(from, candidate);
  }
}

/** The first whole second at which the offset is no longer that of `before`. */
function changeBetween(before: number, after: number): number {
  let [low, high] = [before / 1_000, after / 1_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetOf(middle * 1_000) === offsetOf(before)) low = middle;
    else high = middle;
  }
  return high * 1_000;
}

const offsetOf = (time: number): number => -new Date(time).getTimezoneOffset() * 60_000;
const wallOf = (time: number): number => time + offsetOf(time);

function parseField(text: string, field: Field, expression: string): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|[^-/*]+)(?:-([^-/*]+))?(?:\/(\d+))?$/.exec(part);
    const [, start = '', end, stepText] = match ?? [];
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!match || step < 1 || (start === '*' && end !== undefined)) throw invalid(text, field, expression);
    const from = start === '*' ? field.first : parseValue(start, field, expression);
    // "5/10" means from 5 to the end; a reversed range is swapped.
    const open = start === '*' || (end === undefined && stepText !== undefined);
    const to = end !== undefined ? parseValue(end, field, expression) : open ? field.last : from;
    for (let value = Math.min(from, to); value <= Math.max(from, to); value += step) values.add(value);
  }
  return values;
}

function parseValue(text: string, field: Field, expression: string): number {
  const word = (field.words ?? []).findIndex((name) => name.startsWith(text.toLowerCase()));
  const value = /^\d+$/.test(text) ? Number(text) : word < 0 ? Number.NaN : word + field.first;
  if (!(value >= field.first && value <= field.last)) throw invalid(text, field, expression);
  return value;
}

function invalid(text: string, field: Field, expression: string): HostStartError {
  return new HostStartError(
    `The schedule "${expression}": "${text}" is no ${field.name} (${field.first} to ${field.last}, with , - / and *).`,
  );
}

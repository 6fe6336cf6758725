/** When something happened at Partner Center, as its date tells: no earlier and no later than this. Epoch ms. */
export interface Interval {
  readonly earliest: number;
  readonly latest: number;
}

const hour = 3_600_000;
/** The zones in use lie within 14 hours of UTC. */
const widestZone = 14 * hour;
/** The API writes an unset date as the year 1. Whatever lies before this year was never set. */
const firstYear = 2000;

const shape =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,20}))?)?(Z|z|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * Undefined for a date that proves nothing: one that cannot be read, has no time, or lies before the year 2000. A date
 * without a zone may mean any zone. A date without a fraction was cut, so it may be almost a second later.
 */
export function intervalOf(text: string | undefined): Interval | undefined {
  const parts = text === undefined ? null : shape.exec(text.trim());
  if (parts === null) return undefined;
  const [, year, month, day, hours, minutes, seconds, fraction, zone] = parts;
  const utc = utcOf([year, month, day, hours, minutes, seconds ?? '0'].map(Number));
  if (utc === undefined) return undefined;
  const offset = zone === undefined ? 0 : offsetOf(zone);
  if (offset === undefined) return undefined;
  const digits = fraction === undefined ? 0 : Math.min(3, fraction.length);
  const start = utc + Math.floor(Number(`0.${fraction ?? '0'}`) * 1_000) - offset;
  const end = start + (seconds === undefined ? 60_000 : 10 ** (3 - digits)) - 1;
  const aside = zone === undefined ? widestZone : 0;
  return { earliest: start - aside, latest: end + aside };
}

/** Epoch ms of a date that `intervalOf` can read; without a zone it counts as UTC. */
export function instantOf(text: string | undefined): number | undefined {
  const interval = intervalOf(text);
  return interval === undefined ? undefined : instantIn(interval);
}

/** Of an interval that `intervalOf` made. */
export function instantIn(interval: Interval): number {
  const isZoneless = interval.latest - interval.earliest >= widestZone;
  return interval.earliest + (isZoneless ? widestZone : 0);
}

/** Undefined: no such day or time. */
function utcOf(fields: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields;
  if (year < firstYear || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const utc = Date.UTC(year, month - 1, day, hours, minutes, seconds);
  const date = new Date(utc);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? utc : undefined;
}

function offsetOf(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', ''))];
  const offset = hours * hour + minutes * 60_000;
  if (minutes > 59 || offset > widestZone) return undefined;
  return zone.startsWith('-') ? -offset : offset;
}

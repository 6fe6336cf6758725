import { defaultTimes, type Times, timeKeys } from '../domain/times.ts';
import type { Reader } from './setting-reader.ts';
import { units } from './time-setting-table.ts';

const { s: second, m: minute, h: hour, d: day } = units;

/** Reads the times; what is wrong with them goes to the reader's problems. Not yet divided by the factor. */
export function readTimes(reader: Reader): Times {
  const expected = 'a time above 0, up to 30 days, with its unit: like 500ms, 90s, 15m, 6h, 1d or PT90S';
  const permitLife = reader.parsed('PERMIT_LIFE', expected, toDuration) ?? defaultTimes.permitLife;
  const repeatWithin = reader.parsed('REPEAT_WITHIN', expected, toDuration) ?? defaultTimes.repeatWithin;
  const hours = 'a number of hours from 1 to 720, like 24';
  const pendingAlarm = reader.parsed('PENDING_ALARM_HOURS', hours, toHours) ?? defaultTimes.pendingAlarm;
  return { ...defaultTimes, permitLife, repeatWithin, pendingAlarm };
}

/** All of them divided: with 60 a minute lasts a second. */
export function scaleTimes(times: Times, factor: number): Times {
  const divide = (ms: number) => Math.max(1, Math.round(ms / factor));
  const { pollSteps, ...lengths } = times;
  const scaled: { -readonly [key in keyof typeof lengths]: number } = { ...lengths };
  for (const key of timeKeys) scaled[key] = divide(lengths[key]);
  return { ...scaled, pollSteps: pollSteps.map(divide) };
}

/** Milliseconds; undefined for what is no time above 0 up to 30 days. */
export function toDuration(text: string): number | undefined {
  const plain = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  const ms =
    plain !== null
      ? Number(plain[1]) * units[plain[2] as keyof typeof units]
      : iso !== null
        ? part(iso[1], day) + part(iso[2], hour) + part(iso[3], minute) + part(iso[4], second)
        : 0;
  return ms > 0 && ms <= 30 * day ? Math.round(ms) : undefined;
}

const part = (digits: string | undefined, unit: number): number =>
  digits === undefined ? 0 : Number(digits) * unit;

function toHours(text: string): number | undefined {
  const hours = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return hours >= 1 && hours <= 720 ? hours * hour : undefined;
}

/** Reads what people type as arguments and options, and says what is wrong with it. */
import { describeValue } from '../../domain/looks-like.ts';
import { type JobKey, jobKeyOf, readJobKey } from '../../domain/message/job-key.ts';
import { localZone, nextWallTime, type WallTime } from '../../operator/wall-time.ts';
import { CommandFailure, exit } from './cli-failure.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Throws `CommandFailure` with the name of the argument. */
export function guidIn(name: string, text: string): string {
  const id = text.trim().toLowerCase();
  if (guid.test(id)) return id;
  throw new CommandFailure(
    exit.usage,
    `${name} must be a GUID, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10; it is ${describeValue(text)}.`,
  );
}

/** What a job is called by in every command. */
export const jobArgument = 'a job key, as every list shows it, or CUSTOMER CART: two GUIDs';

const isGuid = (text: string): boolean => guid.test(text.trim().toLowerCase());

/** Jobs as a person names them: job keys, or one job's customer and cart. Throws `CommandFailure`. */
export function jobKeysIn(names: readonly string[]): readonly JobKey[] {
  const [first = '', second = ''] = names;
  if (names.length === 2 && [first, second].some((name) => readJobKey(name.trim()) === undefined)) {
    // With one GUID among them, the other was meant to be one.
    if (isGuid(first) || isGuid(second))
      return [jobKeyOf({ customerId: guidIn('CUSTOMER', first), cartId: guidIn('CART', second) })];
  }
  return names.map((name) => {
    const key = readJobKey(name.trim());
    if (key !== undefined) return key;
    const what = isGuid(name) ? 'a GUID: CUSTOMER CART takes two of them' : describeValue(name);
    throw new CommandFailure(
      exit.usage,
      `A job is named by its key, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa, or by CUSTOMER CART; this is ${what}. By its reference: npx partner-checkout jobs --batch ID --reference TEXT`,
    );
  });
}

/** One job. Throws `CommandFailure`. */
export function jobKeyIn(names: readonly string[]): JobKey {
  const [key, ...more] = jobKeysIn(names);
  if (key !== undefined && more.length === 0) return key;
  throw new CommandFailure(exit.usage, 'Which job? One job key, or CUSTOMER CART.');
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2h` ago, or an instant; epoch ms. */
export function sinceIn(text: string, now: number): number {
  const [, amount, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (amount !== undefined) return now - Number(amount) * (units[unit] ?? 0);
  const instant = /^[^T]*T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw new CommandFailure(
    exit.usage,
    `--since must be a length of time (30m, 6h, 2d) or an instant with a zone (2026-11-24T02:00:00Z); it is ${describeValue(text)}.`,
  );
}

/** `04:00` on the clock here, or an instant to come. Throws `CommandFailure` with the name of the option. */
export function timeToCome(option: string, text: string, now: number): WallTime {
  const found = nextWallTime(text, now, localZone());
  if (found !== undefined) return found;
  throw new CommandFailure(
    exit.usage,
    `${option} must be a time to come: a time here (${localZone()}) like 02:00, or an instant like 2026-11-24T02:00:00Z; it is ${describeValue(text)}.`,
  );
}

/** A whole number above 0. Throws `CommandFailure` with the name of the option. */
export function wholeNumberIn(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandFailure(
    exit.usage,
    `${option} must be a whole number above 0; it is ${describeValue(text)}.`,
  );
}

/** `--rate 5/s` or `5`: a second. */
export function rateIn(text: string): number {
  const rate = /^\d+(\.\d+)?(\/s)?$/.test(text) ? Number.parseFloat(text) : 0;
  if (rate > 0) return rate;
  throw new CommandFailure(
    exit.usage,
    `--rate must be a number a second above 0, like 5/s; it is ${describeValue(text)}.`,
  );
}

export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

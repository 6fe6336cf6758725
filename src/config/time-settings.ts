import { defaultTimes, type Times } from '../domain/times.ts';
import type { Reader } from './setting-reader.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const units = { ms: 1, s: second, m: minute, h: hour, d: day };

/** What a setting of each time says. The lengths stand in `times.ts`. */
export const timeSettings = {
  CALL_TIMEOUT: time('callTimeout', 'How long one checkout call may take.'),
  READ_TIMEOUT: time('readTimeout', 'How long one read of a cart or of orders may take.'),
  LEASE: time('lease', 'How long a claim holds a record.'),
  WINDOW: time('window', 'How long after a send a call may still be running.'),
  QUIET: time(
    'quiet',
    'How long after a send the order list may lag: until then an empty list proves nothing.',
  ),
  LOOK_BACK: time(
    'lookBack',
    'How far the clocks of the worker and of Partner Center may differ while nobody has compared them.',
  ),
  REPEAT_WITHIN: time(
    'repeatWithin',
    'How long Partner Center keeps its answer to a checkout: a call that may have been executed is not repeated later than this after the last send.',
  ),
  GONE_CONFIRM: time(
    'goneConfirm',
    'How long after a cart was first not found it is looked for once more, before it counts as gone.',
  ),
  SLEEP_BUDGET: time('sleepBudget', 'How long a delivery may sleep in all before its first call.'),
  LOCK_RENEWED: time(
    'lockRenewed',
    'How long the host renews a message’s lock: `maxAutoLockRenewalDuration` in host.json.',
  ),
  PARK_MAX: time('parkMax', 'The longest park while the gate is closed.'),
  PERMIT_LIFE: time('permitLife', 'A permit of the gate that is older is not used.'),
  REVIVE_AFTER: time('reviveAfter', 'How long past a record’s next try its message counts as lost.'),
  BACKOFF_BASE: time(
    'backoffBase',
    'The ceiling of the first back-off after an attempt; it doubles each time.',
  ),
  BACKOFF_MAX: time('backoffMax', 'The ceiling of the last back-off.'),
  IN_PROGRESS_FIRST: time(
    'inProgressFirst',
    'When to look first at an order that is being made (800060, 800064).',
  ),
  IN_PROGRESS_LATER: time('inProgressLater', 'When to look at it again.'),
  SLOW_RETRY: time('slowRetry', 'When to try again after an answer that takes hours, like a review.'),
  ASKED_RETRY: time('askedRetry', 'How often a job that waits for a person is looked at.'),
  PARTNER_RETRY: time('partnerRetry', 'The park after a code that refuses the whole partner.'),
  OUTAGE_RETRY: time('outageRetry', 'The park while our own storage or queue fails.'),
  THROW_DELAY: time(
    'throwDelay',
    'The pause before a message is handed back because not even a park succeeds.',
  ),
  POLL_STEPS: {
    key: 'pollSteps',
    meaning:
      'When a pending order is looked at, each step after the one before; the last repeats. Separated by commas.',
    fallback: defaultTimes.pollSteps.map(toText).join(','),
  },
  TICK_LIMIT: time('tickLimit', 'How long one tick of the poller may run.'),
  BATCH_MEMORY: time(
    'batchMemory',
    'How long an instance remembers whether a batch is stopped: a stop is obeyed within this time.',
  ),
  PENDING_ALARM_HOURS: {
    key: 'pendingAlarm',
    meaning: 'After so many hours of pending, or of review, a person hears of it. A number.',
    fallback: String(defaultTimes.pendingAlarm / hour),
  },
} as const satisfies Record<string, { key: keyof Times; meaning: string; fallback: string }>;

type TimeSetting = keyof typeof timeSettings;
type LengthSetting = Exclude<TimeSetting, 'POLL_STEPS'>;
type Writable<T> = { -readonly [key in keyof T]: T[key] };

const timeNames = Object.keys(timeSettings) as readonly TimeSetting[];

function time<const K extends Exclude<keyof Times, 'pollSteps'>>(key: K, meaning: string) {
  return { key, meaning, fallback: toText(defaultTimes[key]) };
}

/** Reads the times and tells the reader what is wrong with each and with the set. Not yet divided by the factor. */
export function readTimes(reader: Reader): Times {
  const times: Writable<Times> = { ...defaultTimes };
  const before = reader.problems.length;
  for (const name of timeNames) {
    const { key } = timeSettings[name];
    if (key === 'pollSteps') times[key] = readSteps(reader) ?? times[key];
    else times[key] = readLength(reader, name) ?? times[key];
  }
  if (reader.problems.length === before) reader.problems.push(...wrongTogether(times));
  return times;
}

const readSteps = (reader: Reader) =>
  reader.parsed('POLL_STEPS', 'times with their units, separated by commas, like 2m,5m,1h', toSteps);

function readLength(reader: Reader, name: TimeSetting): number | undefined {
  if (name === 'PENDING_ALARM_HOURS')
    return reader.parsed(name, 'a number of hours above 0, up to 720, like 24', toHours);
  const expected = 'a time above 0, up to 30 days, with its unit: like 500ms, 90s, 15m, 6h, 1d or PT90S';
  return reader.parsed(name, expected, toDuration);
}

/** All of them divided: with 60 a minute lasts a second. */
export function scaleTimes(times: Times, factor: number): Times {
  const scaled: Writable<Times> = { ...times };
  const divide = (ms: number) => Math.max(1, Math.round(ms / factor));
  for (const { key } of Object.values(timeSettings)) {
    if (key === 'pollSteps') scaled[key] = times[key].map(divide);
    else scaled[key] = divide(times[key]);
  }
  return scaled;
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

function toSteps(text: string): readonly number[] | undefined {
  const steps = text.split(',').map((step) => toDuration(step.trim()));
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

function toHours(text: string): number | undefined {
  const hours = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return hours > 0 && hours <= 720 ? hours * hour : undefined;
}

function toText(ms: number): string {
  const [unit, length] = Object.entries(units)
    .toReversed()
    .find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}

/** One sentence for each rule that the set breaks. */
export function wrongTogether(times: Times): readonly string[] {
  const say = (name: LengthSetting): string => `${name} (${toText(times[timeSettings[name].key])})`;
  const rules: readonly (readonly [boolean, string])[] = [
    [
      times.callTimeout + 30 * second <= times.lease,
      `${say('LEASE')} must be 30 s or more above ${say('CALL_TIMEOUT')}: a claim outlives its call, and clocks differ.`,
    ],
    [
      times.lease <= times.window,
      `${say('WINDOW')} must not be below ${say('LEASE')}: whoever holds a claim may be calling.`,
    ],
    [
      times.window < times.quiet,
      `${say('QUIET')} must be above ${say('WINDOW')}: the order list lags behind the last call.`,
    ],
    [
      times.quiet >= 15 * minute,
      `${say('QUIET')} must be 15m or more: Partner Center documents that an order may show in the list so late. CHECKOUT_TIME_FACTOR shortens all times together.`,
    ],
    [
      times.sleepBudget + times.callTimeout < times.lockRenewed,
      `${say('SLEEP_BUDGET')} and ${say('CALL_TIMEOUT')} together must be below ${say('LOCK_RENEWED')}: a delivery must not outlast its lock.`,
    ],
    [
      times.throwDelay < times.lockRenewed - times.callTimeout,
      `${say('THROW_DELAY')} and ${say('CALL_TIMEOUT')} together must be below ${say('LOCK_RENEWED')}: a delivery must not outlast its lock.`,
    ],
    [
      times.parkMax < times.reviveAfter,
      `${say('REVIVE_AFTER')} must be above ${say('PARK_MAX')}: a message that is parked is not lost.`,
    ],
    [
      times.backoffBase <= times.backoffMax,
      `${say('BACKOFF_MAX')} must not be below ${say('BACKOFF_BASE')}.`,
    ],
    [
      times.inProgressFirst <= times.inProgressLater,
      `${say('IN_PROGRESS_LATER')} must not be below ${say('IN_PROGRESS_FIRST')}.`,
    ],
    [times.tickLimit < minute, `${say('TICK_LIMIT')} must be below a minute: the next tick begins then.`],
    [times.quiet < times.pendingAlarm, `${say('PENDING_ALARM_HOURS')} must be above ${say('QUIET')}.`],
  ];
  return rules.flatMap(([holds, sentence]) => (holds ? [] : [sentence]));
}

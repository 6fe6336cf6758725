/** The entries of the schedule and their keys: what wakes a job, polls an order or counts a batch. */

import type { Poll, State } from './checkout/record.ts';
import { type JobKey, readJobKey } from './message/job-key.ts';
import { orderIdKey } from './order/order.ts';
import type { Times } from './times.ts';

/** Makes the poller read an order at or after a time. */
export interface OrderEntry {
  readonly jobKey: JobKey;
  /** Zero-padded due time + order id: rows sort by time. */
  readonly key: string;
  /** Epoch ms. */
  readonly dueAt: number;
  readonly orderId: string;
  /** Since when the order is pending, epoch ms. */
  readonly since: number;
  /** How often it was polled. */
  readonly polls: number;
  /** Polls that brought no order, and so no write of the record: it keeps them with the next that does. */
  readonly unkept?: readonly Poll[];
}

/** Makes the poller count a batch at or after a time. */
export interface BatchCountEntry {
  readonly key: string;
  readonly dueAt: number;
  readonly batchId: string;
}

/** Makes the poller read, at or after a time, until when the subscriptions of a completed order can be cancelled. */
export interface CancellationEntry {
  readonly key: string;
  readonly dueAt: number;
  readonly jobKey: JobKey;
  readonly orderId: string;
  /** How often they were read in vain. */
  readonly looks: number;
}

export type PollEntry = OrderEntry | BatchCountEntry | CancellationEntry;
/** What a poll is about; the three have ranges of their own. */
export type PollKind = 'orders' | 'batches' | 'cancellations';

/** For `due`: every row. */
export const wholeTime = Number.MAX_SAFE_INTEGER / 100;

/** The order id makes the key unique. */
export const pollEntryKey = (dueAt: number, orderId: string): string =>
  `${digits(Math.max(0, Math.floor(dueAt)))}:${orderIdKey(orderId)}`;

/** When an entry's poll is due; undefined: it is no key of ours. */
export const nextPollOf = (key: string | undefined): number | undefined => {
  const [, due] = /^(\d{15}):/.exec(key ?? '') ?? [];
  return due === undefined ? undefined : Number(due);
};

export const batchCountEntry = (batchId: string, dueAt: number): BatchCountEntry => ({
  key: `batch:${digits(Math.max(0, Math.floor(dueAt)))}:${batchId}`,
  dueAt: Math.floor(dueAt),
  batchId,
});

export const cancellationEntry = (
  { jobKey, orderId }: { readonly jobKey: JobKey; readonly orderId: string },
  looks: number,
  at: number,
): CancellationEntry => {
  const dueAt = Math.max(0, Math.floor(at));
  return { key: `cancel:${digits(dueAt)}:${orderIdKey(orderId)}`, dueAt, jobKey, orderId, looks };
};

/** What every schedule entry of a job carries beside its times. */
export interface JobEntryFields {
  readonly jobKey: JobKey;
  /** Wake-ups of urgent jobs are sent first, to the urgent queue. */
  readonly urgent: boolean;
  /** Since when the job waits, epoch ms: its first enqueue, or its `notBefore`. Tells the age of the oldest waiting job. */
  readonly since: number;
  /** The record's state when the entry was written; one with a result needs no call, so the gate does not hold it back. */
  readonly state: State;
  /** Epoch ms. After it the job needs no call either. */
  readonly notAfter?: number;
}

/** Promises one job a wake-up at or after `dueAt`. Its key never changes, so a wake-up carries it and its worker can remove it. */
export interface JobEntry extends JobEntryFields {
  readonly key: string;
  /** The time for which the entry was first written, whole epoch ms. Moves change `dueAt`, never this. */
  readonly origin: number;
  readonly dueAt: number;
  /** How often it was woken. */
  readonly wakes: number;
  /** When it was last woken, epoch ms; 0 once a delivery has moved it. */
  readonly wokenAt: number;
}

const ranges = { urgent: 'urgent:', standard: 'job:' } as const;
export type JobRange = keyof typeof ranges;

const digits = (at: number): string => String(at).padStart(15, '0');

/** `nextTry` of a record and the origin of its entry are the same number: whole milliseconds, rounded up. */
export const wholeMs = (at: number): number => Math.max(0, Math.ceil(at));

export const jobEntryKeyOf = (urgent: boolean, origin: number, jobKey: JobKey): string =>
  `${urgent ? ranges.urgent : ranges.standard}${digits(origin)}:${jobKey}`;

export const jobEntry = (fields: JobEntryFields, at: number): JobEntry => {
  const origin = wholeMs(at);
  return {
    ...fields,
    key: jobEntryKeyOf(fields.urgent, origin, fields.jobKey),
    origin,
    dueAt: origin,
    wakes: 0,
    wokenAt: 0,
  };
};

/** What the key of a job's entry says; undefined: it is not the key of a job's entry. */
export function readJobEntryKey(
  key: string,
): { readonly urgent: boolean; readonly origin: number; readonly jobKey: JobKey } | undefined {
  const [, prefix, origin, rest] = /^(urgent|job):(\d{15}):(.+)$/.exec(key) ?? [];
  const jobKey = readJobKey(rest);
  if (origin === undefined || jobKey === undefined) return undefined;
  return { urgent: prefix === 'urgent', origin: Number(origin), jobKey };
}

interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** The keys of a range whose origin is `until` or earlier: an entry is never due before its origin. */
export const jobKeysUntil = (range: JobRange, until: number): KeyRange => ({
  from: ranges[range],
  to: `${ranges[range]}${digits(Math.floor(until) + 1)}`,
});

/** The keys of every job's entry, urgent or not. */
export const allJobKeys: KeyRange = { from: ranges.standard, to: `${ranges.urgent}~` };

const pollPrefixes: Readonly<Record<PollKind, string>> = {
  orders: '',
  batches: 'batch:',
  cancellations: 'cancel:',
};

/** The keys of one kind of poll that are due at `now`. */
export const pollKeysUntil = (of: PollKind, now: number): KeyRange => {
  const prefix = pollPrefixes[of];
  return { from: prefix || '0', to: `${prefix}${digits(Math.floor(now) + 1)}` };
};

/** How long an entry rests after its nth wake-up, as long as no delivery moves it: 5 minutes at first, 6 hours at most. */
export function restAfter(
  wakes: number,
  { wakeRetry, wakeRetryMax }: Pick<Times, 'wakeRetry' | 'wakeRetryMax'>,
): number {
  return wakes <= 6 ? wakeRetry : Math.min(3 * wakeRetry * 2 ** (wakes - 7), wakeRetryMax);
}

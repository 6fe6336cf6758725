/** How the fleet stands at the end of a tick: what people have to know of, and since when. Alerts ask for it. */
import { attentionKinds } from './checkout/attention-row.ts';
import type { NoticeState } from './notice/notice.ts';
import { omitUndefined } from './omit-undefined.ts';
import type { Times } from './times.ts';

/** What is asked of people. A cart past its deadline is an incident of its batch, so it is counted apart from other failures. */
export const openKinds = [...attentionKinds, 'too-late'] as const;
export type OpenKind = (typeof openKinds)[number];

/** Rows for people of one kind that are open. */
export interface OpenAttention {
  readonly kind: OpenKind;
  readonly open: number;
  /** Since when there is one, epoch ms; with none of them it is absent. */
  readonly since?: number;
}

/** Carts of one batch that are past their time limit: ended for it and still in attention, or without a result. */
export interface LateBatch {
  /** '' for jobs that no batch sent. */
  readonly batchId: string;
  readonly carts: number;
  readonly since: number;
}

export const gateWords = ['open', 'closed', 'trial', 'paused'] as const;

/** `trial`: closed until one call has passed. `paused`: by a person. */
export interface GateCondition {
  readonly state: (typeof gateWords)[number];
  readonly cause?: string;
  /** Epoch ms. */
  readonly since?: number;
}

/** Epoch ms throughout. */
export interface FleetState {
  readonly attention: readonly OpenAttention[];
  readonly late: readonly LateBatch[];
  /** When the oldest pending order was placed. */
  readonly oldestPending?: number;
  /** Since when the oldest job that has a record waits. */
  readonly oldestJob?: number;
  /** When the certificate or refresh token ends. */
  readonly credentialEndsAt?: number;
  readonly gate: GateCondition;
  /** Since when the gate is closed, with openings of a few minutes at most between; who paused it knows. */
  readonly gateTrouble?: { readonly since: number; readonly cause: string };
}

/** When something began, and when it was last seen. Ticks hand it on, so that a state which lasts keeps its beginning. */
export interface Remembered {
  readonly since: number;
  readonly seen: number;
  /** What it was like at its beginning. */
  readonly word?: string;
}

/** What was found among entries of the schedule. Epoch ms. */
export interface Found {
  /** Since when the oldest of them waits. */
  readonly oldest?: number;
  /** Entries of jobs past their time limit and without a result. */
  readonly late: number;
  /** The earliest of those time limits. */
  readonly lateSince?: number;
}

/**
 * Reads all entries, one page in a tick, so that a tick costs the same however many there are. With up to a thousand entries each
 * tick knows all of them; with more, the answer is late by a minute for each thousand.
 */
export interface Sweep {
  /** Where the next tick goes on; absent: at the beginning. */
  readonly after?: string;
  readonly soFar: Found;
  /** Of the last sweep that came to the end. */
  readonly last: Found;
}

export interface Memory {
  readonly states: Readonly<Record<string, Remembered>>;
  readonly orders: Sweep;
  readonly jobs: Sweep;
  readonly notices: NoticeState;
}

const nothingFound: Found = { late: 0 };
const unswept: Sweep = { soFar: nothingFound, last: nothingFound };
export const noMemory: Memory = { states: {}, orders: unswept, jobs: unswept, notices: {} };

/** What a sweep knows after one more page. */
export function swept(sweep: Sweep, page: Found, next: string | undefined): { sweep: Sweep; known: Found } {
  const soFar = both(sweep.soFar, page, (one, other) => one + other);
  if (next === undefined) return { sweep: { soFar: nothingFound, last: soFar }, known: soFar };
  return { sweep: { after: next, soFar, last: sweep.last }, known: both(sweep.last, soFar, Math.max) };
}

const both = (one: Found, other: Found, count: (one: number, other: number) => number): Found =>
  omitUndefined({
    oldest: earlier(one.oldest, other.oldest),
    late: count(one.late, other.late),
    lateSince: earlier(one.lateSince, other.lateSince),
  });

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** More would not fit a row; a person looks at the first of them. */
const mostBatches = 20;

/** What a tick read: as the tables have it, without beginnings that last. */
export interface Seen {
  readonly attention: readonly OpenAttention[];
  readonly late: readonly LateBatch[];
  readonly oldestPending: number | undefined;
  readonly oldestJob: number | undefined;
  readonly credentialEndsAt: number | undefined;
  readonly gate: GateCondition;
}

/**
 * The state as it is told, and the memory for the next tick. A row that is closed while others stay open, or a batch whose first late
 * cart was settled, changes no beginning: one incident has one.
 */
export function fleetState(
  seen: Seen,
  memory: Memory['states'],
  now: number,
  { incidentOver }: Pick<Times, 'incidentOver'>,
): { readonly state: FleetState; readonly states: Memory['states'] } {
  const kept: Record<string, Remembered> = {};
  const since = (key: string, began: number): number => {
    const known = memory[key]?.since;
    const at = Math.min(known ?? began, began);
    kept[key] = { since: at, seen: now };
    return at;
  };
  const attention = seen.attention.map(({ kind, open, since: began }) =>
    open === 0 || began === undefined
      ? { kind, open }
      : { kind, open, since: since(`attention:${kind}`, began) },
  );
  const late = [...seen.late]
    .sort((one, other) => one.since - other.since)
    .slice(0, mostBatches)
    .map((batch) => ({ ...batch, since: since(`late:${batch.batchId}`, batch.since) }));
  const gateTrouble = troubleOf(seen.gate, memory['gate'], now, incidentOver);
  if (gateTrouble !== undefined) kept['gate'] = gateTrouble;
  const state: FleetState = {
    attention,
    late,
    gate: seen.gate,
    ...(seen.oldestPending === undefined ? {} : { oldestPending: seen.oldestPending }),
    ...(seen.oldestJob === undefined ? {} : { oldestJob: seen.oldestJob }),
    ...(seen.credentialEndsAt === undefined ? {} : { credentialEndsAt: seen.credentialEndsAt }),
    ...(gateTrouble === undefined
      ? {}
      : { gateTrouble: { since: gateTrouble.since, cause: gateTrouble.word ?? 'closed' } }),
  };
  return { state, states: kept };
}

function troubleOf(
  { state, cause = 'closed', since }: GateCondition,
  before: Remembered | undefined,
  now: number,
  incidentOver: number,
): Remembered | undefined {
  const isSame =
    before !== undefined &&
    now - before.seen <= incidentOver &&
    // Before the first call the gate is closed by design: what comes after it is an incident of its own.
    (before.word !== 'untested' || (state !== 'open' && cause === 'untested'));
  const known = isSame ? before : undefined;
  if (state === 'open' || state === 'paused') return known;
  return known === undefined ? { since: since ?? now, seen: now, word: cause } : { ...known, seen: now };
}

/** The memory as one text of a row, and back. A row that a person edited may hold anything: what cannot be read is forgotten. */
export const writeMemory = (memory: Memory): string => JSON.stringify(memory);

export function readMemory(text: unknown): Memory {
  if (typeof text !== 'string') return noMemory;
  try {
    const parsed: unknown = JSON.parse(text);
    return {
      states: statesIn(at(parsed, 'states')),
      orders: sweepIn(at(parsed, 'orders')),
      jobs: sweepIn(at(parsed, 'jobs')),
      notices: noticesIn(at(parsed, 'notices')),
    };
  } catch {
    return noMemory;
  }
}

const at = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
const numberAt = (value: unknown, name: string): number | undefined => {
  const found = at(value, name);
  return typeof found === 'number' ? found : undefined;
};
const textAt = (value: unknown, name: string): string | undefined => {
  const found = at(value, name);
  return typeof found === 'string' ? found : undefined;
};

function statesIn(value: unknown): Memory['states'] {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
      const since = numberAt(entry, 'since');
      const seen = numberAt(entry, 'seen');
      if (since === undefined || seen === undefined) return [];
      return [[key, omitUndefined({ since, seen, word: textAt(entry, 'word') })]];
    }),
  );
}

function noticesIn(value: unknown): NoticeState {
  const told = at(value, 'trouble');
  const [since, failures, nextAt] = [
    numberAt(told, 'since'),
    numberAt(told, 'failures'),
    numberAt(told, 'nextAt'),
  ];
  const why = textAt(told, 'why');
  const isWhole = since !== undefined && failures !== undefined && nextAt !== undefined && why !== undefined;
  return omitUndefined({
    acceptedAt: numberAt(value, 'acceptedAt'),
    trouble: isWhole ? { since, failures, nextAt, why } : undefined,
  });
}

const sweepIn = (value: unknown): Sweep =>
  omitUndefined({
    after: textAt(value, 'after'),
    soFar: foundIn(at(value, 'soFar')),
    last: foundIn(at(value, 'last')),
  });

const foundIn = (value: unknown): Found =>
  omitUndefined({
    oldest: numberAt(value, 'oldest'),
    late: numberAt(value, 'late') ?? 0,
    lateSince: numberAt(value, 'lateSince'),
  });

import { type GateSettings, workerShare } from '../domain/gate/gate-settings.ts';
import {
  closureOf,
  dayOf,
  endOfDay,
  type GateState,
  type Line,
  opened,
  type StorageTime,
} from '../domain/gate/gate-state.ts';
import type { Lane } from '../domain/gate/permit.ts';
import { withPermit } from '../domain/gate/permit-history.ts';
import { grown } from './adaptive-limit.ts';

export interface PermitRequest {
  readonly lane: Lane;
  readonly want: number;
  /** Who asks: a probe belongs to one instance. */
  readonly instance: string;
  /** It comes when its turn has come, as an earlier lease told it. */
  readonly inTurn: boolean;
  /** Jobs that this instance may still start today without asking. */
  readonly quota: number;
}

export type PermitBatch =
  | {
      readonly kind: 'batch';
      /** Times of the permits, by the storage's clock, in order. */
      readonly permits: readonly number[];
      /** When to come for the rest of what was wanted. */
      readonly turn: number | undefined;
      /** How many more jobs may be started. */
      readonly quota: number;
    }
  | { readonly kind: 'probe'; readonly permit: number; readonly quota: number }
  /** `lane`: the spend guard closes the worker's lane alone. */
  | { readonly kind: 'closed'; readonly until: number; readonly reason: string; readonly wide: boolean };

export interface Leased {
  readonly state: GateState;
  readonly batch: PermitBatch;
}

/** What an instance that asks at `time` gets. The earlier end of `time` counts, so that no permit comes early. */
export function leasePermits(
  given: GateState,
  time: StorageTime,
  ask: PermitRequest,
  settings: GateSettings,
): Leased {
  const now = time.atLeast;
  const today = given.day === dayOf(now) ? given : { ...given, day: dayOf(now), jobs: 0 };
  const closure = closureOf(today, now, settings);
  if (closure !== undefined && !closure.probeWanted) {
    return {
      state: given,
      batch: { kind: 'closed', until: closure.until, reason: closure.reason, wide: true },
    };
  }
  const startable = ask.lane === 'poller' ? Infinity : startableJobs(today, ask, settings);
  if (startable <= 0) {
    const reason = `${settings.maxJobsPerDay} jobs were started on ${today.day}, and MAX_JOBS_PER_DAY allows no more`;
    return { state: given, batch: { kind: 'closed', until: endOfDay(now), reason, wide: false } };
  }
  if (closure !== undefined) return leaseProbe(today, now, ask, settings);
  const open = today.closing === undefined ? today : opened(today, today.closing.until);
  return leaseSpaced(
    grown(open, now, settings),
    now,
    { ...ask, want: Math.min(ask.want, startable) },
    settings,
  );
}

function leaseProbe(state: GateState, now: number, ask: PermitRequest, settings: GateSettings): Leased {
  const { holder, until } = { holder: ask.instance, until: now + settings.probeLifeMs };
  const { state: counted, quota } = reserveJobs({ ...state, probe: { holder, until } }, ask, 1, settings);
  return { state: counted, batch: { kind: 'probe', permit: now, quota } };
}

function leaseSpaced(state: GateState, now: number, ask: PermitRequest, settings: GateSettings): Leased {
  const taken = takePermits(state, now, ask, settings);
  const { state: counted, quota } = reserveJobs(taken.state, ask, taken.permits.length, settings);
  const { permits } = taken;
  const missing = ask.want - permits.length;
  if (missing <= 0) return { state: counted, batch: { kind: 'batch', permits, turn: undefined, quota } };
  const given = state.lines[ask.lane];
  const line = counted.lines[ask.lane];
  const gap = gapOf(state, ask.lane, settings);
  // Nobody else waits, if what is promised is no more than one stretch, our own.
  const alone = given.promised <= given.next + (ask.inTurn ? stretchOf(gap, settings) * gap : 0);
  const { promised, turn } = promise(
    Math.max(line.next, alone ? 0 : line.promised),
    now,
    gap,
    missing,
    settings,
  );
  // Who lives on the other lane's permits too has to come often enough to catch them.
  const come = alone && taken.lent ? Math.min(turn, now + settings.permitBatchAheadMs / 2) : turn;
  return {
    state: { ...counted, lines: { ...counted.lines, [ask.lane]: { ...line, promised } } },
    batch: { kind: 'batch', permits, turn: come, quota },
  };
}

/**
 * The time between two permits of a lane. A call may start anywhere in its permit's life, so the permits of a minute and one life
 * may all be used within one minute of a sliding counter: they are spread so that these are no more than the limit.
 */
export function gapOf(state: GateState, lane: Lane, settings: GateSettings): number {
  const share = lane === 'worker' ? workerShare : 1 - workerShare;
  return (settings.minuteMs + settings.permitLifeMs) / (state.limit * share);
}

/**
 * A lane has its own line up to `permitBatchAheadMs` from now, and of the other's line what is nearer than three sixteenths of that:
 * the other lane comes for its permits a quarter ahead, so what it has not claimed by then is open to both. A permit that is
 * overdue by less than half its life still counts, so that a slow answer of the storage costs nothing.
 */
function takePermits(state: GateState, now: number, ask: PermitRequest, settings: GateSettings) {
  const { permitBatchAheadMs, permitLifeMs } = settings;
  const overdue = permitLifeMs / 2;
  const other: Lane = ask.lane === 'worker' ? 'poller' : 'worker';
  const own = {
    lane: ask.lane,
    gap: gapOf(state, ask.lane, settings),
    until: now + permitBatchAheadMs,
    next: 0,
  };
  const lent = {
    lane: other,
    gap: gapOf(state, other, settings),
    until: now + (3 * permitBatchAheadMs) / 16,
    next: 0,
  };
  for (const line of [own, lent]) line.next = Math.max(state.lines[line.lane].next, now - overdue);
  if (!mayTakeOwn(state.lines[ask.lane], now, ask.inTurn)) own.until = 0;

  const permits: number[] = [];
  const unlent = lent.next;
  while (permits.length < ask.want) {
    const line = own.next <= own.until && (own.next <= lent.next || lent.next > lent.until) ? own : lent;
    if (line.next > line.until) break;
    permits.push(line.next);
    line.next += line.gap;
  }
  if (permits.length === 0) return { state, permits, lent: false };
  const lines = { ...state.lines };
  for (const { lane, next } of [own, lent]) lines[lane] = { ...lines[lane], next };
  const history = permits.reduce(
    (counted, permit) => withPermit(counted, ask.lane, permit, settings),
    state.permits,
  );
  return { state: { ...state, lines, permits: history }, permits, lent: lent.next > unlent };
}

/** Who comes out of turn takes nothing that is promised, unless those it is promised to seem to be gone. */
function mayTakeOwn(line: Line, now: number, inTurn: boolean): boolean {
  return inTurn || line.promised <= line.next || line.next <= now;
}

/**
 * The next stretch of the line that nobody waits for, three quarters of a permit batch long, is promised to this instance; it
 * comes when the line has a quarter left before it. So a crowd of instances queues without polling, and without
 * conflicts. A promise is only manners: who comes takes what is there, so one that never comes costs at most its stretch.
 */
function promise(after: number, now: number, gap: number, missing: number, settings: GateSettings) {
  const from = Math.min(Math.max(after, now), now + 60 * settings.permitBatchAheadMs);
  const permits = Math.min(missing, stretchOf(gap, settings));
  return { promised: from + permits * gap, turn: from - settings.permitBatchAheadMs / 4 };
}

const stretchOf = (gap: number, { permitBatchAheadMs }: GateSettings): number =>
  Math.max(1, Math.round((0.75 * permitBatchAheadMs) / gap));

/** Jobs are counted when their permits are leased, so that the guard is never passed; what is not started is kept. */
function startableJobs(state: GateState, ask: PermitRequest, settings: GateSettings): number {
  if (settings.maxJobsPerDay === undefined) return Infinity;
  return Math.max(0, settings.maxJobsPerDay - state.jobs) + ask.quota;
}

function reserveJobs(state: GateState, ask: PermitRequest, permits: number, settings: GateSettings) {
  if (settings.maxJobsPerDay === undefined || ask.lane === 'poller') return { state, quota: 0 };
  const quota = Math.max(0, permits - ask.quota);
  return { state: { ...state, jobs: state.jobs + quota }, quota };
}

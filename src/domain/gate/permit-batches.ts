/** Permit batches: what an instance that asks for permits gets, and what that makes of the state. The first step of a call. */
import { increased } from './adaptive-limit.ts';
import { type GateSettings, workerShare } from './gate-settings.ts';
import {
  closureNow,
  dayOf,
  endOfDay,
  type GateState,
  opened,
  type PermitSchedule,
  type StorageTime,
} from './gate-state.ts';
import type { Lane } from './permit.ts';
import { withPermit } from './permit-history.ts';

export interface PermitRequest {
  readonly lane: Lane;
  readonly want: number;
  /** Who asks: a trial call belongs to one instance. */
  readonly instance: string;
  /** It comes at the time that an earlier lease gave it. */
  readonly onTime: boolean;
  /** Jobs that this instance may still start today without asking. */
  readonly quota: number;
}

export type PermitBatch =
  | {
      /** `trial`: the one permit of a closed gate, for the call that may open it. */
      readonly kind: 'batch' | 'trial';
      /** Times of the permits, by the storage's clock, in order. */
      readonly permits: readonly number[];
      /** When to come for the rest of what was wanted. */
      readonly comeBackAt: number | undefined;
      /** How many more jobs may be started. */
      readonly quota: number;
    }
  /** `wide`: for both lanes. The daily quota closes the worker's lane alone. */
  | { readonly kind: 'closed'; readonly until: number; readonly reason: string; readonly wide: boolean };

export interface Leased {
  readonly state: GateState;
  readonly batch: PermitBatch;
}

interface Spaced {
  readonly state: GateState;
  readonly permits: readonly number[];
  readonly comeBackAt?: number;
}

/** What an instance that asks at `time` gets. The earlier end of `time` counts, so that no permit comes early. */
export function leasePermits(
  given: GateState,
  time: StorageTime,
  ask: PermitRequest,
  settings: GateSettings,
): Leased {
  const now = time.earliest;
  const today = given.day === dayOf(now) ? given : { ...given, day: dayOf(now), jobs: 0 };
  const closure = closureNow(today, now, settings);
  if (closure !== undefined && !closure.trialWanted) {
    const { until, reason } = closure;
    return { state: given, batch: { kind: 'closed', until, reason, wide: true } };
  }
  // Jobs are counted when their permits are leased, so that the quota is never passed. What is not started is kept.
  const most = ask.lane === 'poller' ? undefined : settings.maxJobsPerDay;
  const startable = most === undefined ? Infinity : Math.max(0, most - today.jobs) + ask.quota;
  if (startable <= 0) {
    const reason = `${most} jobs were started on ${today.day}, and MAX_JOBS_PER_DAY allows no more`;
    return { state: given, batch: { kind: 'closed', until: endOfDay(now), reason, wide: false } };
  }
  const trial = { holder: ask.instance, until: now + settings.trialLifeMs };
  const { state, permits, comeBackAt }: Spaced =
    closure === undefined
      ? leaseSpaced(today, now, { ...ask, want: Math.min(ask.want, startable) }, settings)
      : { state: { ...today, trial }, permits: [now] };
  const quota = most === undefined ? 0 : Math.max(0, permits.length - ask.quota);
  return {
    state: { ...state, jobs: state.jobs + quota },
    batch: { kind: closure === undefined ? 'batch' : 'trial', permits, comeBackAt, quota },
  };
}

function leaseSpaced(given: GateState, now: number, ask: PermitRequest, settings: GateSettings): Spaced {
  const open = given.closure === undefined ? given : opened(given, given.closure.until);
  const state = increased(open, now, settings);
  const taken = takePermits(state, now, ask, settings);
  const { permits } = taken;
  const missing = ask.want - permits.length;
  if (missing <= 0) return taken;
  const before = state.schedules[ask.lane];
  const after = taken.state.schedules[ask.lane];
  const gap = gapOf(state, ask.lane, settings);
  const stretch = Math.max(1, Math.round((0.75 * settings.permitBatchAheadMs) / gap));
  // Nobody else waits, if what is reserved is no more than one stretch, our own.
  const alone = before.reservedUntil <= before.next + (ask.onTime ? stretch * gap : 0);
  const free = Math.max(now, after.next, alone ? 0 : after.reservedUntil);
  // The next stretch of the schedule that nobody waits for, three quarters of a permit batch long, is reserved for this
  // instance; it comes when a quarter is left before it. So a crowd of instances queues without polling, and without conflicts.
  // A reservation binds nobody: who comes takes what is there, so one that is not used costs at most its stretch.
  const from = Math.min(free, now + 60 * settings.permitBatchAheadMs);
  const reserved = { ...after, reservedUntil: from + Math.min(missing, stretch) * gap };
  const turn = from - settings.permitBatchAheadMs / 4;
  return {
    state: { ...taken.state, schedules: { ...taken.state.schedules, [ask.lane]: reserved } },
    permits,
    // Who lives on the other lane's permits too has to come often enough to catch them.
    comeBackAt: alone && taken.borrowed ? Math.min(turn, now + settings.permitBatchAheadMs / 2) : turn,
  };
}

/**
 * The time between two permits of a lane. A call may start anywhere in its permit's life, so the permits of a minute and one life
 * may all be used within one minute of a sliding count: they are spread so that these are no more than the limit.
 */
export function gapOf(state: GateState, lane: Lane, settings: GateSettings): number {
  const share = lane === 'worker' ? workerShare : 1 - workerShare;
  return (settings.minuteMs + settings.permitLifeMs) / (state.limit * share);
}

/**
 * A lane has its own schedule up to `permitBatchAheadMs` from now, and of the other's what is nearer than three sixteenths of that:
 * the other lane comes for its permits a quarter ahead, so what it has not claimed by then is open to both. A permit that is
 * overdue by less than half its life still counts, so that a slow answer of the storage costs nothing.
 */
function takePermits(state: GateState, now: number, ask: PermitRequest, settings: GateSettings) {
  const ahead = settings.permitBatchAheadMs;
  const startOf = (lane: Lane, until: number) => ({
    lane,
    gap: gapOf(state, lane, settings),
    until,
    next: Math.max(state.schedules[lane].next, now - settings.permitLifeMs / 2),
  });
  const own = startOf(ask.lane, mayTakeOwn(state.schedules[ask.lane], now, ask.onTime) ? now + ahead : 0);
  const other = startOf(ask.lane === 'worker' ? 'poller' : 'worker', now + (3 * ahead) / 16);
  const permits: number[] = [];
  const unborrowed = other.next;
  while (permits.length < ask.want) {
    const from = own.next <= own.until && (own.next <= other.next || other.next > other.until) ? own : other;
    if (from.next > from.until) break;
    permits.push(from.next);
    from.next += from.gap;
  }
  if (permits.length === 0) return { state, permits, borrowed: false };
  const schedules = { ...state.schedules };
  for (const { lane, next } of [own, other]) schedules[lane] = { ...schedules[lane], next };
  let history = state.permits;
  for (const permit of permits) history = withPermit(history, ask.lane, permit, settings);
  return { state: { ...state, schedules, permits: history }, permits, borrowed: other.next > unborrowed };
}

/** Who comes at another time than its own takes nothing that is reserved, unless those it is reserved for seem to be gone. */
const mayTakeOwn = ({ next, reservedUntil }: PermitSchedule, now: number, onTime: boolean): boolean =>
  onTime || reservedUntil <= next || next <= now;

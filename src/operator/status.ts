/** Reads how the worker stands; each part alone, so that one that is unavailable hides no other. */
import type { OperatorConfig } from '../config/config.ts';
import type { AttentionKind } from '../domain/checkout/attention-row.ts';
import { isSettled } from '../domain/checkout/record.ts';
import { workerShare } from '../domain/gate/gate-settings.ts';
import { closureNow, dayOf, type LimitSet, pauseAt, trialSince } from '../domain/gate/gate-state.ts';
import type { Lane } from '../domain/gate/permit.ts';
import { permitsBetween } from '../domain/gate/permit-history.ts';
import type { NoticeState } from '../domain/notice/notice.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { type JobRange, wholeTime } from '../domain/schedule-entry.ts';
import type { Clock } from '../ports/clock.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { QueueCounts, QueueStatus } from '../ports/queue-status.ts';
import type { Schedule } from '../ports/schedule.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { mostCounted, type PendingByAge, pendingByAge } from './pending.ts';

/** How the worker stands, on one screen. What cannot be read is a sentence that says why. Times are epoch ms. */
export interface Status {
  readonly gate: GateStatus | Unknown;
  readonly queue: QueueCounts | Unknown;
  /** The queue that is served first. */
  readonly urgent: QueueCounts | Unknown;
  readonly jobs: WaitingJobs | Unknown;
  /** Open rows by kind. */
  readonly attention: Readonly<Record<AttentionKind, number>> | Unknown;
  readonly pending: PendingByAge | Unknown;
  readonly poller: PollerTrace | Unknown;
}

/** Jobs that an entry of the schedule will wake. */
export interface WaitingJobs {
  readonly waiting: number;
  /** More entries were there than were read: `mostCounted`. */
  readonly isCut?: true;
  /** Of these, the next tick may wake so many. */
  readonly due: number;
  /** Since when the oldest of them is under way. */
  readonly oldestSince?: number;
}

/** The trace of the poller's ticks. */
export interface PollerTrace {
  /** When the last tick ended; absent: none ever did. */
  readonly lastTick?: number;
  /** When a tick last did all that was due. */
  readonly lastSuccess?: number;
  /** When the worker's credential for Partner Center ends; absent where that is not known. */
  readonly credentialEndsAt?: number;
  /** When the vault last gave what proves the credential; absent where it is in no vault. */
  readonly credentialReadAt?: number;
  /** How the worker's last posts to the webhook went. */
  readonly notices: NoticeState;
}

export interface Unknown {
  readonly unknown: string;
}

export interface GateStatus {
  readonly open: boolean;
  readonly reason?: string;
  readonly until?: number;
  /** The one call that may open it is out since then. */
  readonly trialCallSince?: number;
  /** Who paused it, or resumed it last. */
  readonly pausedBy?: string;
  readonly resumedBy?: string;
  /** The limit that a person set last. */
  readonly limitSet?: LimitSet;
  readonly jobsToday: number;
  readonly lanes: Readonly<Record<'worker' | 'poller', LaneStatus>>;
}

/** Calls in a minute. Each lane may take what the other leaves. */
export interface LaneStatus {
  readonly used: number;
  readonly limit: number;
}

export interface StatusDeps {
  readonly config: Pick<OperatorConfig, 'gate' | 'times' | 'timeFactor'>;
  readonly clock: Clock;
  readonly gateStore: Pick<GateStore, 'read' | 'now'>;
  readonly queueStatus: Pick<QueueStatus, 'counts'>;
  readonly urgentStatus: Pick<QueueStatus, 'counts'>;
  readonly countOpen: () => Promise<Readonly<Record<AttentionKind, number>>>;
  readonly schedule: Pick<Schedule, 'due' | 'jobs'>;
  readonly pollerTrace: () => Promise<PollerTrace>;
}

/** Never throws for what is away: on a bad night half a screen is worth more than none. */
export async function readStatus(deps: StatusDeps): Promise<Status> {
  const { gate, queue, urgent, jobs, attention, pending, poller } = statusParts(deps);
  const read = await Promise.all([gate(), queue(), urgent(), jobs(), attention(), pending(), poller()]);
  return {
    gate: read[0],
    queue: read[1],
    urgent: read[2],
    jobs: read[3],
    attention: read[4],
    pending: read[5],
    poller: read[6],
  };
}

/** Parts that read many entries or open rows. A page that refreshes itself reads one of them in turn. */
const longParts = ['jobs', 'attention', 'pending'] as const;

/** For a page that refreshes itself: what changes by the second, and one of the long parts. Never throws for what is away. */
export async function refreshStatus(deps: StatusDeps, before: Status, turn: number): Promise<Status> {
  const parts = statusParts(deps);
  const long = longParts[turn % longParts.length] ?? 'jobs';
  const [gate, queue, urgent, poller, part] = await Promise.all([
    parts.gate(),
    parts.queue(),
    parts.urgent(),
    parts.poller(),
    parts[long](),
  ]);
  return { ...before, gate, queue, urgent, poller, [long]: part };
}

function statusParts(deps: StatusDeps) {
  const { clock, config } = deps;
  const now = clock.now();
  return {
    gate: () => orUnknown(gateStatus(deps)),
    queue: () => orUnknown(deps.queueStatus.counts()),
    urgent: () => orUnknown(deps.urgentStatus.counts()),
    jobs: () => orUnknown(waitingJobs(deps.schedule, now)),
    attention: () => orUnknown(deps.countOpen()),
    pending: () =>
      orUnknown(pendingByAge(deps.schedule.due('orders', wholeTime), now, config.times, config.timeFactor)),
    poller: () => orUnknown(deps.pollerTrace()),
  };
}

const orUnknown = <T>(work: Promise<T>): Promise<T | Unknown> =>
  work.catch((error: unknown) => {
    if (error instanceof Unavailable) return { unknown: error.message };
    throw error;
  });

async function gateStatus({ gateStore, config }: StatusDeps): Promise<GateStatus> {
  const state = await gateStore.read();
  const now = gateStore.now().earliest;
  const closure = closureNow(state, now, config.gate);
  const pause = pauseAt(state, now);
  const lane = (name: Lane, share: number) => ({
    used: Math.round(permitsBetween(state.permits, now - config.gate.minuteMs, now, config.gate, name)),
    limit: Math.round(state.limit * share),
  });
  return {
    open: closure === undefined,
    ...(closure === undefined ? {} : { reason: closure.reason }),
    ...omitUndefined({ until: pause === undefined ? known(closure?.until, now) : pause.until }),
    ...omitUndefined({ trialCallSince: trialSince(state, now, config.gate) }),
    ...(pause === undefined ? {} : { pausedBy: pause.who }),
    ...(state.resumedBy === '' ? {} : { resumedBy: state.resumedBy }),
    ...omitUndefined({ limitSet: state.limitSet }),
    jobsToday: state.day === dayOf(now) ? state.jobs : 0,
    lanes: { worker: lane('worker', workerShare), poller: lane('poller', 1 - workerShare) },
  };
}

/** A time that is past says only that the gate may be asked now. */
const known = (until: number | undefined, now: number): number | undefined =>
  until === undefined || until <= now ? undefined : until;

async function waitingJobs(schedule: Pick<Schedule, 'jobs'>, now: number): Promise<WaitingJobs> {
  let read = 0;
  let waiting = 0;
  let due = 0;
  let oldestSince: number | undefined;
  for (const range of jobRanges)
    for await (const { state, since, dueAt } of schedule.jobs(range, 'due', wholeTime)) {
      if (read === mostCounted) return omitUndefined({ waiting, due, oldestSince, isCut: true as const });
      read += 1;
      // One with a result waits only to be finalized.
      if (isSettled(state)) continue;
      waiting += 1;
      if (dueAt <= now) due += 1;
      oldestSince = Math.min(since, oldestSince ?? since);
    }
  return omitUndefined({ waiting, due, oldestSince });
}

const jobRanges: readonly JobRange[] = ['urgent', 'standard'];

/** The columns of the gate's row, and the way back from them to a state that is safe. */
import * as z from 'zod/mini';
import { type Closing, mostClosings } from '../../domain/gate/closings.ts';
import { type Cause, closureCauses } from '../../domain/gate/closure-cause.ts';
import type { ThrottledCustomer } from '../../domain/gate/customer-throttles.ts';
import {
  floorPerMinute,
  type GateSettings,
  maxClosedMs,
  pauseMs,
  startPerMinute,
  workerShare,
} from '../../domain/gate/gate-settings.ts';
import {
  type Closure,
  type GateState,
  initialState,
  type PermitSchedule,
} from '../../domain/gate/gate-state.ts';
import { isHistory } from '../../domain/gate/permit-history.ts';
import { cutText } from '../../domain/text.ts';
import type { Properties } from '../../ports/table.ts';

const version = 1;

/** Flat and readable, because people look at it with a storage browser. */
export function toProperties(state: GateState, writeId: string): Properties {
  const { schedules, closure, trial, paused } = state;
  return {
    version,
    writeId,
    limit: state.limit,
    workerNext: schedules.worker.next,
    workerReservedUntil: schedules.worker.reservedUntil,
    pollerNext: schedules.poller.next,
    pollerReservedUntil: schedules.poller.reservedUntil,
    minuteAt: state.minuteAt,
    limitBefore: state.limitBefore,
    sustainedLimit: state.sustainedLimit,
    throttledLimit: state.throttledLimit,
    holdUntil: state.holdUntil,
    holdMs: state.holdMs,
    openedAt: state.openedAt,
    cutAt: state.cutAt,
    closedCause: closure?.cause ?? '',
    closedSince: closure?.since ?? 0,
    closedUntil: closure?.until ?? 0,
    closedReason: cutText(closure?.reason ?? '', 1_000),
    closedPauses: closure?.pauses ?? 0,
    trialHolder: trial?.holder ?? '',
    trialUntil: trial?.until ?? 0,
    pausedBy: paused?.who ?? '',
    pausedReason: paused?.reason ?? '',
    pausedSince: paused?.since ?? 0,
    pausedUntil: paused?.until ?? 0,
    pauseEmitted: state.pauseEmitted,
    resumedBy: state.resumedBy,
    limitSetBy: state.limitSet?.who ?? '',
    limitSetTo: state.limitSet?.perMinute ?? 0,
    limitSetAt: state.limitSet?.at ?? 0,
    failures: state.failures,
    refused: state.refused.join(' '),
    throttledCustomers: JSON.stringify(state.throttledCustomers),
    closings: JSON.stringify(state.closings),
    day: state.day,
    jobs: state.jobs,
    permitsAt: state.permits.newest,
    workerPermits: state.permits.worker,
    pollerPermits: state.permits.poller,
  };
}

export interface ReadState {
  readonly state: GateState;
  /** What was healed, in words. */
  readonly healed: readonly string[];
}

const causes: readonly string[] = closureCauses;
const isCause = (text: string): text is Cause => causes.includes(text);

/**
 * A row that a person edited may hold anything. What cannot be right becomes what is safe: no limit beyond the ceiling,
 * no closure or permit so far ahead that nobody would ever call again.
 */
export function toState(properties: Properties, now: number, settings: GateSettings): ReadState {
  const healed: string[] = [];
  const safe = initialState(now, settings);
  const minute = settings.minuteMs;
  const soon = now + minute;

  const heal = <T extends string | number>(name: string, fallback: T): T => {
    healed.push(`${name} was ${shown(properties[name])}, now ${fallback}`);
    return fallback;
  };
  /** From 0 to `most`; beyond, it becomes `beyond`, and `fallback` if it is no such number at all. */
  const number = (name: string, most: number, fallback = 0, beyond = fallback): number => {
    const value = properties[name];
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return heal(name, fallback);
    return value > most ? heal(name, beyond) : value;
  };
  const text = (name: string): string => {
    const value = properties[name];
    return typeof value === 'string' ? value : heal(name, '');
  };
  const history = (name: string): string => (isHistory(text(name)) ? text(name) : heal(name, ''));
  // The gap of the slower lane at the lowest limit: no permit is further away.
  const widest = minute / (floorPerMinute(settings) * (1 - workerShare));
  const line = (lane: string): PermitSchedule => ({
    next: number(
      `${lane}Next`,
      soon + settings.permitBatchAheadMs + widest,
      now,
      now + settings.permitBatchAheadMs,
    ),
    reservedUntil: number(`${lane}ReservedUntil`, soon + 120 * settings.permitBatchAheadMs + widest),
  });

  const readClosing = (): Closure | undefined => {
    const cause = text('closedCause');
    const longest =
      now + (cause === 'throttled' || !isCause(cause) ? maxClosedMs(settings) : pauseMs(settings, 'auth', 9));
    const until = number('closedUntil', longest + minute, 0, longest);
    const known = isCause(cause) ? cause : until > now || cause !== '' ? 'throttled' : undefined;
    if (known === undefined) return undefined;
    if (known !== cause) heal('closedCause', known);
    const reason = text('closedReason') || 'closed, and the row does not say why';
    return {
      cause: known,
      since: number('closedSince', soon, now),
      until,
      reason,
      pauses: number('closedPauses', 1e6),
    };
  };
  const readLimit = (): number => {
    const limit = number(
      'limit',
      settings.ceilingPerMinute,
      startPerMinute(settings),
      settings.ceilingPerMinute,
    );
    // Less than the floor is never written, and 0 would stop every call without a word.
    return limit < floorPerMinute(settings) ? heal('limit', startPerMinute(settings)) : limit;
  };

  const readThrottledCustomers = (): readonly ThrottledCustomer[] => {
    const read = throttledCustomersOf(text('throttledCustomers'));
    if (read?.every(({ at, until }) => at <= soon && until <= soon + maxClosedMs(settings))) return read;
    heal('throttledCustomers', '[]');
    return [];
  };

  // A row of an older version lacks it.
  const readLimitSet = (): GateState['limitSet'] =>
    properties['limitSetBy'] === undefined || properties['limitSetBy'] === ''
      ? undefined
      : {
          who: text('limitSetBy'),
          perMinute: number('limitSetTo', settings.ceilingPerMinute),
          at: number('limitSetAt', soon),
        };

  const trialHolder = text('trialHolder');
  const trialUntil = number('trialUntil', soon + settings.trialLifeMs);
  const pausedBy = text('pausedBy');
  // A row of an older version lacks it.
  const pausedUntil =
    properties['pausedUntil'] === undefined ? 0 : number('pausedUntil', Number.MAX_SAFE_INTEGER);
  const paused = {
    who: pausedBy,
    reason: text('pausedReason'),
    since: number('pausedSince', soon, now),
    ...(pausedUntil === 0 ? {} : { until: pausedUntil }),
  };
  const day = text('day');
  const state: GateState = {
    limit: readLimit(),
    schedules: { worker: line('worker'), poller: line('poller') },
    minuteAt: number('minuteAt', soon, now),
    limitBefore: number('limitBefore', settings.ceilingPerMinute),
    sustainedLimit: number('sustainedLimit', settings.ceilingPerMinute),
    throttledLimit: number('throttledLimit', settings.ceilingPerMinute),
    holdUntil: number('holdUntil', now + 300 * minute),
    holdMs: number('holdMs', 240 * minute),
    openedAt: number('openedAt', soon, now),
    cutAt: number('cutAt', soon),
    closure: readClosing(),
    trial: trialHolder === '' ? undefined : { holder: trialHolder, until: trialUntil },
    paused: pausedBy === '' ? undefined : paused,
    // A row of an older version lacks it.
    pauseEmitted: properties['pauseEmitted'] === undefined ? 0 : number('pauseEmitted', soon),
    resumedBy: text('resumedBy'),
    limitSet: readLimitSet(),
    failures: number('failures', 1e6),
    refused: text('refused')
      .split(' ')
      .filter((id) => id !== '')
      .slice(-10),
    throttledCustomers: readThrottledCustomers(),
    day: /^\d{4}-\d\d-\d\d$/.test(day) ? day : heal('day', safe.day),
    // For people alone: what cannot be read is left out. A row of an older version lacks it.
    closings: closingsOf(properties['closings']).filter(({ until }) => until <= soon),
    // Nobody knows how many jobs were started: as if it were all.
    jobs: number('jobs', 1e9, settings.maxJobsPerDay),
    permits: {
      newest: number('permitsAt', (soon * 60) / minute),
      worker: history('workerPermits'),
      poller: history('pollerPermits'),
    },
  };
  return { state, healed };
}

const throttledCustomerList = z.array(
  z.object({
    customer: z.string(),
    at: z.number(),
    until: z.number(),
    times: z.number(),
    passed: z.boolean(),
  }),
);

function throttledCustomersOf(text: string): readonly ThrottledCustomer[] | undefined {
  try {
    return throttledCustomerList.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const closingList = z.array(
  z.object({ cause: z.enum([...closureCauses, 'paused']), since: z.number(), until: z.number() }),
);

function closingsOf(text: unknown): readonly Closing[] {
  try {
    const read = closingList.safeParse(JSON.parse(String(text))).data ?? [];
    return read.slice(-mostClosings);
  } catch {
    return [];
  }
}

const shown = (value: unknown): string =>
  value === undefined
    ? 'missing'
    : value instanceof Uint8Array
      ? 'binary'
      : JSON.stringify(value).slice(0, 80);

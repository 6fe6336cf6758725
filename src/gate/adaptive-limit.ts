import { floorPerMinute, type GateSettings } from '../domain/gate/gate-settings.ts';
import type { GateState } from '../domain/gate/gate-state.ts';

/** Each minute: of the limit, once a good one is known; of the configured limit before that. */
const growth = 0.01;
/** So much of the last good limit comes back half a minute after the gate opened. */
const regained = 0.97;
/** The limit keeps this far below one that met a 429, until it is time to try again. */
const below = 0.98;
/** How long it keeps there: at first, and when each new try fails. In minutes. */
const holdFirst = 20;
const holdLast = 240;

/** Permits are spread so that those of a minute and one permit's life are the limit (`gapOf`): so many are in a minute. */
const spread = (limit: number, { minuteMs, permitLifeMs }: GateSettings): number =>
  (limit * minuteMs) / (minuteMs + permitLifeMs);

/**
 * The limit as it should be now. It grows only over minutes that used it: a limit that nobody reached proves nothing.
 * Two full minutes at a limit hold one whole minute of any counter that Partner Center may run, so then it is good.
 */
export function grown(state: GateState, now: number, settings: GateSettings): GateState {
  const minutes = (now - state.minuteAt) / settings.minuteMs;
  const back = Math.min(regained * state.good, settings.ceilingPerMinute);
  if (minutes < 1) {
    const early = minutes >= 0.5 && state.limit < back && state.openedAt === state.minuteAt;
    return early ? { ...state, limit: back } : state;
  }
  const used = state.granted / minutes >= 0.9 * spread(state.limit, settings);
  const good =
    used && state.before > 0 ? Math.max(state.good, Math.min(state.before, state.limit)) : state.good;
  const passed = state.bad > 0 && good >= 1.05 * state.bad;
  const roof =
    !passed && state.bad > 0 && now < state.holdUntil ? below * state.bad : settings.ceilingPerMinute;
  const step = growth * (good > 0 ? state.limit : settings.limitPerMinute);
  const wanted = Math.max(used ? state.limit + step : state.limit, back);
  return {
    ...state,
    // A limit above the roof was set before the roof was known: it comes down with the next 429, not here.
    limit: Math.min(Math.max(Math.min(wanted, roof), Math.min(state.limit, roof)), settings.ceilingPerMinute),
    minuteAt: now,
    granted: 0,
    before: used ? state.limit : 0,
    good,
    bad: passed ? 0 : state.bad,
    holdMs: passed ? 0 : state.holdMs,
  };
}

/** Without a count to go by, a 429 costs so much of the limit. */
const quarterLess = 0.75;
/** No 429 costs more: others may have used the budget up, and the way back is long. */
const halved = 0.5;
/** A gate that handed out less of its limit than this did not meet the limit by its own calls. */
const busy = 0.8;
/** Retry-After comes in whole seconds, rounded up. */
const roundedUpMs = 1_000;

/**
 * What a 429 tells of the real limit, L calls in a minute. Whether Partner Center counts fixed or sliding minutes, it refuses
 * when L calls stand in the count, and Retry-After is when there is room again: at the end of the fixed minute, or when
 * the oldest of the L is a minute old. Either way these L calls were made in the last (minute − Retry-After), so L is our
 * rate times that stretch; and as Retry-After is rounded up by less than a second, L lies between two bounds.
 *
 * It tells nothing when it cannot be so: when we used little of our limit, so that it is others who filled the count; when L is
 * less than a level that carried two full minutes; and when more calls passed since the gate opened, T minutes ago (of the
 * last two), than the L × (T + 1) that any count of minutes lets pass. Then this Retry-After means something else.
 */
function told(state: GateState, now: number, retryAfterMs: number | undefined, settings: GateSettings) {
  if (retryAfterMs === undefined) return undefined;
  const minute = settings.minuteMs;
  const counted = now - state.minuteAt;
  // Permits are leased ahead: half a permit batch of what was granted is still to come.
  const granted = (state.granted * minute) / (counted + settings.permitBatchAheadMs / 2);
  const rate = Math.min(counted < minute / 4 && state.before > 0 ? state.before : granted, state.limit);
  const open = Math.min(now - state.openedAt, 2 * minute);
  const within = (ms: number) => (rate * Math.max(0, Math.min(minute - ms, open))) / minute;
  const least = within(retryAfterMs);
  const most = within(Math.max(0, retryAfterMs - roundedUpMs));
  const possible =
    rate >= busy * spread(state.limit, settings) &&
    most >= state.good &&
    most >= (rate * open) / (open + minute);
  return least > 0 && possible ? { least, most } : undefined;
}

/** The limit after a 429 that closes the gate. */
export function cut(
  state: GateState,
  now: number,
  retryAfterMs: number | undefined,
  settings: GateSettings,
): GateState {
  const { limit, good, bad } = state;
  const minute = settings.minuteMs;
  const real = told(state, now, retryAfterMs, settings);
  const least = Math.max(halved * limit, floorPerMinute(settings));
  const lower = Math.max(Math.min(real?.least ?? quarterLess * limit, below * limit), least);
  const sameWall = bad > 0 && Math.abs(limit - bad) < 0.1 * bad;
  const holdMs = sameWall ? Math.min(2 * state.holdMs, holdLast * minute) : holdFirst * minute;
  // A good limit that fails once was near the wall, and a little less will do; one that fails twice soon is wrong.
  const twice = now - state.cutAt < 5 * minute;
  const stillGood = good < limit ? good : twice ? 0 : 0.95 * limit;
  return {
    ...state,
    limit: lower,
    good: stillGood,
    bad: Math.max(Math.min(real?.most ?? limit, limit), lower),
    holdMs,
    holdUntil: now + holdMs,
    cutAt: now,
  };
}

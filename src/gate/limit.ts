import type { GateState } from './gate-state.ts';
import { floorPerMinute, type GateSettings } from './settings.ts';

/** Each minute: of the limit, once a good one is known; of the configured limit before that. */
const growth = 0.01;
/** So much of the last good limit comes back half a minute after the gate opened. */
const regained = 0.97;
/** The limit keeps this far below one that met a 429, until it is time to try again. */
const below = 0.98;
/** How long it keeps there: at first, and when each new try fails. In minutes. */
const holdFirst = 20;
const holdLast = 240;

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
  const used = state.granted / minutes >= 0.9 * state.limit;
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

/** The limit after a 429 that closes the gate. */
export function cut(state: GateState, now: number, settings: GateSettings): GateState {
  const { limit, good, bad } = state;
  const minute = settings.minuteMs;
  const sameWall = bad > 0 && Math.abs(limit - bad) < 0.1 * bad;
  const holdMs = sameWall ? Math.min(2 * state.holdMs, holdLast * minute) : holdFirst * minute;
  // A good limit that fails once was near the wall, and a little less will do; one that fails twice soon is wrong.
  const twice = now - state.cutAt < 5 * minute;
  const stillGood = good < limit ? good : twice ? 0 : 0.95 * limit;
  return {
    ...state,
    limit: Math.max(0.75 * limit, floorPerMinute(settings)),
    good: stillGood,
    bad: limit,
    holdMs,
    holdUntil: now + holdMs,
    cutAt: now,
  };
}

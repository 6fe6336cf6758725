import { floorPerMinute, type GateSettings } from '../domain/gate/gate-settings.ts';
import type { GateState } from '../domain/gate/gate-state.ts';
import { permitsBetween } from '../domain/gate/permit-history.ts';

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
  const used =
    permitsBetween(state.permits, now - settings.minuteMs, now, settings) >=
    0.9 * spread(state.limit, settings);
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
    limit: Math.min(Math.max(Math.min(wanted, roof), state.limit), settings.ceilingPerMinute),
    minuteAt: now,
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

/** A 429 that closes the gate, and when the first of its kind came: the calls after that one were refused too. */
export interface Refusal {
  readonly now: number;
  readonly firstAt: number;
  readonly retryAfterMs: number | undefined;
}

/**
 * What a 429 tells of the real limit, L calls in a minute. Whether Partner Center counts fixed or sliding minutes, it refuses
 * when L calls stand in the count, and Retry-After is when there is room again: at the end of the fixed minute, or when
 * the oldest of the L is a minute old. Either way these L calls were made in the last (minute − Retry-After), so L is the
 * number of our permits in that stretch; and as Retry-After is rounded up by less than a second, L lies between two bounds.
 *
 * It tells nothing when it cannot be so: when we used little of our limit, so that it is others who filled the count; when L is
 * less than a level that carried two full minutes; and when more calls passed since the gate opened, T minutes ago (of the
 * last two), than the L × (T + 1) that any count of minutes lets pass. Then this Retry-After means something else.
 */
function told(state: GateState, { now, firstAt, retryAfterMs }: Refusal, settings: GateSettings) {
  if (retryAfterMs === undefined) return undefined;
  const minute = settings.minuteMs;
  const permitsOf = (ms: number) => permitsBetween(state.permits, now - ms, firstAt, settings);
  const least = permitsOf(minute - retryAfterMs);
  const most = permitsOf(minute - retryAfterMs + roundedUpMs);
  const open = Math.min(now - state.openedAt, 2 * minute);
  const lately = Math.min(open, minute / 4);
  const possible =
    permitsOf(lately) * minute >= busy * spread(state.limit, settings) * lately &&
    most >= state.good &&
    most >= (permitsOf(open) * minute) / (open + minute);
  return least > 0 && possible ? { least, most } : undefined;
}

/** The limit after a 429 that closes the gate. */
export function cut(state: GateState, refusal: Refusal, settings: GateSettings): GateState {
  const { now } = refusal;
  const { limit, good, bad } = state;
  const minute = settings.minuteMs;
  const real = told(state, refusal, settings);
  const least = Math.max(halved * limit, floorPerMinute(settings));
  const lower = Math.max(
    Math.min(real === undefined ? quarterLess * limit : (real.least + real.most) / 2, below * limit),
    least,
  );
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

/** The adaptive limit: how it increases over minutes that used it, and what a 429 leaves of it. Each lease and each closing 429 comes by here. */
import { floorPerMinute, type GateSettings } from './gate-settings.ts';
import type { GateState } from './gate-state.ts';
import { permitsBetween } from './permit-history.ts';

/** Each minute: of the limit, once a sustained one is known; of the configured limit before that. */
const growth = 0.01;
/** So much of the sustained limit comes back half a minute after the gate opened. */
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
 * Two full minutes at a limit hold one whole minute of any count that Partner Center may run, so then it is sustained.
 */
export function increased(state: GateState, now: number, settings: GateSettings): GateState {
  const { limit, limitBefore, throttledLimit } = state;
  const minute = settings.minuteMs;
  const minutes = (now - state.minuteAt) / minute;
  const back = Math.min(regained * state.sustainedLimit, settings.ceilingPerMinute);
  if (minutes < 1) {
    const early = minutes >= 0.5 && limit < back && state.openedAt === state.minuteAt;
    return early ? { ...state, limit: back } : state;
  }
  const used = permitsBetween(state.permits, now - minute, now, settings) >= 0.9 * spread(limit, settings);
  const carried = used && limitBefore > 0 ? Math.min(limitBefore, limit) : 0;
  const sustainedLimit = Math.max(state.sustainedLimit, carried);
  const passed = throttledLimit > 0 && sustainedLimit >= 1.05 * throttledLimit;
  const held = !passed && throttledLimit > 0 && now < state.holdUntil;
  const roof = held ? below * throttledLimit : settings.ceilingPerMinute;
  const step = growth * (sustainedLimit > 0 ? limit : settings.limitPerMinute);
  const wanted = Math.min(Math.max(used ? limit + step : limit, back), roof);
  return {
    ...state,
    // What a 429 left of the limit may be above the roof, and stays: the calls in the count are the proof of it.
    limit: Math.min(Math.max(wanted, limit), settings.ceilingPerMinute),
    minuteAt: now,
    limitBefore: used ? limit : 0,
    sustainedLimit,
    ...(passed ? { throttledLimit: 0, holdMs: 0 } : {}),
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
 * What a 429 shows of the real limit, L calls in a minute. Whether Partner Center counts fixed or sliding minutes, it refuses
 * when L calls stand in the count, and Retry-After is when there is room again: at the end of the fixed minute, or when
 * the oldest of the L is a minute old. Either way these L calls were made in the last (minute − Retry-After), so L is the
 * number of our permits in that stretch; and as Retry-After is rounded up by less than a second, L lies between two bounds.
 *
 * It shows nothing when it cannot be so: when we used little of our limit, so that it is others who filled the count; when L is
 * less than a level that carried two full minutes; and when more calls passed since the gate opened, T minutes ago (of the
 * last two), than the L × (T + 1) that any count of minutes lets pass. Then this Retry-After means something else.
 */
function countAt429(state: GateState, { now, firstAt, retryAfterMs }: Refusal, settings: GateSettings) {
  if (retryAfterMs === undefined) return undefined;
  const minute = settings.minuteMs;
  const permitsOf = (ms: number) => permitsBetween(state.permits, now - ms, firstAt, settings);
  const least = permitsOf(minute - retryAfterMs);
  const most = permitsOf(minute - retryAfterMs + roundedUpMs);
  const open = Math.min(now - state.openedAt, 2 * minute);
  const lately = Math.min(open, minute / 4);
  const possible =
    permitsOf(lately) * minute >= busy * spread(state.limit, settings) * lately &&
    most >= state.sustainedLimit &&
    most >= (permitsOf(open) * minute) / (open + minute);
  return least > 0 && possible ? { middle: (least + most) / 2, most } : undefined;
}

/** The limit after a 429 that closes the gate. */
export function decreased(state: GateState, refusal: Refusal, settings: GateSettings): GateState {
  const { limit, sustainedLimit, throttledLimit } = state;
  const { now } = refusal;
  const minute = settings.minuteMs;
  const count = countAt429(state, refusal, settings);
  const least = Math.max(halved * limit, floorPerMinute(settings));
  const lower = Math.max(Math.min(count?.middle ?? quarterLess * limit, below * limit), least);
  const sameLimit = throttledLimit > 0 && Math.abs(limit - throttledLimit) < 0.1 * throttledLimit;
  const holdMs = sameLimit ? Math.min(2 * state.holdMs, holdLast * minute) : holdFirst * minute;
  // A sustained limit that fails once is near the real one, and a little less will do; one that fails twice soon is wrong.
  const failed = now - state.cutAt < 5 * minute ? 0 : 0.95 * limit;
  return {
    ...state,
    limit: lower,
    sustainedLimit: sustainedLimit < limit ? sustainedLimit : failed,
    throttledLimit: Math.max(Math.min(count?.most ?? limit, limit), lower),
    holdMs,
    holdUntil: now + holdMs,
    cutAt: now,
  };
}

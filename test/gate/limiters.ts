import type { Clock } from '../../src/ports/clock.ts';
import type { Api } from './fleet.ts';

const minute = 60_000;

/** So many calls in each minute of the API's own clock; refused calls count too. Retry-After: until the next minute. */
export function fixedMinute(clock: Clock, limit: () => number, phase = 17_000): Api {
  let window = 0;
  let count = 0;
  return limited(clock, (at) => {
    const current = Math.floor((at + phase) / minute);
    count = current === window ? count + 1 : 1;
    window = current;
    return count <= limit() ? undefined : (current + 1) * minute - phase - at;
  });
}

/** So many calls in any sixty seconds. Retry-After: until the oldest of them is a minute ago. */
export function slidingMinute(clock: Clock, limit: () => number): Api {
  const passed: number[] = [];
  return limited(clock, (at) => {
    while (passed[0] !== undefined && passed[0] <= at - minute) passed.shift();
    const first = passed[passed.length - limit()];
    if (first !== undefined) return first + minute - at;
    passed.push(at);
    return undefined;
  });
}

function limited(clock: Clock, waitOf: (at: number) => number | undefined): Api {
  return async (customerId) => {
    await clock.sleep(50);
    const wait = waitOf(clock.now());
    if (wait !== undefined) {
      await clock.sleep(50);
      return { kind: 'throttled', customerId, retryAfterMs: Math.ceil(wait / 1_000) * 1_000 };
    }
    await clock.sleep(700);
    return { kind: 'ok', customerId };
  };
}

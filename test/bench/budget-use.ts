import type { Call } from '../../local/partner-center/sandbox.ts';
import { round } from './workload.ts';

export interface Made {
  readonly arrivedAt: number;
  readonly throttled: boolean;
  readonly operation: Call['operation'] | undefined;
}

export const madeOf = (calls: readonly Call[]): readonly Made[] =>
  calls.map(({ arrivedAt, throttled, operation }) => ({ arrivedAt, throttled, operation }));

export interface Use {
  readonly calls: number;
  readonly polls: number;
  readonly seconds: number;
  /** Calls that passed ÷ calls that would have been allowed in the time, closed time included. */
  readonly use: number;
  readonly throttled: number;
  readonly throttledShare: number;
}

export interface FoundUse {
  /** Calls in a minute: the limit in the gate's row at the end. */
  readonly found: number;
  /** Calls that passed from the third minute on ÷ calls that the found limit would have allowed in that time. */
  readonly useOfFound: number;
  /** 429s that came more than five seconds after the one before. */
  readonly closures: number;
}

/** In real time. */
export function foundUse(calls: readonly Made[], found: number): FoundUse {
  const end = calls.at(-1)?.arrivedAt ?? Number.NaN;
  const from = (calls[1]?.arrivedAt ?? Number.NaN) + 120_000;
  const late = calls.filter(({ throttled, arrivedAt }) => !throttled && arrivedAt >= from);
  const refused = calls.filter(({ throttled }) => throttled).map(({ arrivedAt }) => arrivedAt);
  return {
    found: round(found, 1),
    useOfFound: round(late.length / ((found * (end - from)) / 60_000)),
    closures: refused.filter((at, index) => at - (refused[index - 1] ?? 0) > 5_000).length,
  };
}

/** `perMinute`: calls that the sandbox allows in a minute of real time. */
export function useOf(calls: readonly Made[], { perMinute }: { readonly perMinute: number }): Use {
  // The first call is the probe that opens the gate; nobody may call before its answer.
  const first = calls[1]?.arrivedAt ?? Number.NaN;
  const seconds = ((calls.at(-1)?.arrivedAt ?? Number.NaN) - first) / 1_000;
  const throttled = calls.filter((call) => call.throttled).length;
  return {
    calls: calls.length,
    polls: calls.filter(({ operation }) => operation === 'get-order').length,
    seconds: round(seconds, 1),
    use: round((calls.length - throttled) / ((perMinute * seconds) / 60)),
    throttled,
    throttledShare: round(throttled / calls.length, 5),
  };
}

/** Marks on a chart over time where the gate was closed, so that a gap says why it is one. */
import type { Closing } from '../../domain/gate/closings.ts';
import type { Band } from './charts.ts';

/** The bars begin at `from`, each `step` ms long. */
export function closingBands(
  closings: readonly Closing[],
  { from, step, count }: { readonly from: number; readonly step: number; readonly count: number },
): readonly Band[] {
  const to = from + count * step;
  return closings
    .filter(({ since, until }) => until > from && since < to && until > since)
    .map(({ cause, since, until }) => ({
      from: (since - from) / step,
      to: (until - from) / step,
      words: `Gate closed ${clock(since)} to ${clock(until)}: ${cause}`,
    }));
}

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);

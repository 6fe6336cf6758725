/** How a batch stands, in words: for the list of the command line and of the operator's page. */
import type { BatchSummary } from '../../domain/batch/batch.ts';
import { clockTime } from './words.ts';

export function batchState({ stopped, finished, total }: BatchSummary, now: number): string {
  if (stopped !== undefined) return `stopped by ${stopped.who}, ${clockTime(stopped.at, now)}`;
  if (finished !== undefined && finished.total >= (total ?? 0))
    // A retry later opens jobs again, and the summary does not say so.
    return `every line had a result, ${clockTime(finished.at, now)}`;
  return total === undefined ? 'no size declared' : 'under way';
}

import type { Verdict } from '../../operator/verdict.ts';
import { exit } from './cli-failure.ts';

/** What a check that could not look at everything exits with is never `ok`. */
export function exitOf(verdict: Pick<Verdict, 'kind'>, interrupted = false): number {
  if (interrupted) return exit.interrupted;
  return { clear: exit.ok, found: exit.found, 'not-checked': exit.cannot }[verdict.kind];
}

/** The exit code of a check. */
import type { CheckResult } from '../../operator/check-result.ts';
import { exit } from './cli-failure.ts';

/** What a check that could not look at everything exits with is never `ok`. */
export function exitOf(result: Pick<CheckResult, 'kind'>, interrupted = false): number {
  if (interrupted) return exit.interrupted;
  return { clear: exit.ok, found: exit.found, 'not-checked': exit.cannot }[result.kind];
}

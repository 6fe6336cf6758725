import type { CallReport } from '../gate/gate.ts';
import type { Outcome, ReadOutcome } from './judge.ts';

/** What the gate is told of a call or a read of this customer. */
export function reportOf(outcome: Outcome | ReadOutcome<unknown>, customerId: string): CallReport {
  switch (outcome.kind) {
    case 'throttled':
      return { kind: 'throttled', customerId, retryAfterMs: outcome.retryAfterMs };
    case 'renew-token':
    case 'credential':
    // What stands in between meets every other call too, as a redirect does.
    case 'intercepted':
      return { kind: 'auth', reason: outcome.reason.description };
    case 'partner-wide':
      return { kind: 'partner-wide', customerId, reason: outcome.reason.description };
    case 'unknown':
    case 'unavailable':
      return {
        kind: 'unknown',
        customerId,
        reason: outcome.reason.description,
        ...(outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs }),
      };
    case 'unreadable':
    case 'not-executed':
      return { kind: 'unknown', customerId, reason: outcome.reason.description };
    default:
      return { kind: 'ok', customerId };
  }
}

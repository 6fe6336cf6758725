import type { CallReport } from '../gate/permit.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Outcome, ReadOutcome } from './call-outcome.ts';

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
    case 'unreadable':
      return { kind: 'unknown', customerId, reason: outcome.reason.description };
    case 'unknown':
    case 'not-executed':
    case 'unavailable': {
      const { reason, retryAfterMs } = outcome;
      return { kind: 'unknown', customerId, reason: reason.description, ...omitUndefined({ retryAfterMs }) };
    }
    case 'result':
    case 'value':
    case 'permanent':
    case 'in-progress':
    case 'slow':
    case 'already-done':
    case 'stale-item':
    case 'gone':
    case 'refused':
      return { kind: 'ok', customerId };
  }
}

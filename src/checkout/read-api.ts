/**
 * One read of Partner Center by a delivery, with its permit, its place in the history and its report to the gate. Used by `gather-
 * evidence.ts` and `reconcile.ts`.
 */

import type { Decoded, Exchange } from '../domain/answer/exchange.ts';
import { withCall } from '../domain/checkout/call-history.ts';
import { endOf, judgeRead, reportOf } from '../domain/checkout/call-outcome.ts';
import { backOff, withJitter } from '../domain/checkout/deadlines.ts';
import type { Call, CheckoutRecord, Reason } from '../domain/checkout/record.ts';
import { isStale } from '../domain/checkout/send-fence.ts';
import type { SendOptions } from '../ports/partner-center.ts';
import type { RunWith } from './run.ts';
import { type Waiting, waitForPermit } from './wait-for-permit.ts';

export type Read<T> =
  | { readonly kind: 'value'; readonly value: T; readonly record: CheckoutRecord }
  | { readonly kind: 'gone'; readonly reason: Reason; readonly record: CheckoutRecord }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly record: CheckoutRecord }
  /** Nothing can be read now. */
  | { readonly kind: 'later'; readonly at: number; readonly why: string; readonly record: CheckoutRecord };

/** One read of Partner Center for a delivery: a permit of the gate, the request, its line in the history, the report. */
export async function readApi<T>(
  run: RunWith<Waiting>,
  record: CheckoutRecord,
  what: Call['what'],
  send: (options: SendOptions) => Promise<Exchange>,
  decode: (body: string) => Decoded<T>,
): Promise<Read<T>> {
  const { clock, random, gate, times, tokens } = run.deps;
  let current = record;
  let renewToken = false;
  for (let renewed = false; ; ) {
    const waited = await waitForPermit(run, times.readTimeout);
    if (waited.kind === 'none') return { kind: 'later', at: waited.until, why: waited.why, record: current };
    const { permit } = waited;
    run.permit = undefined;
    const ids = { correlationId: random.guid() };
    const at = clock.now();
    const mayLeave = () => !isStale(permit, clock.now(), times);
    const exchange = await send({ ids, renewToken, mayLeave });
    renewToken = false;
    // While a token was fetched or a connection made, the permit went stale: nothing was sent.
    if (exchange.kind === 'no-answer' && exchange.stale === true) {
      gate.giveBack(permit);
      continue;
    }
    run.calls += 1;
    run.apiMs += exchange.ms;
    current = withCall(current, { what, at, ...ids, end: endOf(exchange) });
    const outcome = judgeRead(exchange, decode, { ids, at });
    if (outcome.kind === 'renew-token' && !renewed) {
      renewed = true;
      gate.giveBack(permit, true);
      renewToken = !(await tokens.ready({ renew: true }));
      continue;
    }
    const verdict = await gate.report(reportOf(outcome, current.customerId));
    if (outcome.kind === 'value') return { kind: 'value', value: outcome.value, record: current };
    if (outcome.kind === 'gone') return { kind: 'gone', reason: outcome.reason, record: current };
    if (outcome.kind === 'refused') return { kind: 'refused', reason: outcome.reason, record: current };
    const until =
      verdict.kind === 'open'
        ? clock.now() +
          withJitter(times.inProgressFirst, random.fraction()) +
          backOff(current.reconciliations, times, random.fraction())
        : verdict.until + random.fraction() * times.permitLife * 5;
    return { kind: 'later', at: until, why: outcome.reason.description, record: current };
  }
}

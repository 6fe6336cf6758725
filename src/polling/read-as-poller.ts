/**
 * One read of Partner Center within the poller's lane, for the third and fourth part of a tick. Used by `read-order.ts` and
 * `poll-cancellation.ts`.
 */

import type { Decoded, Exchange } from '../domain/answer/exchange.ts';
import { endOf, judgeRead, type ReadOutcome, reportOf } from '../domain/checkout/call-outcome.ts';
import type { Poll } from '../domain/checkout/record.ts';
import { isStale } from '../domain/checkout/send-fence.ts';
import { customerOf, type JobKey } from '../domain/message/job-key.ts';
import type { SendOptions } from '../ports/partner-center.ts';
import type { PollDeps } from './tick-deps.ts';

/** `later`: nothing was learned. `stop`: nobody may call now. */
export type PollerRead<T> =
  | { readonly kind: 'value'; readonly value: T; readonly poll: Poll }
  | { readonly kind: 'later'; readonly poll?: Poll }
  | { readonly kind: 'stop' };

export interface PollerAsk<T> {
  readonly what: Poll['what'];
  readonly jobKey: JobKey;
  readonly orderId: string;
  readonly send: (customerId: string, options: SendOptions) => Promise<Exchange>;
  readonly decode: (body: string) => Decoded<T>;
  /** No purchase depends on it, so no trouble that it meets closes the gate. */
  readonly forPeople: boolean;
}

/** The ports of one read. */
export type PollerReadDeps = Pick<
  PollDeps,
  'clock' | 'gate' | 'partnerCenter' | 'cartApi' | 'random' | 'telemetry' | 'times' | 'tokens'
>;

/** Reads with a permit of the poller's lane, and tells the gate how the call went. It waits for a permit until `deadline`, epoch ms. */
export async function readAsPoller<T>(
  deps: Omit<PollerReadDeps, 'partnerCenter' | 'cartApi'>,
  ask: PollerAsk<T>,
  deadline: number,
): Promise<PollerRead<T>> {
  const { random, clock, gate, telemetry, tokens } = deps;
  const { what, jobKey, orderId } = ask;
  const customerId = customerOf(jobKey);
  let renewToken = false;
  for (let renewed = false; ; ) {
    if (gate.customerUntil(customerId) !== undefined) return { kind: 'later' };
    await tokens.ready({ renew: false });
    const taken = await gate.take('poller', deadline);
    if (taken.kind !== 'permit') return { kind: 'stop' };
    // The lease of the permit may have been the first to read that another instance was refused.
    if (gate.customerUntil(customerId) !== undefined) {
      gate.giveBack(taken.permit);
      return { kind: 'later' };
    }
    const ids = { correlationId: random.guid() };
    const at = clock.now();
    const mayLeave = () => !isStale(taken.permit, clock.now(), deps.times);
    const exchange = await ask.send(customerId, { ids, renewToken, mayLeave });
    renewToken = false;
    // While a token was fetched or a connection made, the permit went stale: nothing was sent.
    if (exchange.kind === 'no-answer' && exchange.stale === true) {
      gate.giveBack(taken.permit);
      continue;
    }
    const poll: Poll = { what, orderId, at, ...ids, end: endOf(exchange) };
    const outcome = judgeRead(exchange, ask.decode, { ids, at });
    if (ask.forPeople && isTrouble(outcome)) {
      gate.giveBack(taken.permit, true);
      return { kind: 'later', poll };
    }
    switch (outcome.kind) {
      case 'renew-token':
        if (!renewed) {
          renewed = true;
          gate.giveBack(taken.permit, true);
          renewToken = !(await tokens.ready({ renew: true }));
          continue;
        }
        await gate.report({ kind: 'auth', reason: outcome.reason.description });
        return { kind: 'stop' };
      case 'credential':
      case 'intercepted':
        await gate.report({ kind: 'auth', reason: outcome.reason.description });
        return { kind: 'stop' };
      case 'throttled': {
        const verdict = await gate.report({
          kind: 'throttled',
          customerId,
          retryAfterMs: outcome.retryAfterMs,
        });
        return verdict.kind === 'closed' ? { kind: 'stop' } : { kind: 'later', poll };
      }
      case 'unavailable': {
        const verdict = await gate.report(reportOf(outcome, customerId));
        return verdict.kind === 'closed' ? { kind: 'stop' } : { kind: 'later', poll };
      }
      case 'gone':
      case 'refused':
        // 404 soon after the checkout is lag; whatever it is, an order is never forgotten for it.
        await gate.report({ kind: 'ok', customerId });
        telemetry.warn(`order ${orderId}: ${what} cannot be read: ${outcome.reason.description}`, { jobKey });
        return { kind: 'later', poll };
      case 'value':
        await gate.report({ kind: 'ok', customerId });
        return { kind: 'value', value: outcome.value, poll };
    }
  }
}

/** An answer that may say more about the network, the credential or the budget than about what was asked. */
const isTrouble = ({ kind }: ReadOutcome<unknown>): boolean =>
  kind !== 'value' && kind !== 'gone' && kind !== 'refused';

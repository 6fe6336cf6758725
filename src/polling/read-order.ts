/**
 * The call of the third part of a tick: reads one order within the poller's lane. Used by `poll-order.ts`.
 */

import { decodeOrder } from '../domain/answer/decode-order.ts';
import { endOf, judgeRead, reportOf } from '../domain/checkout/call-outcome.ts';
import type { Poll } from '../domain/checkout/record.ts';
import { isStale } from '../domain/checkout/send-fence.ts';
import { customerOf } from '../domain/message/job-key.ts';
import type { Order } from '../domain/order/order.ts';
import type { OrderEntry } from '../domain/schedule-entry.ts';
import type { PollDeps } from './tick-deps.ts';

/** `later`: nothing was learned. `stop`: nobody may call now. */
export type ReadOrder =
  | { readonly kind: 'order'; readonly order: Order; readonly poll: Poll }
  | { readonly kind: 'later'; readonly poll?: Poll }
  | { readonly kind: 'stop' };

/** The ports of one read. */
type ReadDeps = Pick<
  PollDeps,
  'clock' | 'gate' | 'partnerCenter' | 'random' | 'telemetry' | 'times' | 'tokens'
>;

/** Reads one order within the poller's lane, and tells the gate how the call went. */
export async function readOrder(deps: ReadDeps, row: OrderEntry, deadline: number): Promise<ReadOrder> {
  const { random, clock, gate, partnerCenter, telemetry, tokens } = deps;
  const { jobKey, orderId } = row;
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
    const exchange = await partnerCenter.order(customerId, orderId, { ids, renewToken, mayLeave });
    renewToken = false;
    // While a token was fetched or a connection made, the permit went stale: nothing was sent.
    if (exchange.kind === 'no-answer' && exchange.stale === true) {
      gate.giveBack(taken.permit);
      continue;
    }
    const poll: Poll = { what: 'order', orderId, at, ...ids, end: endOf(exchange) };
    const outcome = judgeRead(exchange, decodeOrder, { ids, at });
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
        telemetry.warn(`order ${orderId} cannot be read: ${outcome.reason.description}`, {
          jobKey,
        });
        return { kind: 'later', poll };
      case 'value': {
        await gate.report({ kind: 'ok', customerId });
        const order = outcome.value;
        if (order.id !== orderId) return { kind: 'later', poll };
        if (order.rawStatus !== undefined)
          telemetry.warn(`order ${orderId} has the unknown status "${order.rawStatus}": treated as pending`, {
            jobKey,
          });
        return { kind: 'order', order, poll: { ...poll, found: order.status } };
      }
    }
  }
}

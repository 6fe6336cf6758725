/**
 * Decides what follows from the evidence about a call that may have been executed. Between the fourth and the fifth step.
 */

import { omitUndefined } from '../omit-undefined.ts';
import type { Order } from '../order/order.ts';
import { listLagEnd } from './deadlines.ts';
import { gone, notFound, partlyFound, tooLate } from './endings.ts';
import { type Change, type Context, escalate, type NextAction, orAlarm, type Repeat } from './next-action.ts';
import { decideReconciliation, type Evidence, isOrdered, repeatDeadline } from './reconcile-rules.ts';
import type { CheckoutRecord, Reason } from './record.ts';
import { mayRepair } from './repair-rules.ts';

/** What follows from the evidence about a call that may have been executed. `inHand`: orders of this job that were read by id. */
export function afterEvidence(
  evidence: Evidence,
  record: CheckoutRecord,
  inHand: readonly Order[],
  context: Context,
): NextAction {
  const { now, times, rules, stopped } = context;
  const reconcileRules = { times, ...rules };
  const reconciliation = decideReconciliation(evidence, reconcileRules);
  switch (reconciliation.kind) {
    case 'repeat': {
      const repeat: Repeat = {
        until: repeatDeadline(evidence, reconcileRules),
        ofOrderedCart: isOrdered(evidence),
        lastSendBefore: record.lastSend,
        known: new Set([...record.orders, ...evidence.unowned].map(({ id }) => id)),
      };
      return record.repair === undefined || record.repair.done === true
        ? { kind: 'repeat', repeat }
        : repairOrAsk(evidence, repeat, context);
    }
    case 'reschedule':
      return reconcileAgain(record, reconciliation, { reconciliations: record.reconciliations + 1 }, context);
    case 'ask':
      return askWhatBecame(record, evidence, reconciliation.why, context);
    case 'found':
      return {
        kind: 'record-result',
        result: {
          orders: [...inHand, ...reconciliation.orders],
          failedGroups: reconciliation.missing.map((group) => notFound(group, record)),
          ...(reconciliation.missing.length === 0 ? {} : { reason: partlyFound(record, now) }),
        },
      };
    case 'denied':
      // A person said that it was not bought, and it is not sent again. The person may be wrong, so a retry looks first.
      return {
        kind: 'record-result',
        result: {
          ...tooLate(record, stopped, now),
          ...(reconciliation.why === 'refused' ? omitUndefined({ reason: record.repeated?.reason }) : {}),
          orders: inHand,
          ...(evidence.record.orders.length === 0
            ? {}
            : { failedGroups: reconciliation.missing.map((group) => notFound(group, record)) }),
          gaveUp: true,
        },
      };
    case 'nothing':
      return {
        kind: 'record-result',
        result: {
          ...tooLate(record, stopped, now),
          ...(reconciliation.why === 'gone' ? { reason: record.repeated?.reason ?? gone(record, now) } : {}),
        },
      };
  }
}

function repairOrAsk(evidence: Evidence, repeat: Repeat, context: Context): NextAction {
  const { record } = evidence;
  const { now, times } = context;
  switch (mayRepair(evidence, now, times)) {
    case 'now':
      return { kind: 'repair-cart', repeat: { ...repeat, until: undefined } };
    case 'later': {
      const until = listLagEnd(record, times);
      return reconcileAgain(
        record,
        { until, why: 'the order list may lag, and its cart is to be changed' },
        { reconciliations: record.reconciliations + 1 },
        context,
      );
    }
    case 'never':
      return askWhatBecame(
        record,
        evidence,
        'its checkout was refused for a gone availability, and part of it may be bought',
        context,
      );
  }
}

/** The evidence could not be gathered now. */
export const evidenceLater = (
  record: CheckoutRecord,
  { at, why }: { readonly at: number; readonly why: string },
  context: Context,
): NextAction =>
  reconcileAgain(record, { until: at, why }, { reconciliations: record.reconciliations + 1 }, context);

/** The cart or the list is refused to us for good: there can be no evidence, so a person has to say. */
export function evidenceRefused(record: CheckoutRecord, reason: Reason, context: Context): NextAction {
  const { now, times } = context;
  const listCompleteAt = listLagEnd(record, times);
  const change = { reconciliations: record.reconciliations + 1 };
  if (now < listCompleteAt)
    return { kind: 'reschedule', to: { step: 'doubt', at: listCompleteAt, why: reason.description, change } };
  return escalate({ kind: 'needs-decision', reason }, change, context);
}

function reconcileAgain(
  record: CheckoutRecord,
  { until, why }: { readonly until: number; readonly why: string },
  change: Change,
  context: Context,
): NextAction {
  const reason: Reason = {
    code: 'unknown-outcome',
    description: `The outcome is not known yet: ${why}.`,
    remedy: 'The worker keeps checking. The record shows what is known so far, if you want to decide sooner.',
    at: context.now,
  };
  return orAlarm(record, { step: 'doubt', at: until, why, change }, reason, context);
}

function askWhatBecame(
  record: CheckoutRecord,
  evidence: Evidence,
  why: string,
  context: Context,
): NextAction {
  const shown = {
    cart: evidence.cart,
    groups: evidence.groups,
    ordersFound: evidence.unowned.map(({ id, status, createdAt }) => ({ id, status, createdAt })),
    equalCartsInDoubt: evidence.equalCarts.map((equalCart) => equalCart.record.cartId),
    unreadableRecords: evidence.unreadable,
    repeated: record.repeated,
    attempts: record.attempts,
  };
  const reason: Reason = {
    ...(record.repeated?.reason ?? record.reason),
    code: record.repeated?.reason.code ?? record.reason?.code ?? 'unknown-outcome',
    description: `The outcome is unknown: ${why}.`,
    remedy:
      'Look for the order in Partner Center. Then name it, say that it was not bought, or give up on it.',
    at: context.now,
  };
  const question = { kind: 'needs-decision' as const, reason, evidence: JSON.stringify(shown) };
  return escalate(question, {}, context);
}

import { withJitter } from '../domain/checkout/backoff.ts';
import type { CheckoutRecord, Question, Reason } from '../domain/checkout/record.ts';
import { needsDecisionEvent } from '../domain/events/event-list.ts';
import { attentionRow, tellAttention } from './finalize.ts';
import { type Parking, park, parkWithoutResult, writeWhileMine } from './park.ts';
import type { Held, Run } from './run.ts';

/**
 * Asks a person, and parks: the copy keeps looking. The record says so first, then the row is opened (at every look, so
 * that no crash can lose the question), then the event, then the park.
 */
export async function askAndPark(
  run: Run,
  held: Held,
  question: { readonly kind: Question['kind']; readonly reason: Reason; readonly evidence?: string },
  to: Pick<Parking, 'step' | 'until'>,
  change: Partial<CheckoutRecord> = {},
): Promise<void> {
  const { deps } = run;
  const { kind, reason, evidence } = question;
  const isNew = held.record.asked?.kind !== kind;
  const asked = isNew
    ? await writeWhileMine(run, held, (record) => ({
        ...record,
        asked: { kind, since: deps.clock.now() },
        attentionMayBeOpen: true,
        reason,
      }))
    : held;
  if (asked === undefined)
    return parkWithoutResult(run, deps.clock.now() + deps.times.outageRetry, 'the lease was lost');
  // guard: People: a question opens its row before the park
  await deps.attention.write(attentionRow(asked.record, kind, reason, evidence), 'not-newer');
  if (isNew) tellAttention(deps, 'AttentionOpened', asked.record, kind, reason.code);
  if (kind === 'needs-decision') await deps.events.publish([needsDecisionEvent(asked.record)]);
  await park(run, asked, { ...to, why: 'a person is asked' }, { reason, ...change });
}

/** Parks. A job that has been under way for long is told to a person too: whatever it waits for may need a push. */
export function parkAndTell(
  run: Run,
  held: Held,
  to: Parking,
  reason: Reason,
  change: Partial<CheckoutRecord>,
): Promise<void> {
  const { clock, times } = run.deps;
  const { asked, decisions, firstSend } = held.record;
  const since = Math.max(firstSend, ...decisions.map(({ at }) => at));
  if (asked?.kind === 'needs-decision' || clock.now() - since < times.pendingAlarm)
    return park(run, held, to, change);
  return askAndPark(run, held, { kind: 'pending-too-long', reason }, to, change);
}

export const whenAsked = (run: Run): number =>
  run.deps.clock.now() + withJitter(run.deps.times.askedRetry, run.deps.chance);

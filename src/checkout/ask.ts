import { roughly } from './back-off.ts';
import { needsDecisionEvent } from './event-list.ts';
import { park, parkWithoutResult, writeWhileMine } from './park.ts';
import type { Question, Reason } from './record.ts';
import type { Held, Run } from './run.ts';
import { attentionRow, tellAttention } from './tail.ts';

/**
 * Asks a person, and parks: the copy keeps looking. The record says so first, then the row is opened (at every look, so
 * that no crash can lose the question), then the event, then the park.
 */
export async function askAndPark(
  run: Run,
  held: Held,
  question: { readonly kind: Question['kind']; readonly reason: Reason; readonly evidence?: string },
  to: { readonly step: 'wait' | 'doubt'; readonly until: number },
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
  await deps.attention.write(attentionRow(asked.record, kind, reason, evidence), 'not-newer');
  if (isNew) tellAttention(deps, 'AttentionOpened', asked.record, kind, reason.code);
  if (kind === 'needs-decision') await deps.events.publish([needsDecisionEvent(asked.record)]);
  await park(run, asked, { ...to, why: 'a person is asked' });
}

export const whenAsked = (run: Run): number =>
  run.deps.clock.now() + roughly(run.deps.times.askedRetry, run.deps.chance);

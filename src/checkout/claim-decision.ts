import { compact } from '../compact.ts';
import type { Claim } from './claim.ts';
import { type Claimed, claimed, endedBy } from './claimed.ts';
import type { Decision } from './delivery.ts';
import { givenUp } from './given-up.ts';
import type { Stored } from './ledger.ts';
import { overtaken } from './overtaken.ts';
import type { CheckoutRecord } from './record.ts';
import type { Run } from './run.ts';
import { runTail } from './tail.ts';
import { transition } from './transitions.ts';

/** A person's decision that applies: it is written with the claim, so it counts once. */
export async function claimDecision(run: Run, found: Stored<CheckoutRecord>): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const { decision } = delivery;
  if (decision === undefined) return undefined;
  const now = deps.clock.now();
  const { repeated, reason, ...rest } = found.value;
  const base: CheckoutRecord = {
    ...withDecision(run, rest, decision),
    ticket: delivery.ticket,
    attentionMayBeOpen: true,
  };
  const undecided = compact({ ...base, repeated, reason });
  switch (decision.decision) {
    case 'retry': {
      // Its events may still wait for a topic that was away, and the record after the retry no longer tells them.
      await runTail(deps, found.value);
      const { asked: _, gaveUp, refusedSince: __, goneSince: ___, ...fresh } = base;
      const inDoubt = gaveUp === true;
      const state = transition(base.state, inDoubt ? 'reopen-in-doubt' : 'reopen');
      const reopened = { ...fresh, state, attempts: 0, looks: 0, ...(inDoubt ? {} : { lastSend: now }) };
      return claimed(run, found, reopened, inDoubt ? 'look' : 'call');
    }
    case 'not-bought':
      return claimed(run, found, { ...undecided, repeatAllowed: true }, 'look');
    case 'orders': {
      const held = await claimed(run, found, undecided, 'look');
      return held && { kind: 'orders', held: held.held, orderIds: decision.orderIds, who: decision.who };
    }
    case 'give-up': {
      // guard: People: a job that waits is given up in one write
      if (undecided.state === 'waiting') return giveUpWaiting(run, found.etag, undecided, decision.who);
      const inDoubt = { ...undecided, state: transition(undecided.state, 'doubt') };
      const held = await claimed(run, found, inDoubt, 'look');
      return held && { kind: 'give-up', held: held.held, who: decision.who };
    }
  }
}

/** Nothing of it is running: one write ends it. A claim before it would leave, if its worker died, a job that goes on. */
async function giveUpWaiting(
  run: Run,
  etag: string,
  record: CheckoutRecord,
  who: string,
): Promise<Claimed | undefined> {
  const { deps } = run;
  const ended = endedBy(run, record, givenUp(record, who, deps.clock.now()));
  const written = await deps.ledger.replace(ended, etag, deps.chance.guid());
  return written.kind === 'conflict' ? undefined : { kind: 'ended', record: ended };
}

export const withDecision = (
  { deps, delivery }: Run,
  record: CheckoutRecord,
  { decision, who }: Decision,
): CheckoutRecord => ({
  ...record,
  decisions: [...record.decisions, { decision, who, at: deps.clock.now(), ticket: delivery.ticket }],
});

/** A decision that came too late is told where people look; the message is an ordinary delivery. */
export async function tellOvertaken(run: Run, record: CheckoutRecord, claim: Claim): Promise<void> {
  const { deps, delivery } = run;
  // Behind a lease or a wait it is parked, and judged when it comes again.
  if (delivery.decision === undefined || ['decide', 'leased', 'early'].includes(claim.kind)) return;
  const words = overtaken(delivery.decision, delivery.ticket, record, deps.clock.now());
  if (words === undefined) return;
  const { customerId, cartId } = record;
  await deps.attention.overtaken({ customerId, cartId }, words);
  deps.telemetry.event('DecisionOvertaken', {
    customerId,
    cartId,
    decision: delivery.decision.decision,
  });
}

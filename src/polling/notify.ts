/** End of a tick: tells people of new attention and of ended batches, by the webhook. What they were not told stands in the tables. */

import {
  attentionNotice,
  batchNotice,
  type Notice,
  type NoticeState,
  withFailure,
} from '../domain/notice/notice.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notices, RowToTell } from '../ports/notices.ts';
import type { Random } from '../ports/random.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Webhook } from '../ports/webhook.ts';

/** A worker without a webhook has none of it. */
export interface Notifier {
  readonly notices: Notices;
  readonly webhook: Webhook;
  /** Address of the runbook's page. */
  readonly runbook: string;
}

interface NotifyDeps extends Notifier {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'guid'>;
  readonly telemetry: Pick<Telemetry, 'warn'>;
}

/** Batches in one tick. */
const mostBatches = 5;
/** No post begins later than this after the first; each takes 10 s at most. */
const postingBudget = 10_000;

/**
 * Posts what is new, and returns how the posting stands. A row names its notice before the notice leaves, so a repetition carries
 * the same id: after a crash, an answer that was lost, or beside another instance. A webhook that fails is asked again by a later
 * tick, with growing pauses. `now`: storage time, epoch ms. Throws `Unavailable` ('storage').
 */
export async function notify(deps: NotifyDeps, before: NoticeState, now: number): Promise<NoticeState> {
  if (before.trouble !== undefined && now < before.trouble.nextAt) return before;
  const started = deps.clock.now();
  let accepted = false;
  let failure: string | undefined;
  /** False: no other notice may leave in this tick. */
  const post: Post = async (notice, remember) => {
    const posted = await deps.webhook.post(notice);
    if (posted.kind === 'accepted') {
      accepted = true;
      await remember();
    } else failure ??= posted.why;
    const mayGoOn = posted.kind === 'accepted' || posted.of === 'content';
    return mayGoOn && deps.clock.now() < started + postingBudget;
  };
  await postAll(deps, post);
  if (failure !== undefined) {
    // Once for each reason, not with each try.
    if (before.trouble?.why !== failure)
      deps.telemetry.warn(`The webhook did not accept a notice: ${failure} It is posted again later.`);
    return withFailure(accepted ? { ...before, acceptedAt: now } : before, failure, now);
  }
  if (!accepted) return before;
  if (before.trouble !== undefined)
    deps.telemetry.warn('The webhook accepts notices again. Those that waited are posted.');
  return { acceptedAt: now };
}

type Post = (notice: Notice, remember: () => Promise<void>) => Promise<boolean>;

async function postAll(deps: NotifyDeps, post: Post): Promise<void> {
  const { notices, random, runbook } = deps;
  const pending = new Map<string, RowToTell[]>();
  const fresh: RowToTell[] = [];
  for await (const row of notices.rows()) {
    if (row.isTold) continue;
    if (row.noticeId === undefined) fresh.push(row);
    else {
      const rows = pending.get(row.noticeId);
      if (rows === undefined) pending.set(row.noticeId, [row]);
      else rows.push(row);
    }
  }
  const about = (id: string, rows: readonly RowToTell[]): Promise<boolean> =>
    post(attentionNotice(id, rows, runbook), () => notices.mark(rows, id, true));
  // What may have been posted keeps its rows: one that joined it could be dropped with the repetition.
  for (const [id, rows] of pending) if (!(await about(id, rows))) return;
  if (fresh.length > 0) {
    const id = `attention:${random.guid()}`;
    // guard: Notice: a row names its notice before the notice leaves
    await notices.mark(fresh, id, false);
    if (!(await about(id, fresh))) return;
  }
  for (const batch of await notices.endedBatches(mostBatches))
    if (!(await post(batchNotice(batch, runbook), () => notices.batchTold(batch)))) return;
}

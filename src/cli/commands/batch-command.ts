/** `batch`: how far a batch is, its results as a file, and the report. */
import { createWriteStream, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { batchView } from '../../api/batch-view.ts';
import { type LineKind, lineKinds, openLines } from '../../domain/batch/batch-counts.ts';
import { isRetryable, states } from '../../domain/checkout/record.ts';
import { describeValue } from '../../domain/looks-like.ts';
import { readBatchId } from '../../domain/message/job.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { withoutDot } from '../../domain/sentence.ts';
import { type BatchStatus, batchStatuses } from '../../operator/batches/batch-status.ts';
import { findQueued, mostPeeked } from '../../operator/batches/queued-batch.ts';
import { counted } from '../../operator/counted.ts';
import { answerOf } from '../../operator/report/page.ts';
import { waitingIn } from '../../ports/queue-status.ts';
import { type CsvChoice, csvLines, reportOf } from '../session/batch-files.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import type { Output } from '../session/output.ts';
import { clockNote, clockTime, quoted } from '../session/words.ts';
import { stopCommand } from './batch-stop-command.ts';

interface Options extends CsvChoice {
  readonly watch?: true;
  readonly csv?: string | true;
  readonly report?: string;
}

export const batchCommand = newCommand(
  'batch',
  'shows how far a batch is and when it will be done; writes its results as CSV and its report as one page',
  'npx partner-checkout batch night-2026-11-24 --watch\n  npx partner-checkout batch night-2026-11-24 --csv results.csv --report night.html\n  npx partner-checkout batch stop night-2026-11-24',
)
  .argument('<id>', 'the batch')
  .option('--watch', 'shows the batch until every line has a result')
  .option(
    '--csv [file]',
    'writes a line for each cart or order line: state, orders, subscriptions, reason, remedy, price; to standard output without a file',
  )
  .option('--failed-only', 'with --csv: only what failed, or was dropped')
  .option(
    '--as-list',
    'with --csv --failed-only: writes a list of order lines that you can correct and send again',
  )
  .option('--report <file>', 'writes one HTML page, for the browser or for mail')
  .action((id: string, options: Options, command) =>
    inSession(command, (session) => run(session, id, options)),
  )
  .addCommand(stopCommand);

const watchEvery = 2_000;

async function run(session: Session, id: string, options: Options): Promise<number> {
  const { output, operator, queues, interrupted } = session;
  const batchId = batchIdIn(id);
  const deps = await operator();
  const { queueStatus, queued } = await queues();
  const status = batchStatuses({ ...deps, findQueued: (batch) => findQueued(queued, batch) });
  const backlog = () => waitingIn([queueStatus]);
  const clock = clockNote(deps.config.timeFactor);
  let now = known(batchId, await status(batchId, await backlog()));
  while (options.watch === true && openLines(now.counts) > 0 && !interrupted.aborted) {
    output.progress(watchLine(now, deps.clock.now(), clock));
    await deps.clock.sleep(watchEvery);
    now = known(batchId, await status(batchId, await backlog()));
  }
  if (options.asList === true && (options.csv === undefined || options.failedOnly !== true))
    throw new CommandFailure(exit.usage, '--as-list goes with --csv and --failed-only.');
  if (options.csv === true || options.csv === '-') {
    for await (const line of csvLines(deps, batchId, options)) process.stdout.write(line);
    return exit.ok;
  }
  if (options.csv !== undefined) {
    await pipeline(csvLines(deps, batchId, options), createWriteStream(options.csv));
    output.note(`Results: ${options.csv}`);
  }
  if (options.report !== undefined) {
    writeFileSync(options.report, await reportOf(deps, now));
    output.note(`Report: ${options.report}`);
  }
  show(output, now, deps.clock.now(), clock);
  output.data(batchData(now));
  if (interrupted.aborted) return exit.interrupted;
  const { counts, questions, gate, eta } = now;
  const bad = counts.failed + counts.partial + counts.rejected + questions.length;
  // It does not open by itself: somebody has to put something right.
  const isBlocked = !gate.open && eta.kind === 'unknown';
  return bad > 0 || isBlocked ? exit.found : exit.ok;
}

/** For programs: what `GET /api/batches` answers, in the same shape, and what only operators see. */
export function batchData(status: BatchStatus) {
  const { gate, stopped, stoppedJobs, queued, eta, questions } = status;
  const view = batchView(status);
  return {
    ...view,
    gate: { ...view.gate, ...omitUndefined({ reason: gate.reason }) },
    ...omitUndefined({ stoppedBy: stopped, queued }),
    stoppedJobs,
    eta,
    questions,
  };
}

function batchIdIn(text: string): string {
  const read = readBatchId(text);
  if (read.ok) return read.batchId;
  throw new CommandFailure(
    exit.usage,
    `The batch id is wrong: ${read.problems[0]?.reason ?? ''}; it is ${describeValue(text)}.`,
  );
}

function known(batchId: string, status: BatchStatus | undefined): BatchStatus {
  if (status !== undefined) return status;
  throw new CommandFailure(
    exit.found,
    `Batch ${batchId} is not known: no worker has taken a job of it, and none of it is among the first ${mostPeeked} messages of each queue. How the queues stand: npx partner-checkout status`,
  );
}

function show(output: Output, status: BatchStatus, now: number, clock: string): void {
  const { batchId, total, stopped, queued, counts, perMinute, questions, decisions, held, gate } = status;
  if (decisions > 0) {
    output.line(
      output.paint(
        'yellow',
        `${counted(decisions, 'job waits', 'jobs wait')} for your decision. Next: npx partner-checkout attention --batch ${quoted(batchId)}`,
      ),
    );
    for (const { jobKey } of questions.filter(({ asked }) => asked === 'needs-decision').slice(0, 5))
      output.line(`  npx partner-checkout resolve ${jobKey}`);
  }
  if (held > 0)
    output.line(
      `${counted(held, 'job is', 'jobs are')} held back by Microsoft. Nothing to do: the worker tries again.`,
    );
  if (!gate.open && openLines(counts) > 0)
    output.line(
      output.paint(
        'yellow',
        `The gate is closed: ${withoutDot(gate.reason ?? 'no reason given')}. Next: npx partner-checkout status`,
      ),
    );
  output.line(output.paint('bold', answerOf(status)));
  output.line(
    `${barOf(status)}  batch ${batchId}, ${total === undefined ? 'no size declared' : `${total} declared`}`,
  );
  if (queued !== undefined)
    output.line(
      `No worker has taken a job of it yet: this is what its messages in the queue say.${queued.at === undefined ? '' : ` They are held back until ${clockTime(queued.at, now)}.`}`,
    );
  if (stopped !== undefined)
    output.line(
      output.paint(
        'yellow',
        `Stopped by ${stopped.who}, ${clockTime(stopped.at, now)}. To continue: npx partner-checkout batch stop ${quoted(batchId)} --undo`,
      ),
    );
  output.table(
    ['state', 'carts'],
    lineKinds.filter((kind) => counts[kind] > 0).map((kind) => [lineNames[kind], counts[kind]]),
  );
  const rate = `${Math.round(perMinute)} checkouts a minute in the last five minutes. `;
  output.line(openLines(counts) === 0 ? etaText(status, now) : `${rate}${etaText(status, now)}${clock}`);
  const late = questions.filter(({ asked }) => asked === 'pending-too-long').length;
  if (late > 0)
    output.line(
      `${counted(late, 'order is', 'orders are')} pending for too long. Next: npx partner-checkout attention`,
    );
  if (states.some((state) => isRetryable(state) && counts[state] > 0))
    output.line('What failed and why: npx partner-checkout attention');
}

const lineNames: Readonly<Record<LineKind, string>> = {
  submitting: 'submitting',
  waiting: 'waiting',
  unresolved: 'unresolved',
  ordered: 'ordered (pending)',
  completed: 'completed',
  partial: 'partial',
  failed: 'failed',
  rejected: 'rejected',
  notStarted: 'not started',
};

function etaText({ eta }: Pick<BatchStatus, 'eta'>, now: number): string {
  switch (eta.kind) {
    case 'done':
      return 'Done.';
    case 'pending-orders':
      return 'All are checked out; orders are pending at Partner Center.';
    case 'unknown':
      return `The end is not known: ${withoutDot(eta.why)}.`;
    case 'at':
      return `The last checkout is at about ${clockTime(eta.at, now)}, at ${Math.round(eta.perMinute)} calls a minute.`;
  }
}

/** One line, its end first: a narrow terminal cuts what follows. */
export function watchLine(
  status: Pick<BatchStatus, 'counts' | 'stoppedJobs' | 'eta'>,
  now: number,
  clock: string,
): string {
  const { eta, counts } = status;
  const end = eta.kind === 'at' ? `last checkout about ${clockTime(eta.at, now)}` : etaText(status, now);
  return `${barOf(status)} ${openLines(counts)} open · ${end} · ${answerOf(status)}${clock}`;
}

const barWidth = 20;

function barOf({ counts }: Pick<BatchStatus, 'counts'>): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const full = all === 0 ? 0 : Math.floor(((all - openLines(counts)) / all) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

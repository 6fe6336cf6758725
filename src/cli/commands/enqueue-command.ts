/** `enqueue`: checks a list, and sends its jobs as one batch. */

import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { Option } from 'commander';
import { jobSender } from '../../adapters/service-bus/service-bus-job-sender.ts';
import { describeValue } from '../../domain/looks-like.ts';
import { decodeJobValue } from '../../domain/message/job.ts';
import { counted } from '../../operator/counted.ts';
import { enqueue } from '../../operator/enqueue.ts';
import { fileProblem } from '../../operator/file-problem.ts';
import { type CheckedList, checkList, type ListProblem } from '../../operator/list/check-list.ts';
import { readList } from '../../operator/list/read-list.ts';
import { UnreadableList } from '../../operator/list/unreadable-list.ts';
import type { WallTime } from '../../operator/wall-time.ts';
import { timeToCome } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import type { Output } from '../session/output.ts';
import { quoted } from '../session/words.ts';

interface Options {
  readonly batch?: string;
  readonly at?: string;
  readonly skipInvalid?: true;
  readonly dryRun?: true;
}

export const enqueueCommand = newCommand(
  'enqueue',
  'sends a list of carts or order lines to the queue: CSV with a header, or one JSON object a line',
  'npx partner-checkout enqueue tonight.csv --at 02:00\n  jq -c ".[]" carts.json | npx partner-checkout enqueue - --batch night-2026-11-24',
)
  .argument('<file>', 'the list; - for standard input')
  .option(
    '--batch <id>',
    'the id of the batch; without it, the id is made from the jobs, so that the same list sent twice is one batch',
  )
  .option('--at <time>', 'no earlier than this local time (02:00) or this instant (2026-11-24T02:00:00Z)')
  .option('--skip-invalid', 'sends the valid lines and leaves out the others')
  .addOption(new Option('--dry-run', 'checks the list and sends nothing'))
  .action((file: string, options: Options, command) =>
    inSession(command, (session) => run(session, file, options)),
  );

async function run(session: Session, file: string, options: Options): Promise<number> {
  const { output, interrupted } = session;
  const start = options.at === undefined ? undefined : timeToCome('--at', options.at, Date.now());
  const list = await check(session, file, options, start);
  if (list === undefined) return exit.interrupted;
  tell(output, list, start);
  const refused = list.invalid > 0 && options.skipInvalid !== true;
  const facts = { ...list, jobs: list.jobs.length, ...(start === undefined ? {} : { notBefore: start.at }) };
  if (list.jobs.length === 0 || refused) {
    output.line(
      list.jobs.length === 0
        ? 'The list has no job. Nothing was sent.'
        : 'Nothing was sent. Correct these lines, or send the others with --skip-invalid.',
    );
    output.data({ ...facts, sent: 0 });
    return exit.found;
  }
  if (options.dryRun === true) {
    output.line('Nothing was sent (--dry-run).');
    output.data({ ...facts, sent: 0 });
    return exit.ok;
  }
  const sent = await sendAll(session, list, start);
  output.data({ ...facts, ...sent });
  if (!interrupted.aborted) {
    output.line(
      `${counted(sent.sent, 'job')} sent, ${sent.perSecond} a second. Next: npx partner-checkout batch ${quoted(list.batchId)} --watch`,
    );
    return exit.ok;
  }
  output.note(
    `Interrupted: ${sent.sent} of ${counted(list.jobs.length, 'job')} are sent. Run the same command again to send the rest: jobs that are sent twice are bought once.`,
  );
  return exit.interrupted;
}

/** Undefined: Ctrl-C. */
async function check(
  { output, interrupted }: Session,
  file: string,
  options: Options,
  start: WallTime | undefined,
): Promise<CheckedList | undefined> {
  if (file === '-' && process.stdin.isTTY) output.note('Reads the list from the terminal; Ctrl-D ends it.');
  const source = addAbortSignal(interrupted, file === '-' ? process.stdin : createReadStream(file));
  try {
    return await checkList(readList(source), {
      ...(options.batch === undefined ? {} : { batchId: batchIdOf(options.batch) }),
      notBefore: start?.at ?? Date.now(),
      onLine: (lines) => {
        if (lines % 10_000 === 0) output.progress(`${lines} lines checked`);
      },
    });
  } catch (error) {
    if (interrupted.aborted) {
      output.note('Interrupted. Nothing was sent.');
      return undefined;
    }
    const name = file === '-' ? 'The list on standard input' : `The list ${file}`;
    if (error instanceof UnreadableList)
      throw new CommandFailure(exit.found, `${name} cannot be read. ${error.message}`);
    const problem = fileProblem(error);
    if (problem !== undefined) throw new CommandFailure(exit.usage, `${name} cannot be read: ${problem}.`);
    throw error;
  }
}

function batchIdOf(text: string): string {
  const decoded = decodeJobValue({ customerId: noId, cartId: noId, batchId: text });
  if (decoded.ok) return text;
  throw new CommandFailure(exit.usage, `--batch is ${describeValue(text)}: ${decoded.rejection.reason}`);
}

function tell(output: Output, list: CheckedList, start: WallTime | undefined): void {
  const twice =
    list.duplicates === 0
      ? ''
      : `, ${counted(list.duplicates, 'line names', 'lines name')} a job of another line`;
  const wrong = list.invalid === 0 ? '' : `, ${counted(list.invalid, 'is', 'are')} not valid`;
  output.line(
    `${counted(list.lines, 'line')}: ${counted(list.jobs.length, 'job')}${twice}${wrong}.${list.jobs.length === 0 ? '' : ` Batch ${list.batchId}.`}`,
  );
  tellProblems(output, list.problems, list.invalid);
  if (start === undefined) return;
  output.line(`Not before ${start.text}.`);
  if (start.note !== undefined) output.line(start.note);
}

const shownProblems = 20;

function tellProblems(output: Output, problems: readonly ListProblem[], count: number): void {
  if (count === 0) return;
  const rows = problems.slice(0, shownProblems).map(({ line, field, reason }) => [line, field, reason]);
  output.table(['line', 'field', 'reason'], rows);
  if (count > shownProblems) output.line(`… and ${count - shownProblems} more`);
}

interface Sent {
  readonly sent: number;
  readonly seconds: number;
  readonly perSecond: number;
}

async function sendAll(
  { output, operator, queues, interrupted }: Session,
  list: CheckedList,
  start: WallTime | undefined,
): Promise<Sent> {
  const { clock, random, config } = await operator();
  const { bus } = await queues();
  const began = clock.now();
  let sent = 0;
  const seconds = () => (clock.now() - began) / 1_000;
  const perSecond = () => Math.round(sent / Math.max(0.001, seconds()));
  await enqueue(jobSender(bus.createSender(config.serviceBus.queue), clock, random), {
    list,
    ...(start === undefined ? {} : { notBefore: start.at }),
    signal: interrupted,
    onSent(count) {
      sent = count;
      // What was sent in all is said at the end.
      if (sent === list.jobs.length) return;
      const rate = perSecond();
      const left = rate === 0 ? '' : ` · ${Math.ceil((list.jobs.length - sent) / rate)} s left`;
      output.progress(`${sent} of ${list.jobs.length} sent · ${rate}/s${left}`);
    },
  });
  return { sent, seconds: seconds(), perSecond: perSecond() };
}

const noId = '00000000-0000-0000-0000-000000000000';

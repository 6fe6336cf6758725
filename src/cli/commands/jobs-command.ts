/** `jobs`: jobs by batch, customer, state and reference, one line each. */
import { Option } from 'commander';
import { type State, states } from '../../domain/checkout/record.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { type JobLine, listJobs, whyNotList } from '../../operator/jobs/list-jobs.ts';
import { unknownInFilter } from '../../operator/known-filter.ts';
import { guidIn, wholeNumberIn } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { harmless } from '../session/output.ts';
import { clockTime } from '../session/words.ts';

interface Options {
  readonly batch?: string;
  readonly customer?: string;
  readonly state?: State;
  readonly reference?: string;
  readonly most: string;
}

export const jobsCommand = newCommand(
  'jobs',
  'lists jobs of a batch or a customer, or all jobs in a state without a result',
  'npx partner-checkout jobs --batch night-2026-11-24 --state waiting\n  npx partner-checkout jobs --batch night-2026-11-24 --reference PO-2026-118',
)
  .option('--batch <id>', 'jobs of this batch')
  .option('--customer <id>', 'jobs of this customer')
  .addOption(new Option('--state <state>', 'jobs in this state').choices(states))
  .option('--reference <text>', 'jobs with this reference')
  .option('--most <n>', 'shows at most this many', '100')
  .action((options: Options, command) => inSession(command, (session) => run(session, options)));

async function run({ output, operator, interrupted }: Session, options: Options): Promise<number> {
  const most = wholeNumberIn('--most', options.most);
  const filter = omitUndefined({
    batchId: options.batch,
    customerId: options.customer === undefined ? undefined : guidIn('--customer', options.customer),
    state: options.state,
    reference: options.reference,
  });
  const why = whyNotList(filter);
  if (why !== undefined) throw new CommandFailure(exit.usage, why);
  const deps = await operator();
  const jobs: JobLine[] = [];
  let more = false;
  for await (const line of listJobs(deps, filter)) {
    more = jobs.length >= most;
    if (more || interrupted.aborted) break;
    jobs.push(line);
  }
  if (jobs.length === 0 && !interrupted.aborted) {
    const unknown = await unknownInFilter(deps, filter);
    if (unknown !== undefined) throw new CommandFailure(exit.found, unknown);
  }
  output.data({ jobs, more });
  const now = deps.clock.now();
  for (const line of jobs) output.line(harmless(wordsOf(line, now)));
  if (jobs.length === 0) output.line('No job matches.');
  if (more) output.line(`There are more: --most ${most * 10} shows more of them.`);
  if (interrupted.aborted) return exit.interrupted;
  return jobs.length === 0 ? exit.found : exit.ok;
}

function wordsOf({ jobKey, state, reference, code, orderIds, nextTry }: JobLine, now: number): string {
  const next = nextTry === undefined ? '' : `next try ${clockTime(nextTry, now)}`;
  return [state.padEnd(10), jobKey, reference, code, orderIds.join(' '), next]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');
}

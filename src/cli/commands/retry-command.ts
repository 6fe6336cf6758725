/** `retry`: a person's decision to try failed and partial jobs again. */
import { resultKinds } from '../../domain/checkout/attention-row.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { counted } from '../../operator/counted.ts';
import {
  openJobs,
  type Passed,
  passedWords,
  type RetryDeps,
  type RetryReport,
  retryJobs,
} from '../../operator/jobs/retry.ts';
import { jobArgument, jobKeysIn, rateIn } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { decidingMany, decidingOne } from '../session/decide.ts';
import type { Operator } from '../session/operator.ts';
import { harmless } from '../session/output.ts';
import { quoted } from '../session/words.ts';
import { type FilterOptions, filterOf, isChosen, withFilter } from './attention-filter.ts';

interface Options extends FilterOptions {
  readonly dryRun?: true;
  readonly rate?: string;
  readonly yes?: true;
}

export const retryCommand = withFilter(
  newCommand(
    'retry',
    'retries failed and partial jobs: writes the decision into their records. Safe to interrupt and repeat',
    'npx partner-checkout retry --code 800009 --batch night-2026-11-24 --dry-run\n  npx partner-checkout retry 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
  ).argument('[job...]', `${jobArgument}; without it the jobs of the filter`),
  resultKinds,
)
  .option('--dry-run', 'counts and samples; writes nothing')
  .option('--rate <n/s>', 'at most this many a second')
  .option('--yes', 'does not ask for confirmation')
  .action((names: readonly string[], options: Options, command) =>
    inSession(command, (session) => retry(session, names, options)),
  );

async function retry(session: Session, names: readonly string[], options: Options): Promise<number> {
  const { output, interrupted } = session;
  const perSecond = options.rate === undefined ? undefined : rateIn(options.rate);
  const jobs = await chosenJobs(session, names, options);
  // The tick wakes many, as the gate allows; for a few a person waits.
  const deps: RetryDeps & Pick<Operator, 'who'> =
    names.length === 0 ? await decidingMany(session) : await decidingOne(session, 'retry');
  const run = (who: string | undefined): Promise<RetryReport> =>
    retryJobs(deps, jobs(), {
      who,
      // Whoever names a job knows better.
      onlyUseful: names.length === 0,
      signal: interrupted,
      onProgress: (count) =>
        output.progress(`${counted(count, 'job')} ${who === undefined ? 'checked' : 'decided'}`),
      ...(perSecond === undefined ? {} : { perSecond }),
      ...(options.batch === undefined ? {} : { batchId: options.batch }),
    });
  if (options.dryRun === true || options.yes !== true) {
    const plan = await run(undefined);
    show(session, plan);
    if (plan.interrupted) {
      output.data({ ...plan, decided: 0 });
      output.note('Interrupted: not all jobs were read. Nothing was written.');
      return exit.interrupted;
    }
    if (options.dryRun === true || plan.jobs === 0) {
      output.data({ ...plan, decided: 0 });
      if (options.dryRun === true)
        output.line(`${plan.jobs} would be retried. Nothing was written (--dry-run).`);
      return plan.jobs === 0 || Object.keys(plan.passed).length > 0 ? exit.found : exit.ok;
    }
    if (!(await confirm(`Retry ${counted(plan.jobs, 'job')}?`, options))) {
      output.note('Nothing was written.');
      return exit.found;
    }
  }
  const name = await deps.who();
  const report = await run(name);
  if (options.yes === true) show(session, report);
  output.data({ ...report, decided: report.jobs, who: name });
  const watch =
    options.batch === undefined
      ? 'npx partner-checkout attention'
      : `npx partner-checkout batch ${quoted(options.batch)} --watch`;
  const wakes =
    deps.wakeUps === undefined
      ? 'The ticks wake them while the gate is open.'
      : 'The worker carries them out now.';
  const [first] = names.length === 0 ? [] : jobKeysIn(names);
  output.line(
    harmless(
      `${counted(report.jobs, 'retry', 'retries')} decided by ${name}. ${wakes} Watch: ${first === undefined ? watch : `npx partner-checkout job ${first}`}`,
    ),
  );
  if (report.interrupted)
    output.note('Interrupted. Run the same command again for the rest: no job is decided twice.');
  if (report.interrupted) return exit.interrupted;
  return report.jobs === 0 ? exit.found : exit.ok;
}

async function chosenJobs(
  { operator }: Session,
  names: readonly string[],
  options: Options,
): Promise<() => AsyncIterable<JobKey> | Iterable<JobKey>> {
  if (names.length > 0) {
    const keys = jobKeysIn(names);
    return () => keys;
  }
  if (!isChosen(options))
    throw new CommandFailure(
      exit.usage,
      'Which jobs? Job keys, CUSTOMER CART, or --code, --batch, --kind, --customer, --since.',
    );
  const { attentionRows, now } = await operator();
  const filter = filterOf(options, now());
  return () => openJobs(attentionRows, filter);
}

const passedKinds = Object.keys(passedWords).filter((kind): kind is Passed => kind in passedWords);

function show({ output }: Session, report: RetryReport): void {
  for (const { count, state, code, description, samples } of report.groups) {
    output.line(output.paint('bold', harmless(`${count}  ${state}  ${code}  ${description}`)));
    for (const jobKey of samples) output.line(`    ${jobKey}`);
  }
  for (const kind of passedKinds) {
    const count = report.passed[kind] ?? 0;
    if (count > 0) output.line(`${count} passed over: ${passedWords[kind]}`);
  }
  for (const { jobKey, why } of report.refused) output.line(harmless(`    ${jobKey}: ${why}`));
  if (report.jobs === 0 && Object.keys(report.passed).length === 0)
    output.line('Nothing open matches. Everything that is open: npx partner-checkout attention');
}

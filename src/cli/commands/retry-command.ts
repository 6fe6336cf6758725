import type { CartKey } from '../../domain/message/job.ts';
import { counted } from '../../operator/counted.ts';
import { openCarts, passedWords, type RetryReport, retryJobs } from '../../operator/jobs/retry.ts';
import { resultKinds } from '../../ports/attention.ts';
import { cartIn, rateIn, withCart } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { harmless } from '../session/output.ts';
import { quoted } from '../session/words.ts';
import { type FilterOptions, filterOf, isChosen, withFilter } from './attention-filter.ts';

interface Options extends FilterOptions {
  readonly dryRun?: true;
  readonly rate?: string;
  readonly yes?: true;
}

export const retryCommand = withFilter(
  withCart(
    newCommand(
      'retry',
      'tries failed and partial jobs again: it sends, the worker decides. Killed, the same command goes on',
      'npx partner-checkout retry --code 800009 --batch night-2026-11-24 --dry-run\n  npx partner-checkout retry 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10 2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
    ),
  ),
  resultKinds,
)
  .option('--dry-run', 'counts and samples; sends nothing')
  .option('--rate <n/s>', 'sends at most so many a second')
  .option('--yes', 'does not ask')
  .action((customer: string | undefined, cart: string | undefined, options: Options, command) =>
    inSession(command, (session) => retry(session, customer, cart, options)),
  );

async function retry(
  session: Session,
  customer: string | undefined,
  cart: string | undefined,
  options: Options,
): Promise<number> {
  const { output, operator, queues, interrupted } = session;
  const perSecond = options.rate === undefined ? undefined : rateIn(options.rate);
  const carts = await chosenCarts(session, customer, cart, options);
  const { queue, urgentQueue } = await queues();
  // One job is waited for by a person; many wait their turn behind the night.
  const deps = { ...(await operator()), queue: cart === undefined ? queue : urgentQueue };
  const run = (who: string | undefined): Promise<RetryReport> =>
    retryJobs(deps, carts(), {
      who,
      signal: interrupted,
      onProgress: (jobs) =>
        output.progress(`${counted(jobs, 'job')} ${who === undefined ? 'looked at' : 'sent'}`),
      ...(perSecond === undefined ? {} : { perSecond }),
      ...(options.batch === undefined ? {} : { batchId: options.batch }),
    });
  if (options.dryRun === true || options.yes !== true) {
    const plan = await run(undefined);
    show(session, plan);
    if (plan.stopped) {
      output.data({ ...plan, sent: 0 });
      output.note('Stopped: not all was looked at. Nothing was sent.');
      return exit.interrupted;
    }
    if (options.dryRun === true || plan.jobs === 0) {
      output.data({ ...plan, sent: 0 });
      if (options.dryRun === true) output.line(`${plan.jobs} would be sent. Nothing was sent (--dry-run).`);
      return plan.jobs === 0 || Object.keys(plan.passed).length > 0 ? exit.found : exit.ok;
    }
    if (!(await confirm(`Send ${counted(plan.jobs, 'retry', 'retries')}?`, options))) {
      output.note('Nothing was sent.');
      return exit.found;
    }
  }
  const name = await deps.who();
  const report = await run(name);
  if (options.yes === true) show(session, report);
  output.data({ ...report, sent: report.jobs, who: name });
  const watch =
    options.batch === undefined
      ? 'npx partner-checkout attention'
      : `npx partner-checkout batch ${quoted(options.batch)} --watch`;
  output.line(
    harmless(
      `${report.jobs} sent by ${name}; the worker decides. Watch: ${cart === undefined ? watch : `npx partner-checkout job ${customer} ${cart}`}`,
    ),
  );
  if (report.stopped) output.note('Stopped. The same command goes on; what is sent twice counts once.');
  if (report.stopped) return exit.interrupted;
  return report.jobs === 0 ? exit.found : exit.ok;
}

async function chosenCarts(
  { operator }: Session,
  customer: string | undefined,
  cart: string | undefined,
  options: Options,
): Promise<() => AsyncIterable<CartKey> | Iterable<CartKey>> {
  if (customer !== undefined && cart !== undefined) {
    const key = cartIn(customer, cart);
    return () => [key];
  }
  if (customer !== undefined || !isChosen(options))
    throw new CommandFailure(
      exit.usage,
      'Which jobs? CUSTOMER CART, or --code, --batch, --kind, --customer, --since.',
    );
  const { attentionRows, clock } = await operator();
  const filter = filterOf(options, clock.now());
  return () => openCarts(attentionRows, filter);
}

function show({ output }: Session, report: RetryReport): void {
  for (const { count, state, code, description, samples } of report.groups) {
    output.line(output.paint('bold', harmless(`${count}  ${state}  ${code}  ${description}`)));
    for (const { customerId, cartId } of samples) output.line(`    ${customerId} ${cartId}`);
  }
  for (const [why, count] of Object.entries(report.passed))
    output.line(`${count} passed over: ${passedWords[why as keyof typeof passedWords]}`);
  if (report.jobs === 0 && Object.keys(report.passed).length === 0)
    output.line('Nothing open matches. Everything that is open: npx partner-checkout attention');
}

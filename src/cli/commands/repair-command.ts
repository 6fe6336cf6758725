/** `repair`: writes missing entries of the schedule, for all records at once. */
import type { JobKey } from '../../domain/message/job-key.ts';
import { repairResult } from '../../operator/check-result.ts';
import { counted } from '../../operator/counted.ts';
import { type RepairFinding, type RepairReport, repairSchedule } from '../../operator/repair-schedule.ts';
import { exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { harmless } from '../session/output.ts';

interface Options {
  readonly dryRun?: true;
  readonly yes?: true;
}

export const repairCommand = newCommand(
  'repair',
  'checks every record, and writes missing schedule entries for open jobs and pending orders. The worker also does this, within two days',
  'npx partner-checkout repair --dry-run\n  npx partner-checkout repair',
)
  .option('--dry-run', 'shows what is missing; writes nothing')
  .option('--yes', 'writes without showing first')
  .action((options: Options, command) => inSession(command, (session) => run(session, options)));

const mostShown = 100;

/** What was found for one job. */
interface Found {
  readonly jobKey: JobKey;
  readonly what: string;
}

async function run(session: Session, options: Options): Promise<number> {
  const { output, interrupted } = session;
  if (options.dryRun === true || options.yes !== true) {
    const { report, found } = await look(session, false);
    const result = repairResult(report, interrupted.aborted);
    show(session, found);
    output.line(`${result.text}${options.dryRun === true ? ' Nothing was written (--dry-run).' : ''}`);
    const missing = report.jobs + report.orders;
    if (options.dryRun === true || missing === 0 || interrupted.aborted) {
      output.data({ ...report, found, written: 0, result: result.kind });
      if (interrupted.aborted) return exit.interrupted;
      return result.kind === 'clear' ? exit.ok : exit.found;
    }
    if (!(await confirm(`Write ${counted(missing, 'entry', 'entries')}?`, options))) {
      output.note('Nothing was written.');
      return exit.found;
    }
  }
  const { report, found } = await look(session, true);
  if (options.yes === true) show(session, found);
  const written = report.jobs + report.orders;
  output.data({ ...report, found, written });
  output.line(
    `${counted(report.records, 'record')} checked; written: ${counted(report.jobs, 'entry of a job', 'entries of jobs')}, ${counted(report.orders, 'entry of an order', 'entries of orders')}. The next tick wakes them.`,
  );
  if (report.unreadable > 0)
    output.line(
      `${counted(report.unreadable, 'record')} could not be read: nothing is known of what they need. See: npx partner-checkout attention`,
    );
  if (interrupted.aborted) output.note('Stopped before the end. Run the same command again to continue.');
  if (interrupted.aborted) return exit.interrupted;
  return report.unreadable > 0 ? exit.found : exit.ok;
}

async function look(
  { operator, output, interrupted }: Session,
  write: boolean,
): Promise<{ readonly report: RepairReport; readonly found: readonly Found[] }> {
  const { ledger, ledgerScan, schedule, now } = await operator();
  const found: Found[] = [];
  const report = await repairSchedule(
    { ledger, ledgerScan, schedule, clock: { now } },
    {
      write,
      signal: interrupted,
      onFinding: (finding) => {
        found.push({ jobKey: finding.jobKey, what: wordsOf(finding) });
        output.progress(`${counted(found.length, 'finding')}`);
      },
    },
  );
  return { report, found };
}

function wordsOf(finding: RepairFinding): string {
  if (finding.kind === 'unreadable') return finding.why;
  const { job, orders } = finding;
  return [
    ...(job === undefined ? [] : [`no entry wakes it (it is ${job.state})`]),
    ...(orders.length === 0
      ? []
      : [
          `no entry polls ${orders.length === 1 ? 'order' : 'orders'} ${orders.map((order) => order.orderId).join(', ')}`,
        ]),
  ].join('; ');
}

function show({ output }: Session, found: readonly Found[]): void {
  for (const { jobKey, what } of found.slice(0, mostShown)) output.line(harmless(`${jobKey}: ${what}`));
  if (found.length > mostShown) output.line(`and ${found.length - mostShown} more (--json shows all)`);
}

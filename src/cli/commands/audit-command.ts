/** `audit`: compares the orders of a batch at Partner Center with the ledger. */
import { customerOf } from '../../domain/message/job-key.ts';
import { compareOrders, type Difference } from '../../operator/audit/compare-orders.ts';
import { auditResult } from '../../operator/check-result.ts';
import { exitOf } from '../session/check-exit.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { openPartnerCenter, readAll, signInOption } from '../session/partner-center-session.ts';
import { jobsOfBatch } from './batch-lines-command.ts';

export const auditCommand = newCommand(
  'audit',
  'compares the orders at Partner Center with the ledger, and lists the differences',
  'npx partner-checkout audit --batch night-2026-11-24',
)
  .requiredOption('--batch <id>', 'the batch whose jobs are compared')
  .addOption(signInOption())
  .action((options: { batch: string; signIn?: true }, command) =>
    inSession(command, (session) => run(session, options.batch, options.signIn === true)),
  );

async function run(session: Session, batchId: string, signIn: boolean): Promise<number> {
  const { output, operator, interrupted } = session;
  const access = await openPartnerCenter(session, signIn);
  const { ledger, config, batches } = await operator();
  const { jobs, notTaken } = await jobsOfBatch({ batches }, batchId);
  const customers = new Set(jobs.map(customerOf)).size;
  const differences: Difference[] = [];
  let agree = 0;
  let compared = 0;
  const whyNot = await readAll(
    compareOrders({ ...access, ledger, times: config.times }, jobs, (found) => {
      compared += 1;
      agree += found.agree;
      differences.push(...found.differences);
      output.progress(`${compared} of ${customers} customers, ${differences.length} differences`);
    }),
  );
  differences.sort((a, b) => a.customerId.localeCompare(b.customerId));
  for (const { kind, customerId, jobIds, orderId, text } of differences) {
    output.line(
      `${output.paint('yellow', kind)}: ${orderId === undefined ? '' : `order ${orderId}, `}${text}`,
    );
    output.line(`  customer ${customerId}, job ${jobIds.slice(0, 5).join(', ')}`);
  }
  const result = auditResult({
    carts: jobs.length,
    notTaken,
    customers,
    compared,
    agree,
    differences: differences.length,
  });
  output.line(result.text);
  output.data({
    batchId,
    carts: jobs.length,
    notTaken,
    customers,
    compared,
    agree,
    differences,
    result: result.kind,
  });
  if (whyNot !== undefined && !interrupted.aborted) throw new CommandFailure(exit.cannot, whyNot);
  return exitOf(result, interrupted.aborted);
}

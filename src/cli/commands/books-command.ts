import { customerOf } from '../../domain/message/job-key.ts';
import { compareBooks, type Difference } from '../../operator/audit/books.ts';
import { booksVerdict } from '../../operator/verdict.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { openPartnerCenter, readAll, signInOption } from '../session/partner-center-session.ts';
import { exitOf } from '../session/verdict-exit.ts';
import { jobsOfBatch } from './batch-lines-command.ts';

export const booksCommand = newCommand(
  'books',
  'compares every order that Partner Center has with every row, and prints what differs',
  'npx partner-checkout books --batch night-2026-11-24',
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
  const stopped = await readAll(
    compareBooks({ ...access, ledger, times: config.times }, jobs, (found) => {
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
  const verdict = booksVerdict({
    carts: jobs.length,
    notTaken,
    customers,
    compared,
    agree,
    differences: differences.length,
  });
  output.line(verdict.text);
  output.data({
    batchId,
    carts: jobs.length,
    notTaken,
    customers,
    compared,
    agree,
    differences,
    verdict: verdict.kind,
  });
  if (stopped !== undefined && !interrupted.aborted) throw new CommandFailure(exit.cannot, stopped);
  return exitOf(verdict, interrupted.aborted);
}

import { compareBooks, type Difference } from '../../operator/audit/books.ts';
import { booksVerdict } from '../../operator/verdict.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { openPartnerCenter, readAll, signInOption } from '../session/partner-center-session.ts';
import { exitOf } from '../session/verdict-exit.ts';
import { cartsOfBatch } from './batch-lines-command.ts';

export const booksCommand = newCommand(
  'books',
  'compares every order that Partner Center has with every row, and prints what differs',
  'npx partner-checkout books --batch night-2026-11-24',
)
  .requiredOption('--batch <id>', 'the batch whose carts are compared')
  .addOption(signInOption())
  .action((options: { batch: string; signIn?: true }, command) =>
    inSession(command, (session) => run(session, options.batch, options.signIn === true)),
  );

async function run(session: Session, batchId: string, signIn: boolean): Promise<number> {
  const { output, operator, interrupted } = session;
  const access = await openPartnerCenter(session, signIn);
  const { ledger, config, batches } = await operator();
  const { carts, notTaken } = await cartsOfBatch({ batches }, batchId);
  const customers = new Set(carts.map(({ customerId }) => customerId)).size;
  const differences: Difference[] = [];
  let agree = 0;
  let compared = 0;
  const stopped = await readAll(
    compareBooks({ ...access, ledger, times: config.times }, carts, (found) => {
      compared += 1;
      agree += found.agree;
      differences.push(...found.differences);
      output.progress(`${compared} of ${customers} customers, ${differences.length} differences`);
    }),
  );
  differences.sort((a, b) => a.customerId.localeCompare(b.customerId));
  for (const { kind, customerId, cartIds, orderId, text } of differences) {
    output.line(
      `${output.paint('yellow', kind)}: ${orderId === undefined ? '' : `order ${orderId}, `}${text}`,
    );
    output.line(`  customer ${customerId}, cart ${cartIds.slice(0, 5).join(', ')}`);
  }
  const verdict = booksVerdict({
    carts: carts.length,
    notTaken,
    customers,
    compared,
    agree,
    differences: differences.length,
  });
  output.line(verdict.text);
  output.data({
    batchId,
    carts: carts.length,
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

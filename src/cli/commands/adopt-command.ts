/** `adopt`: gives orders that no record has a record, after a loss of ledger rows. */

import { identityOf } from '../../domain/message/job-key.ts';
import { maxOrderId } from '../../domain/order/order.ts';
import { adopt } from '../../operator/jobs/adopt.ts';
import { jobKeyIn } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { harmless } from '../session/output.ts';

interface Options {
  readonly job: string;
  readonly yes?: true;
}

export const adoptCommand = newCommand(
  'adopt',
  'records orders that no job has, so that their cart is not bought again',
  'npx partner-checkout adopt SzSPoe2sXjTp --job 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
)
  .argument('<order...>', 'ids of the orders')
  .requiredOption('--job <key>', 'the job key of the cart that they came from')
  .option('--yes', 'does not ask for confirmation')
  .action((orders: readonly string[], options: Options, command) =>
    inSession(command, (session) => run(session, [...new Set(orders.map((id) => id.trim()))], options)),
  );

async function run(session: Session, orderIds: readonly string[], options: Options): Promise<number> {
  const { output, operator } = session;
  const jobKey = jobKeyIn([options.job]);
  const job = identityOf(jobKey);
  if (!('cartId' in job))
    throw new CommandFailure(
      exit.usage,
      `${harmless(jobKey)} names an order of the producer, and its lines are not known here. Send that message again while the gate is paused; then resolve it with --orders.`,
    );
  const bad = orderIds.find((id) => id === '' || id.length > maxOrderId || !id.isWellFormed());
  if (bad !== undefined)
    throw new CommandFailure(exit.usage, `${harmless(JSON.stringify(bad))} is not an order id.`);
  const question = `Record ${orderIds.join(', ')} as the orders of cart ${job.cartId}?`;
  if (!(await confirm(harmless(question), options))) {
    output.note('Nothing was written.');
    return exit.found;
  }
  const deps = await operator();
  const who = await deps.who();
  const body = JSON.stringify(job);
  const adopted = await adopt({ ...deps, times: deps.config.times }, { jobKey, job, body }, orderIds, who);
  output.data({
    kind: adopted.kind,
    jobKey,
    orderIds,
    ...(adopted.kind === 'refused' ? { why: adopted.why } : {}),
  });
  switch (adopted.kind) {
    case 'adopted':
      output.line(
        harmless(
          `Adopted by ${who}. The worker reads the orders within five minutes, or when the gate opens. Watch: npx partner-checkout job ${jobKey}`,
        ),
      );
      return exit.ok;
    case 'known':
      output.line(harmless(`The record of job ${jobKey} names them already; it is ${adopted.record.state}.`));
      return exit.ok;
    case 'refused':
      throw new CommandFailure(exit.found, harmless(`Nothing was written: ${adopted.why}.`));
  }
}

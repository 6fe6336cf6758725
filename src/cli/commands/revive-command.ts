import type { CartKey } from '../../domain/message/job.ts';
import { jobsWithoutDriver } from '../../operator/batches/batch-status.ts';
import { allLostJobs, lostJobsOf, revive } from '../../operator/jobs/revive.ts';
import { isKnownBatch, isKnownCustomer } from '../../operator/known-filter.ts';
import { missingMessages } from '../../operator/verdict.ts';
import { waitingIn } from '../../ports/queue-status.ts';
import { cartIn, guidIn, withCart } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';

interface Options {
  readonly batch?: string;
  readonly customer?: string;
  readonly dryRun?: true;
}

export const reviveCommand = withCart(
  newCommand(
    'revive',
    'sends the message of jobs that have lost theirs, after a purged queue say; without a choice of all. Others are left alone',
    'npx partner-checkout revive --dry-run\n  npx partner-checkout revive\n  npx partner-checkout revive --batch night-2026-11-24',
  ),
)
  .option('--batch <id>', 'every job of a batch whose message is missing')
  .option('--customer <id>', 'every job of a customer whose message is missing')
  .option('--dry-run', 'shows them; sends nothing')
  .action((customer: string | undefined, cart: string | undefined, options: Options, command) =>
    inSession(command, (session) => run(session, customer, cart, options)),
  );

async function run(
  session: Session,
  customer: string | undefined,
  cart: string | undefined,
  options: Options,
): Promise<number> {
  const { output, operator, queues, interrupted } = session;
  const carts = await chosen(session, customer, cart, options);
  const { queue, queueStatus, urgentStatus } = await queues();
  const waiting = await waitingIn([queueStatus, urgentStatus]);
  const { passedOver } = await operator();
  if (options.dryRun === true) return tell(session, carts, waiting, passedOver());
  const deps = { ...(await operator()), queue };
  const passed: { cart: CartKey; why: string }[] = [];
  let sent = 0;
  for (const key of carts) {
    if (interrupted.aborted) break;
    const why = await revive(deps, key);
    if (why === undefined) sent += 1;
    else passed.push({ cart: key, why });
    output.progress(`${sent} of ${carts.length} sent`);
  }
  output.data({ sent, passed });
  for (const { cart: key, why } of passed) output.line(`${key.customerId} ${key.cartId}: ${why}`);
  output.line(
    carts.length === 0
      ? missingMessages(0, waiting, passedOver()).text
      : `${sent} of ${carts.length} sent. What comes of each: npx partner-checkout job CUSTOMER CART`,
  );
  if (interrupted.aborted) {
    output.note(`Stopped: ${carts.length - sent - passed.length} are not sent. The same command goes on.`);
    return exit.interrupted;
  }
  return passed.length + passedOver() > 0 ? exit.found : exit.ok;
}

async function chosen(
  { operator }: Session,
  customer: string | undefined,
  cart: string | undefined,
  { batch, customer: all }: Options,
): Promise<readonly CartKey[]> {
  if (customer !== undefined && cart !== undefined) return [cartIn(customer, cart)];
  if (batch !== undefined) {
    const deps = await operator();
    const carts = await jobsWithoutDriver(deps, batch);
    if (carts.length > 0 || (await isKnownBatch(deps, batch))) return carts;
    throw new CommandFailure(
      exit.found,
      `Batch ${batch} is not known: no worker has taken a job of it. Nothing was checked.`,
    );
  }
  if (all !== undefined) {
    const deps = await operator();
    const customerId = guidIn('--customer', all);
    if (await isKnownCustomer(deps, customerId)) return lostJobsOf(deps, customerId);
    throw new CommandFailure(
      exit.found,
      `Customer ${customerId} is not known: no worker has taken a job of it. Nothing was checked.`,
    );
  }
  if (customer !== undefined)
    throw new CommandFailure(
      exit.usage,
      'Which jobs? CUSTOMER CART, --batch, --customer, or nothing for all.',
    );
  return allLostJobs(await operator());
}

const mostShown = 100;

function tell(
  { output }: Session,
  carts: readonly CartKey[],
  waiting: number | undefined,
  passedOver: number,
): number {
  for (const { customerId, cartId } of carts.slice(0, mostShown)) output.line(`${customerId} ${cartId}`);
  if (carts.length > mostShown) output.line(`and ${carts.length - mostShown} more (--json shows all)`);
  const verdict = missingMessages(carts.length, waiting, passedOver);
  output.line(`${verdict.text} Nothing was sent (--dry-run).`);
  output.data({ lost: carts, waiting, verdict: verdict.kind, sent: 0 });
  // A message that may be there is no finding of its own, and no all-clear either.
  return verdict.kind === 'clear' ? exit.ok : exit.found;
}

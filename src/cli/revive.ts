import type { CartKey } from '../checkout/job.ts';
import { jobsWithoutDriver } from '../operate/batch-status.ts';
import { counted } from '../operate/counted.ts';
import { allLostJobs, lostJobsOf, revive } from '../operate/revive.ts';
import { cartIn, guidIn, withCart } from './arguments.ts';
import { inSession, newCommand, type Session } from './command.ts';
import { CommandFailure, exit } from './failure.ts';

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
  if (options.dryRun === true) return tell(session, carts);
  const { queue } = await queues();
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
      ? 'No job has lost its message.'
      : `${sent} sent. What comes of each: npx partner-checkout job CUSTOMER CART`,
  );
  return passed.length > 0 || interrupted.aborted ? exit.found : exit.ok;
}

async function chosen(
  { operator }: Session,
  customer: string | undefined,
  cart: string | undefined,
  { batch, customer: all }: Options,
): Promise<readonly CartKey[]> {
  if (customer !== undefined && cart !== undefined) return [cartIn(customer, cart)];
  if (batch !== undefined) return jobsWithoutDriver(await operator(), batch);
  if (all !== undefined) return lostJobsOf(await operator(), guidIn('--customer', all));
  if (customer !== undefined)
    throw new CommandFailure(
      exit.usage,
      'Which jobs? CUSTOMER CART, --batch, --customer, or nothing for all.',
    );
  return allLostJobs(await operator());
}

const mostShown = 100;

function tell({ output }: Session, carts: readonly CartKey[]): number {
  for (const { customerId, cartId } of carts.slice(0, mostShown)) output.line(`${customerId} ${cartId}`);
  if (carts.length > mostShown) output.line(`and ${carts.length - mostShown} more (--json shows all)`);
  output.line(
    `${counted(carts.length, 'job has', 'jobs have')} lost their message. Nothing was sent (--dry-run).`,
  );
  output.data({ lost: carts, sent: 0 });
  return carts.length === 0 ? exit.ok : exit.found;
}

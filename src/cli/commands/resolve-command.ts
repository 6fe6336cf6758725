/** `resolve`: a person's decision about a job whose outcome is unknown. */
import { isSettled, takesDecision } from '../../domain/checkout/record.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { decideJob } from '../../operator/jobs/decide-job.ts';
import type { CaseFile, Resolution } from '../../operator/jobs/resolve.ts';
import { openCase, whyNotResolve } from '../../operator/jobs/resolve.ts';
import { callsOf } from '../../operator/jobs/story.ts';
import { whatChanged } from '../../operator/jobs/what-changed.ts';
import { jobArgument, jobKeyIn, timeText } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { decidingOne } from '../session/decide.ts';
import { harmless } from '../session/output.ts';

interface Options {
  readonly orders?: string;
  readonly notBought?: true;
  readonly giveUp?: true;
  readonly yes?: true;
}

export const resolveCommand = newCommand(
  'resolve',
  'a job that may have been bought: shows the evidence, then takes your decision',
  'npx partner-checkout resolve 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa\n  npx partner-checkout resolve JOB --orders SzSPoe2sXjTp',
)
  .argument('<job...>', jobArgument)
  .option(
    '--orders <ids>',
    'these orders belong to it, separated by commas; groups without an order count as failed',
  )
  .option('--not-bought', 'it was not bought: the worker checks once more, then sends it once more')
  .option('--give-up', 'gives up; the record keeps that it may have been bought')
  .option('--yes', 'does not ask for confirmation')
  .action((names: readonly string[], options: Options, command) =>
    inSession(command, (session) => run(session, jobKeyIn(names), options)),
  );

async function run(session: Session, key: JobKey, options: Options): Promise<number> {
  const { output, operator } = session;
  const resolution = resolutionIn(options);
  const { now, ...deps } = await operator();
  const file = await openCase(deps, key);
  if (file === undefined) throw new CommandFailure(exit.found, `Nothing is known of job ${key}.`);
  if (resolution === undefined) {
    output.data(evidenceOf(file));
    show(session, file);
    return takesDecision(file.record.state, 'not-bought') ? exit.found : exit.ok;
  }
  const why = whyNotResolve(file, resolution, now());
  if (why !== undefined) throw new CommandFailure(exit.found, harmless(why));
  show(session, file);
  const unseen = resolution.orderIds.filter((id) => !file.candidates.some((order) => order.id === id));
  if (unseen.length > 0)
    output.note(
      harmless(
        `Not among the orders that the worker found: ${unseen.join(', ')}. It reads them, and asks again if they are not this customer's.`,
      ),
    );
  const words = [resolution.decision, ...resolution.orderIds].join(' ');
  if (!(await confirm(harmless(`Decide "${words}"?`), options))) {
    output.note('Nothing was decided.');
    return exit.found;
  }
  const who = await deps.who();
  const deciding = await decidingOne(session, resolution.decision);
  const outcome = await decideJob(deciding, key, { ...resolution, who }, file.record);
  if (outcome.kind === 'no-record')
    throw new CommandFailure(exit.found, `The record of job ${key} was removed meanwhile.`);
  if (outcome.kind === 'refused')
    throw new CommandFailure(exit.found, harmless(`Nothing was decided: ${outcome.why}.`));
  if (outcome.kind === 'changed')
    throw new CommandFailure(
      exit.found,
      harmless(`Nothing was decided. ${whatChanged(file.record, outcome.record)}`),
    );
  output.data({ decided: true, jobKey: key, ...resolution, who });
  output.line(
    harmless(
      `Decided by ${who}: ${words}. ${deciding.wakeUps === undefined ? 'The gate is closed: the job is woken once it opens.' : 'The worker carries it out now.'} Watch: npx partner-checkout job ${key}`,
    ),
  );
  return exit.ok;
}

/** Undefined: only the evidence is asked for. */
function resolutionIn({ orders, notBought, giveUp }: Options): Resolution | undefined {
  if ([orders, notBought, giveUp].filter((option) => option !== undefined).length > 1)
    throw new CommandFailure(exit.usage, 'One decision: --orders, --not-bought or --give-up.');
  if (orders !== undefined) {
    const orderIds = orders.split(',').map((id) => id.trim());
    return { decision: 'orders', orderIds: [...new Set(orderIds.filter((id) => id !== ''))] };
  }
  if (notBought === true) return { decision: 'not-bought', orderIds: [] };
  return giveUp === true ? { decision: 'give-up', orderIds: [] } : undefined;
}

function evidenceOf({ record, attention, cart, groups, candidates, equalCarts }: CaseFile) {
  return {
    jobKey: record.jobKey,
    state: record.state,
    pending: record.decision,
    asked: record.asked,
    asOf: attention?.at,
    cart,
    groups,
    candidates,
    equalCartsInDoubt: equalCarts.map(({ jobKey, state, lastSend }) => ({ jobKey, state, lastSend })),
    calls: callsOf(record),
  };
}

function show({ output }: Session, file: CaseFile): void {
  const { record, attention, cart, groups, candidates, equalCarts } = file;
  const say = (text: string) => output.line(harmless(text));
  output.line(output.paint('bold', `${record.jobKey}  ${record.state}`));
  if (attention?.open === true) say(`  ${attention.description}`);
  if (record.decision !== undefined)
    say(
      `  ${record.decision.who} decided "${record.decision.decision}" at ${timeText(record.decision.at)}; no worker has carried it out yet`,
    );
  if (isSettled(record.state)) say(`It is ${record.state}: there is nothing to decide.`);
  else
    say(
      attention?.evidence === undefined
        ? 'No decision is needed yet: the worker still checks what happened.'
        : `As of the worker's look at ${timeText(attention.at)}: the cart is ${cart ?? 'not known'}.`,
    );
  say('The cart’s order groups and the orders that the record has for them:');
  for (const { group, orderId } of groups) say(`  ${group}  ${orderId ?? 'none'}`);
  if (groups.length === 0) say('  not known: the cart was never read');
  say('Orders of this customer that no record has, and that may be its own:');
  for (const { id, status, createdAt } of candidates)
    say(`  ${id}  ${status}  ${createdAt === undefined ? '' : timeText(createdAt)}`);
  if (candidates.length === 0) say('  none was found');
  say('Other carts of this customer that may have been bought too:');
  for (const { cartId, state, lastSend } of equalCarts)
    say(
      `  ${cartId}  ${state}  ${lastSend === undefined ? 'never sent' : `last sent ${timeText(lastSend)}`}`,
    );
  if (equalCarts.length === 0) say('  none');
  say('Checkout calls:');
  for (const { what, at, correlationId, end } of callsOf(record))
    if (what === 'checkout')
      say(
        `  ${timeText(at)}  ${end?.status ?? end?.failure ?? 'no answer recorded'} ${end?.code ?? ''}  ${correlationId}`,
      );
  if (takesDecision(record.state, 'not-bought'))
    say('Decide with --orders ID,ID or --not-bought or --give-up. What each does: docs/runbook.md');
}

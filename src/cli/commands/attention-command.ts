import { attentionKinds, resultKinds } from '../../domain/checkout/attention-row.ts';
import { attentionGrouper } from '../../operator/attention/attention-groups.ts';
import { type Closed, closeMatching, closeRows, findRow } from '../../operator/attention/close-attention.ts';
import { counted } from '../../operator/counted.ts';
import { unknownInFilter } from '../../operator/known-filter.ts';
import type { AttentionRow } from '../../ports/attention-rows.ts';
import { jobKeyIn, timeText } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { harmless } from '../session/output.ts';
import { type FilterOptions, filterOf, isChosen, withFilter } from './attention-filter.ts';

interface ListOptions extends FilterOptions {
  readonly all?: true;
  readonly each?: true;
}

export const attentionCommand = withFilter(
  newCommand(
    'attention',
    'what a person must decide or mend, by kind and code, with the remedy',
    'npx partner-checkout attention --batch night-2026-11-24\n  npx partner-checkout attention --kind rejected --each',
  ),
  attentionKinds,
)
  .option('--all', 'closed rows too')
  .option('--each', 'one line for each row instead of groups')
  .action((options: ListOptions, command) => inSession(command, (session) => list(session, options)));

async function list({ output, operator }: Session, options: ListOptions): Promise<number> {
  const deps = await operator();
  const { attentionRows, clock } = deps;
  const filter = { ...filterOf(options, clock.now()), ...(options.all === true ? { all: true } : {}) };
  const grouper = attentionGrouper();
  const rows: AttentionRow[] = [];
  for await (const row of attentionRows.list(filter)) {
    grouper.add(row);
    if (options.each === true) rows.push(row);
  }
  const groups = grouper.groups();
  output.data(options.each === true ? rows : groups);
  if (groups.length === 0) {
    const unknown = await unknownInFilter(deps, filter);
    if (unknown !== undefined) throw new CommandFailure(exit.found, `${unknown} So nothing was checked.`);
    output.line(isChosen(options) ? 'Nothing open matches.' : 'Nothing is open: nobody is waited for.');
    if (isChosen(options)) output.line('Everything that is open: npx partner-checkout attention');
    return exit.ok;
  }
  if (options.each === true) {
    for (const row of rows) output.line(harmless(lineOf(row)));
    return exit.found;
  }
  for (const group of groups) {
    const closed = group.closed === 0 ? '' : `, ${group.closed} of them closed`;
    output.line(output.paint('bold', harmless(`${group.count}  ${group.kind}  ${group.code}${closed}`)));
    output.line(harmless(`    ${group.description}`));
    output.line(harmless(`    remedy: ${group.remedy}`));
    output.line(harmless(`    newest ${timeText(group.newest)}: ${group.example}`));
  }
  return exit.found;
}

function lineOf(row: AttentionRow): string {
  const who = row.jobKey ?? row.key;
  const path = row.path === undefined || row.path === '' ? '' : ` field ${row.path}:`;
  const closed = row.open ? '' : ` [closed by ${row.closedBy ?? 'somebody'}]`;
  const reference = row.reference === undefined ? '' : ` (${row.reference})`;
  return `${timeText(row.at)}  ${row.kind}  ${row.code}  ${who}${reference} ${path} ${row.description}${closed}`;
}

interface CloseOptions extends FilterOptions {
  readonly yes?: true;
}

const closeCommand = withFilter(
  newCommand(
    'close',
    'closes rows about which nothing more will be done, with your name: failed and partial jobs, rejected messages',
    'npx partner-checkout attention close --kind rejected --batch night-2026-11-24',
  ),
  [...resultKinds, 'rejected'],
)
  .argument(
    '[name...]',
    'a job key or CUSTOMER CART, or the key of a rejected message; without it the rows of the filter',
  )
  .option('--yes', 'does not ask')
  .action((name: string[], _options, command) =>
    // The options of its parent are the same ones, and commander gives them to the parent.
    inSession(command, (session) => close(session, name, command.optsWithGlobals())),
  );
attentionCommand.addCommand(closeCommand);

async function close(session: Session, name: readonly string[], options: CloseOptions): Promise<number> {
  const { output, operator } = session;
  const { attentionRows, clock, who } = await operator();
  const deps = { attentionRows, clock };
  if (name.length > 0) {
    const [first = '', second] = name;
    const row = await findRow(deps, second === undefined ? first.trim() : jobKeyIn(name));
    if (row === undefined) throw new CommandFailure(exit.found, 'There is no such row.');
    return told(session, await closeRows(deps, [row], await who()));
  }
  if (!isChosen(options))
    throw new CommandFailure(
      exit.usage,
      'Which rows? Name one, or choose with --kind, --code, --batch, --since.',
    );
  const filter = filterOf(options, clock.now());
  let count = 0;
  for await (const _ of attentionRows.list(filter)) count += 1;
  if (count === 0) {
    output.line('Nothing open matches. Everything that is open: npx partner-checkout attention');
    output.data({ closed: 0, changed: 0, refused: [] });
    return exit.found;
  }
  if (!(await confirm(`Close ${counted(count, 'row')}?`, options))) {
    output.note('Nothing was closed.');
    return exit.found;
  }
  return told(session, await closeMatching(deps, filter, await who()));
}

function told({ output }: Session, result: Closed): number {
  output.data(result);
  output.line(`${result.closed} closed.`);
  if (result.changed > 0) output.line(`${result.changed} left open: the worker wrote them meanwhile.`);
  for (const { key, why } of result.refused) output.line(harmless(`${key}: ${why}`));
  return result.changed + result.refused.length > 0 ? exit.found : exit.ok;
}

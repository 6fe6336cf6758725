/** `attention`: what people must decide or correct; closing rows, and saying who works on them. */
import { attentionKinds, resultKinds } from '../../domain/checkout/attention-row.ts';
import { identityOf, type JobIdentity, type JobKey } from '../../domain/message/job-key.ts';
import { attentionGrouper } from '../../operator/attention/attention-groups.ts';
import { type Closed, closeRows, findRow, takeRows } from '../../operator/attention/close-attention.ts';
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
    'lists what a person must decide or correct, by kind and code, with the remedy',
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
  output.data(options.each === true ? rows.map(withIds) : groups.map(withIds));
  if (groups.length === 0) {
    const unknown = await unknownInFilter(deps, filter);
    if (unknown !== undefined) throw new CommandFailure(exit.found, `${unknown} So nothing was checked.`);
    output.line(isChosen(options) ? 'Nothing open matches.' : 'Nothing is open. Nobody has to do anything.');
    if (isChosen(options)) output.line('Everything that is open: npx partner-checkout attention');
    return exit.ok;
  }
  if (options.each === true) {
    for (const row of rows) output.line(harmless(lineOf(row)));
    return exit.found;
  }
  for (const group of groups) {
    const closed = group.closed === 0 ? '' : `, ${group.closed} of them closed`;
    const taken = group.taken === 0 ? '' : `, ${group.taken} taken`;
    output.line(
      output.paint('bold', harmless(`${group.count}  ${group.kind}  ${group.code}${closed}${taken}`)),
    );
    output.line(harmless(`    ${group.description}`));
    output.line(harmless(`    remedy: ${group.remedy}`));
    output.line(harmless(`    newest ${timeText(group.newest)}: ${group.example}`));
  }
  return exit.found;
}

/** For programs: customer and cart apart, and not only in a job key. A rejected message has none. */
export function withIds<T extends { readonly jobKey?: JobKey }>(about: T): T & Partial<JobIdentity> {
  return about.jobKey === undefined ? about : { ...about, ...identityOf(about.jobKey) };
}

function lineOf(row: AttentionRow): string {
  const who = row.jobKey ?? row.key;
  const path = row.path === undefined || row.path === '' ? '' : ` field ${row.path}:`;
  const taken = !row.open || row.takenBy === undefined ? '' : ` [taken by ${row.takenBy}]`;
  const closed = row.open ? '' : ` [closed by ${row.closedBy ?? 'somebody'}]`;
  const reference = row.reference === undefined ? '' : ` (${row.reference})`;
  return `${timeText(row.at)}  ${row.kind}  ${row.code}  ${who}${reference} ${path} ${row.description}${taken}${closed}`;
}

interface ChoiceOptions extends FilterOptions {
  readonly yes?: true;
  readonly undo?: true;
}

const rowArgument =
  'a job key or CUSTOMER CART, or the key of a rejected message; without it the rows of the filter';

const closeCommand = withFilter(
  newCommand(
    'close',
    'closes rows that need nothing more, with your name: failed and partial jobs, rejected messages',
    'npx partner-checkout attention close --kind rejected --batch night-2026-11-24',
  ),
  [...resultKinds, 'rejected'],
)
  .argument('[name...]', rowArgument)
  .option('--yes', 'does not ask for confirmation')
  .action((name: string[], _options, command) =>
    // The options of its parent are the same ones, and commander gives them to the parent.
    inSession(command, (session) => close(session, name, command.optsWithGlobals())),
  );
attentionCommand.addCommand(closeCommand);

const takeCommand = withFilter(
  newCommand(
    'take',
    'shows the others that you work on these rows; it changes nothing for the worker',
    'npx partner-checkout attention take --code 800009 --batch night-2026-11-24\n  npx partner-checkout attention take 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa --undo',
  ),
  attentionKinds,
)
  .argument('[name...]', rowArgument)
  .option('--undo', 'takes the name off the rows')
  .option('--yes', 'does not ask for confirmation')
  .action((name: string[], _options, command) =>
    inSession(command, (session) => take(session, name, command.optsWithGlobals())),
  );
attentionCommand.addCommand(takeCommand);

/** The open rows that a person names or chooses, once they have agreed. Undefined: there is nothing to do. */
async function chosenRows(
  { output, operator }: Session,
  name: readonly string[],
  options: ChoiceOptions,
  verb: string,
): Promise<readonly AttentionRow[] | undefined> {
  const { attentionRows, clock } = await operator();
  if (name.length > 0) {
    const [first = '', second] = name;
    const row = await findRow({ attentionRows, clock }, second === undefined ? first.trim() : jobKeyIn(name));
    if (row === undefined) throw new CommandFailure(exit.found, 'There is no such row.');
    return [row];
  }
  if (!isChosen(options))
    throw new CommandFailure(
      exit.usage,
      'Which rows? Name one, or choose with --kind, --code, --batch, --since.',
    );
  const rows: AttentionRow[] = [];
  for await (const row of attentionRows.list(filterOf(options, clock.now()))) if (row.open) rows.push(row);
  if (rows.length === 0) {
    output.line('Nothing open matches. Everything that is open: npx partner-checkout attention');
    return undefined;
  }
  if (await confirm(`${verb} ${counted(rows.length, 'row')}?`, options)) return rows;
  output.note('Nothing was changed.');
  return undefined;
}

async function close(session: Session, name: readonly string[], options: ChoiceOptions): Promise<number> {
  const deps = await session.operator();
  const rows = await chosenRows(session, name, options, 'Close');
  if (rows === undefined) {
    session.output.data({ closed: 0, changed: 0, refused: [] });
    return exit.found;
  }
  return report(session, await closeRows(deps, rows, await deps.who()));
}

async function take(session: Session, name: readonly string[], options: ChoiceOptions): Promise<number> {
  const { output, operator } = session;
  const deps = await operator();
  const rows = await chosenRows(session, name, options, options.undo === true ? 'Give back' : 'Take');
  if (rows === undefined) {
    output.data({ taken: 0, changed: 0 });
    return exit.found;
  }
  const who = options.undo === true ? undefined : await deps.who();
  const result = await takeRows(deps, rows, who);
  output.data({ ...result, by: who ?? null });
  output.line(who === undefined ? `${result.taken} given back.` : `${result.taken} taken by ${who}.`);
  if (result.changed > 0) output.line(`${result.changed} left as they are: closed or changed meanwhile.`);
  return result.changed > 0 ? exit.found : exit.ok;
}

function report({ output }: Session, result: Closed): number {
  output.data(result);
  output.line(`${result.closed} closed.`);
  if (result.changed > 0) output.line(`${result.changed} left open: the worker wrote them meanwhile.`);
  for (const { key, why } of result.refused) output.line(harmless(`${key}: ${why}`));
  return result.changed + result.refused.length > 0 ? exit.found : exit.ok;
}

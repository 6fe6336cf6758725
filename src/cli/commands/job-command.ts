/** `job`: the story of one job, and what happens next. */
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { aroundJob } from '../../operator/jobs/around-job.ts';
import { type Clue, findJob } from '../../operator/jobs/find-job.ts';
import { callsOf, storyOf } from '../../operator/jobs/story.ts';
import { supportText } from '../../operator/jobs/support-text.ts';
import { guidIn, jobArgument, jobKeyIn, timeText } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import type { Operator } from '../session/operator.ts';
import { harmless } from '../session/output.ts';

interface Options {
  readonly customer?: string;
  readonly order?: string;
  readonly correlation?: string;
  readonly supportText?: true;
}

export const jobCommand = newCommand(
  'job',
  'shows the whole story of one job, and what happens next',
  'npx partner-checkout job 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10:cart:2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa\n  npx partner-checkout job --customer 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10 --order SzSPoe2sXjTp',
)
  .argument('[job...]', jobArgument)
  .option('--customer <id>', 'the customer, if you know neither the key nor the cart')
  .option('--order <id>', 'an order of the job')
  .option('--correlation <id>', 'MS-CorrelationId or MS-RequestId of a call, or the correlationId of the job')
  .option('--support-text', 'prints what Microsoft support needs, and nothing secret')
  .action((names: readonly string[], options: Options, command) =>
    inSession(command, async (session) => {
      const key = await find(session, names, options);
      return options.supportText === true ? support(session, key) : tell(session, key);
    }),
  );

async function find({ operator }: Session, names: readonly string[], options: Options): Promise<JobKey> {
  if (names.length > 0) return jobKeyIn(names);
  const customerId = options.customer;
  const clue = clueIn(options);
  if (customerId === undefined || clue === undefined)
    throw new CommandFailure(
      exit.usage,
      'Which job? Its job key or CUSTOMER CART, or --customer with --order or --correlation.',
    );
  const { ledger } = await operator();
  const key = await findJob(ledger, guidIn('--customer', customerId), clue);
  if (key !== undefined) return key;
  throw new CommandFailure(exit.found, `No job of customer ${customerId} has this ${clue.kind}: ${clue.id}`);
}

function clueIn({ order, correlation }: Options): Clue | undefined {
  if (order !== undefined) return { kind: 'order', id: order };
  return correlation === undefined
    ? undefined
    : { kind: 'correlation', id: guidIn('--correlation', correlation) };
}

async function read({ ledger }: Pick<Operator, 'ledger'>, key: JobKey) {
  const record = (await ledger.read(key))?.value;
  if (record !== undefined) return record;
  throw new CommandFailure(
    exit.found,
    `Nothing is known of job ${key}: its message was not taken yet, or was never sent. Dead letters: npx partner-checkout dead-letters list`,
  );
}

async function support({ output, operator }: Session, key: JobKey): Promise<number> {
  const text = supportText(await read(await operator(), key));
  output.data({ text });
  for (const line of text.trimEnd().split('\n')) output.line(harmless(line));
  return exit.ok;
}

async function tell({ output, operator }: Session, key: JobKey): Promise<number> {
  const deps = await operator();
  const record = await read(deps, key);
  const [attention, { unkept, next }] = await Promise.all([
    deps.attentionRows.ofJob(key),
    aroundJob(deps, record),
  ]);
  const story = storyOf(record, attention, unkept);
  output.data({ ...record, unkeptPolls: unkept, story, attention, next });
  const reference = record.job.reference === undefined ? '' : `  ${record.job.reference}`;
  output.line(output.paint('bold', harmless(`${key}  ${record.state}${reference}`)));
  output.line(
    harmless(
      `attempts ${record.attempts}, reschedules ${record.reschedules}, revision ${record.revision}, orders ${record.orders.map(({ id, status }) => `${id} ${status}`).join(', ') || 'none'}`,
    ),
  );
  for (const { at, what, words } of story)
    output.line(harmless(`  ${timeText(at)}  ${what.padEnd(9)} ${words}`));
  for (const line of onlyCounted(record)) output.line(`  ${line}`);
  output.line(harmless(`Next: ${next.words}`));
  if (next.command !== undefined) output.line(`      ${next.command}`);
  const asked = attention?.open === true;
  return asked || next.command !== undefined ? exit.found : exit.ok;
}

function onlyCounted(record: CheckoutRecord): readonly string[] {
  const { history, deliveries, polls } = record;
  return [
    { kept: callsOf(record).length, total: history.total, what: 'calls in between' },
    {
      kept: deliveries.last.length,
      total: deliveries.total,
      what: 'deliveries before the first that is shown',
    },
    { kept: polls.last.length, total: polls.total, what: 'polls before the first that is shown' },
  ].flatMap(({ kept, total, what }) => (total > kept ? [`${total - kept} ${what} are only counted.`] : []));
}

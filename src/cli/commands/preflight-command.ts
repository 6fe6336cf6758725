/** `preflight`: reads the carts of a list or a batch before its start. */
import { createReadStream, existsSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { offerCache } from '../../checkout/offer-cache.ts';
import { workerShare } from '../../domain/gate/gate-settings.ts';
import { isOrderJob, type Job, type OrderJob } from '../../domain/message/job.ts';
import { identityOf } from '../../domain/message/job-key.ts';
import { preflightResult } from '../../operator/check-result.ts';
import { counted } from '../../operator/counted.ts';
import { checkList } from '../../operator/list/check-list.ts';
import { readList } from '../../operator/list/read-list.ts';
import { UnreadableList } from '../../operator/list/unreadable-list.ts';
import { type Finding, preflight } from '../../operator/preflight.ts';
import { type LookedAt, preflightOrders, totalsByCurrency } from '../../operator/preflight-orders.ts';
import { timeToCome } from '../session/arguments.ts';
import { exitOf } from '../session/check-exit.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import {
  openPartnerCenter,
  type PartnerAccess,
  readAll,
  signInOption,
} from '../session/partner-center-session.ts';
import { clockNote, inTime } from '../session/words.ts';
import { jobsOfBatch } from './batch-lines-command.ts';

interface Options {
  readonly signIn?: true;
  readonly at?: string;
}

export const preflightCommand = newCommand(
  'preflight',
  'reads each cart of a list or a batch at Partner Center, or tries its order lines, and lists those that would fail',
  'npx partner-checkout preflight tonight.csv --at 02:00',
)
  .argument('<file|batch>', 'a list as for enqueue, or the id of a batch that the worker knows')
  .option('--at <time>', 'when the run will start, as for enqueue; without it now')
  .addOption(signInOption())
  .action((what: string, options: Options, command) =>
    inSession(command, (session) => run(session, what, options)),
  );

async function run(session: Session, what: string, options: Options): Promise<number> {
  const { output, operator, interrupted } = session;
  const access = await openPartnerCenter(session, options.signIn === true);
  const listed = existsSync(what) ? await jobsOfList(what, interrupted) : undefined;
  const orders = listed?.filter(isOrderJob) ?? [];
  if (orders.length > 0) return runOrders(session, access, orders);
  const carts = listed
    ? listed.flatMap((job) => (isOrderJob(job) ? [] : [job]))
    : (await jobsOfBatch(await operator(), what)).jobs.flatMap((jobKey) => {
        const identity = identityOf(jobKey);
        return 'cartId' in identity ? [identity] : [];
      });
  const { config, ledger, gateStore } = await operator();
  const { limit } = await gateStore.read();
  const perMinute = limit * workerShare;
  const { clock, minuteMs } = access;
  output.note(
    `${counted(carts.length, 'cart')} to read, about ${inTime((carts.length / limit) * minuteMs)} at ${Math.round(limit)} calls a minute${clockNote(config.timeFactor)}.`,
  );
  const findings: Finding[] = [];
  let read = 0;
  const start = options.at === undefined ? clock.now() : timeToCome('--at', options.at, clock.now()).at;
  const whyNot = await readAll(
    preflight({ ...access, ledger }, { carts, start, perMinute }, (found) => {
      read += 1;
      findings.push(...found);
      output.progress(
        `${read} of ${counted(carts.length, 'cart')} read, ${counted(findings.length, 'finding')}`,
      );
    }),
  );
  findings.sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
  if (findings.length > 0)
    output.table(
      ['finding', 'customer', 'cart', ''],
      findings.map(({ kind, customerId, cartId, text }) => [kind, customerId, cartId, text]),
    );
  const result = preflightResult({ carts: carts.length, read, findings: countsOf(findings) });
  output.line(result.text);
  output.data({
    carts: carts.length,
    read,
    findings,
    result: result.kind,
    ...(whyNot === undefined ? {} : { notChecked: whyNot }),
  });
  if (whyNot !== undefined && !interrupted.aborted) throw new CommandFailure(exit.cannot, whyNot);
  return exitOf(result, interrupted.aborted);
}

/** Carts are made and never checked out: they expire, and cost nothing. */
async function runOrders(
  { output, interrupted }: Session,
  access: PartnerAccess,
  orders: readonly OrderJob[],
): Promise<number> {
  const looked: LookedAt[] = [];
  const whyNot = await readAll(
    preflightOrders({ ...access, offers: offerCache(access.clock) }, orders, (one) => {
      looked.push(one);
      output.progress(`${looked.length} of ${counted(orders.length, 'order')} tried`);
    }),
  );
  const findings = looked.flatMap((one) => one.findings);
  if (findings.length > 0)
    output.table(
      ['finding', 'customer', 'number', 'line', ''],
      findings.map(({ kind, customerId, externalOrderId, line, text }) => [
        kind,
        customerId,
        externalOrderId,
        line ?? '',
        text,
      ]),
    );
  const totals = totalsByCurrency(looked);
  const promotions = looked.reduce((sum, one) => sum + one.promotions, 0);
  for (const [currency, amount] of totals) output.line(`In all ${amount} ${currency}, before tax.`);
  output.line(`${counted(promotions, 'line has', 'lines have')} a promotion. Nothing was bought.`);
  const counts = [...Map.groupBy(findings, ({ kind }) => kind)].map(
    ([kind, list]) => `${list.length} ${kind}`,
  );
  const result = preflightResult({ carts: orders.length, read: looked.length, findings: counts.join(', ') });
  output.line(result.text);
  output.data({
    orders: orders.length,
    tried: looked.length,
    findings,
    totals: Object.fromEntries(totals),
    promotions,
    result: result.kind,
    ...(whyNot === undefined ? {} : { notChecked: whyNot }),
  });
  if (whyNot !== undefined && !interrupted.aborted) throw new CommandFailure(exit.cannot, whyNot);
  return exitOf(result, interrupted.aborted);
}

const keyOf = ({ kind, customerId, cartId }: Finding): string => `${kind}:${customerId}:${cartId}`;

const countsOf = (findings: readonly Finding[]): string =>
  [...Map.groupBy(findings, ({ kind }) => kind)].map(([kind, list]) => `${list.length} ${kind}`).join(', ');

/** The valid lines of a list; what is not valid, `enqueue --dry-run` tells. */
async function jobsOfList(file: string, signal: AbortSignal): Promise<readonly Job[]> {
  try {
    const list = await checkList(readList(addAbortSignal(signal, createReadStream(file))), {});
    if (list.invalid === 0) return list.jobs.map(({ job }) => job);
    throw new CommandFailure(
      exit.found,
      `${counted(list.invalid, `line of ${file} is`, `lines of ${file} are`)} not valid. See them with: npx partner-checkout enqueue ${file} --dry-run`,
    );
  } catch (error) {
    if (error instanceof UnreadableList)
      throw new CommandFailure(exit.found, `The list ${file} cannot be read. ${error.message}`);
    throw error;
  }
}

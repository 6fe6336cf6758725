/** Second step of a list, after `read-list.ts`: checks each line as the worker would, and makes one batch of them. */
import { createHash } from 'node:crypto';
import { cartMessage, decodeJobValue, isOrderJob, type Job, orderMessage } from '../../domain/message/job.ts';
import { type JobKey, jobKeyOf } from '../../domain/message/job-key.ts';
import { orderContent } from '../../domain/message/order-lines.ts';
import type { ListLine } from './list-line.ts';

export interface ListProblem {
  readonly line: number;
  /** Empty: the line as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** A valid line. `body` is what its message will hold, without the batch. */
export interface ListedJob {
  readonly job: Job;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A list whose lines were all checked. */
export interface CheckedList {
  /** Lines that are not blank, the header not counted. */
  readonly lines: number;
  /** What is to be sent: one for each distinct job, in the order of the lines. */
  readonly jobs: readonly ListedJob[];
  readonly duplicates: number;
  readonly invalid: number;
  /** The first of the invalid lines. */
  readonly problems: readonly ListProblem[];
  /** Given, named by the lines, or made from the jobs: the same jobs in the same order make the same id. */
  readonly batchId: string;
  /** The largest size that a line declared, if that is more than there are jobs: the batch has other parts. */
  readonly batchSize: number;
}

export interface CheckOptions {
  readonly batchId?: string;
  /** Epoch ms: the start of the batch, which `notAfter` of a line must not precede. */
  readonly notBefore?: number;
  readonly onLine?: (lines: number) => void;
}

const maxProblems = 100;
const fieldsOf = (shape: object): readonly string[] =>
  Object.keys(shape).filter((field) => field !== 'batchId' && field !== 'batchSize');
const cartFields = fieldsOf(cartMessage.shape);
const orderFieldNames = fieldsOf(orderMessage.shape);

/** Checks each line as the worker would. Of the lines that name one job, the first counts. Throws what `entries` throws. */
export async function checkList(
  entries: AsyncIterable<ListLine>,
  options: CheckOptions,
): Promise<CheckedList> {
  const jobs = new Map<JobKey, ListedJob>();
  const problems: ListProblem[] = [];
  let batchId = options.batchId;
  let batchFrom = options.batchId === undefined ? '' : 'the batch is';
  let largest = 0;
  let lines = 0;
  let invalid = 0;
  let read = 0;

  const problemOf = (entry: ListLine): ListProblem | undefined => {
    if ('reason' in entry) return { line: entry.number, field: entry.field, reason: entry.reason };
    const line = entry.number;
    const decoded = decodeJobValue(entry.value);
    if (!decoded.ok) return placed(entry, decoded.rejection.path, decoded.rejection.reason);
    const { job } = decoded;
    if (tooLate(job, options.notBefore))
      return {
        line,
        field: 'notAfter',
        reason: 'it lies before the start of the batch: no worker would buy the cart',
      };
    if (job.batchId !== undefined && batchId !== undefined && job.batchId !== batchId)
      return {
        line,
        field: 'batchId',
        reason: `"${job.batchId}", but ${batchFrom} "${batchId}": a list is one batch`,
      };
    if (job.batchId !== undefined && batchId === undefined) {
      batchId = job.batchId;
      batchFrom = `line ${line} says`;
    }
    largest = Math.max(largest, job.batchSize ?? 0);
    const key = jobKeyOf(job);
    const known = jobs.get(key);
    if (known !== undefined && wantsOther(known.job, job))
      return {
        line,
        field: 'externalOrderId',
        reason: 'the same number stands in the list with other lines: one number is one order',
      };
    if (known === undefined) jobs.set(key, { job, body: bodyOf(entry.value, job) });
    return undefined;
  };

  for await (const entry of entries) {
    read += 1;
    lines += 'rows' in entry && entry.rows !== undefined ? entry.rows.length : 1;
    const problem = problemOf(entry);
    if (problem !== undefined) {
      invalid += 1;
      if (problems.length < maxProblems) problems.push(problem);
    }
    options.onLine?.(lines);
  }
  return {
    lines,
    jobs: [...jobs.values()],
    duplicates: read - invalid - jobs.size,
    invalid,
    problems,
    batchId: batchId ?? batchIdOf(jobs.values()),
    batchSize: Math.max(largest, jobs.size),
  };
}

const tooLate = ({ notAfter }: Job, notBefore: number | undefined): boolean =>
  notAfter !== undefined && notBefore !== undefined && notAfter <= notBefore;

/** Always the same for the same job: ids in lower case, fields in the contract's order, no field that is null. */
function bodyOf(value: unknown, job: Job): ListedJob['body'] {
  const given = new Map(Object.entries(Object(value)));
  const body = (isOrderJob(job) ? orderFieldNames : cartFields).flatMap((field): [string, unknown][] => {
    const content = given.get(field) ?? undefined;
    return content === undefined ? [] : [[field, content]];
  });
  const ids = isOrderJob(job)
    ? { customerId: job.customerId }
    : { customerId: job.customerId, cartId: job.cartId };
  return { ...Object.fromEntries(body), ...ids };
}

const wantsOther = (one: Job, other: Job): boolean =>
  isOrderJob(one) && isOrderJob(other) && orderContent(one) !== orderContent(other);

/** What is wrong with a line of an order is told with its own row and column. */
function placed(entry: Extract<ListLine, { value: unknown }>, path: string, reason: string): ListProblem {
  const [, index, field] = /^lines\.(\d+)(?:\.(.+))?$/.exec(path) ?? [];
  const row = index === undefined ? undefined : entry.rows?.[Number(index)];
  return row === undefined
    ? { line: entry.number, field: path, reason }
    : { line: row, field: field ?? '', reason };
}

function batchIdOf(jobs: Iterable<ListedJob>): string {
  const hash = createHash('sha256');
  for (const { body } of jobs) hash.update(JSON.stringify(body)).update('\n');
  return `list-${hash.digest('hex').slice(0, 16)}`;
}

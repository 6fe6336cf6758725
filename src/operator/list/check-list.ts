import { createHash } from 'node:crypto';
import { decodeJobValue, type Job, jobMessage } from '../../domain/message/job.ts';
import { cartSet } from './cart-set.ts';
import type { ListLine } from './read-list.ts';

export interface ListProblem {
  readonly line: number;
  /** Empty: the line as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** What a list says, once every line of it was looked at. */
export interface CheckedList {
  /** Lines that are not blank, the header not counted. */
  readonly lines: number;
  /** Distinct carts: what is to be sent. */
  readonly jobs: number;
  readonly duplicates: number;
  readonly invalid: number;
  /** The first of the invalid lines. */
  readonly problems: readonly ListProblem[];
  /** Given, named by the lines, or made from the jobs: the same jobs in the same order make the same id. */
  readonly batchId: string;
  /** The largest size that a line declared, if that is more than there are jobs: the run has other parts. */
  readonly batchSize: number;
  /** SHA-256 of the jobs, in hex. */
  readonly fingerprint: string;
}

export interface CheckOptions {
  readonly batchId?: string;
  /** Epoch ms: the run's own start, which `notAfter` of a line must not precede. */
  readonly notBefore?: number;
  /** Takes each distinct job, as one line of JSON: the body without its batch. */
  readonly keep: (body: string) => void;
  readonly onLine?: (lines: number) => void;
}

const maxProblems = 100;
const fields = Object.keys(jobMessage.shape).filter((field) => field !== 'batchId' && field !== 'batchSize');

/** Checks each line as the worker would, and removes carts that stand there twice (the first line counts). */
export async function checkList(
  entries: AsyncIterable<ListLine>,
  options: CheckOptions,
): Promise<CheckedList> {
  const seen = cartSet();
  const hash = createHash('sha256');
  const problems: ListProblem[] = [];
  let batchId = options.batchId;
  let batchFrom = options.batchId === undefined ? '' : 'the run is';
  let largest = 0;
  let lines = 0;
  let invalid = 0;

  const problemOf = (entry: ListLine): ListProblem | undefined => {
    if ('reason' in entry) return { line: entry.number, field: entry.field, reason: entry.reason };
    const line = entry.number;
    const decoded = decodeJobValue(entry.value);
    if (!decoded.ok) return { line, field: decoded.rejection.path, reason: decoded.rejection.reason };
    const { job } = decoded;
    if (tooLate(job, options.notBefore))
      return { line, field: 'notAfter', reason: 'its time is over before the run starts' };
    if (job.batchId !== undefined && batchId !== undefined && job.batchId !== batchId)
      return {
        line,
        field: 'batchId',
        reason: `"${job.batchId}", but ${batchFrom} "${batchId}": a list is one run`,
      };
    if (job.batchId !== undefined && batchId === undefined) {
      batchId = job.batchId;
      batchFrom = `line ${line} says`;
    }
    largest = Math.max(largest, job.batchSize ?? 0);
    if (seen.add(job)) keep(bodyOf(entry.value, job));
    return undefined;
  };
  const keep = (body: string): void => {
    hash.update(body).update('\n');
    options.keep(body);
  };

  for await (const entry of entries) {
    lines += 1;
    const problem = problemOf(entry);
    if (problem !== undefined) {
      invalid += 1;
      if (problems.length < maxProblems) problems.push(problem);
    }
    options.onLine?.(lines);
  }
  const fingerprint = hash.digest('hex');
  return {
    lines,
    jobs: seen.size,
    duplicates: lines - invalid - seen.size,
    invalid,
    problems,
    batchId: batchId ?? `list-${fingerprint.slice(0, 16)}`,
    batchSize: Math.max(largest, seen.size),
    fingerprint,
  };
}

const tooLate = ({ notAfter }: Job, notBefore: number | undefined): boolean =>
  notAfter !== undefined && notBefore !== undefined && notAfter <= notBefore;

/** Always the same text for the same job: ids in lower case, fields in the contract's order. */
function bodyOf(value: unknown, { customerId, cartId }: Job): string {
  const given = new Map(Object.entries(Object(value)));
  const body = Object.fromEntries(
    fields.flatMap((field) =>
      (given.get(field) ?? undefined) === undefined ? [] : [[field, given.get(field)]],
    ),
  );
  return JSON.stringify({ ...body, customerId, cartId });
}

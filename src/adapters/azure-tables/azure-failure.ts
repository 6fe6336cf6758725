/** Says in words what a failed table request tried, what came back, and what the reader can do. */

import type { Refusal } from '../../ports/table.ts';
import { Unavailable } from '../../ports/unavailable.ts';

/** The Table service calls our request wrong (400, 413): a bug of ours, that no waiting mends. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
}

interface Failure {
  readonly status: number | undefined;
  /** Like `EntityAlreadyExists`; '' when the service named none. */
  readonly code: string;
  readonly message: string;
}

/**
 * What a failed call of the client says. A single request leaves the service's code in the JSON of `details.odataError`
 * and the raw JSON in `message`; a transaction leaves it in `code` (@azure/data-tables 13.3.2).
 */
export function readFailure(error: unknown): Failure {
  const fields = isObject(error) ? error : {};
  const details = isObject(fields['details']) ? fields['details'] : {};
  const odata = isObject(details['odataError']) ? details['odataError'] : {};
  const said = isObject(odata['message']) ? odata['message']['value'] : undefined;
  const status = fields['statusCode'];
  return {
    status: typeof status === 'number' ? status : undefined,
    code: [odata['code'], fields['code']].find((code) => typeof code === 'string') ?? '',
    message: [said, fields['message'], String(error)].find((text) => typeof text === 'string') ?? '',
  };
}

/**
 * A refusal is told by the status: the code differs between the services that speak this protocol. Two codes are no
 * refusal of a row though they share the status: the table itself is missing, or being deleted.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  const { status, code } = readFailure(error);
  if (code === 'TableNotFound' || code === 'TableBeingDeleted') return undefined;
  if (status === 409) return 'exists';
  if (status === 412) return 'changed';
  if (status === 404) return 'missing';
  return undefined;
}

/** The service begins the message of a refused transaction with the index of the change: `1:The specified …`. */
export function refusedIndex(error: unknown): number {
  const index = /^(\d{1,3}):/.exec(readFailure(error).message)?.[1];
  return index === undefined ? -1 : Number(index);
}

/**
 * Says in words what was tried and what came back. The client's error is not kept as the cause: it holds the request
 * with its Authorization header.
 */
export function storageFailure(tried: string, table: string, error: unknown): Error {
  const { status, code, message } = readFailure(error);
  const answer = status === undefined ? 'No answer' : `Answer ${status}${code === '' ? '' : ` ${code}`}`;
  const words = isAborted(error)
    ? 'nothing within the time limit.'
    : (message.split('\n')[0]?.slice(0, 300) ?? '');
  if (status === 400 || status === 413)
    return new RefusedRequest(
      `The Table service refuses our request. Tried to ${tried} table ${table}. ${answer}: ${words}`,
    );
  return new Unavailable(
    'storage',
    `Table storage did not ${tried} table ${table}, after the client's own retries. ${answer}: ${words}${advice(status, code)}`,
  );
}

function advice(status: number | undefined, code: string): string {
  if (code === 'TableNotFound') return ' Deploy the tables, or let the worker create them (ensureTables).';
  if (status === 401 || status === 403)
    return ' The worker needs the role "Storage Table Data Contributor" on the account, and the network must let it in.';
  return '';
}

const isAborted = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/**
 * Looks up what an API code means and what it makes the worker do. The table itself is `api-error-table.ts`.
 */

import { type Action, errorCodeTable } from './api-error-table.ts';

export interface ErrorCode {
  readonly http: number;
  /** null: any answer of this status without a code that we know. */
  readonly code: number | null;
  readonly meaning: string;
  readonly action: Action;
  readonly reconcileFirst: boolean;
  /** One sentence: what the reader can do. */
  readonly remedy: string;
  /** The same cart would be refused again. */
  readonly needsNewCart: boolean;
}

/**
 * Refusals that do not say that nothing was bought: "this order cannot be processed", and the 404s that are documented for
 * reads. Not 404/800008: if an earlier call may have been executed, the record is in doubt and evidence comes first anyway.
 */
const reconcileFirst = new Set(['400/4018', '404/1000', '404/20000', '404/800007']);

const rows: readonly ErrorCode[] = errorCodeTable.map(([http, code, action, meaning, remedy, needs]) => ({
  http,
  code,
  meaning,
  action,
  reconcileFirst: reconcileFirst.has(`${http}/${code}`),
  remedy,
  needsNewCart: needs === 'new-cart',
}));
const byPair = new Map(rows.map((row) => [`${row.http}/${row.code}`, row]));
// Not Map.groupBy: Node 20 lacks it, and this runs while the file loads, before the functions can say that it is too old.
const byCode = new Map<string, ErrorCode[]>();
for (const row of rows) byCode.set(String(row.code), [...(byCode.get(String(row.code)) ?? []), row]);

const bought = 'Nothing to do: the worker checks whether the cart was bought.';

/** The class of an answer: the pair (HTTP status, code) first, then the status alone. */
export function lookUp(http: number, code: string | undefined): ErrorCode {
  return byPair.get(`${http}/${code}`) ?? byPair.get(`${http}/null`) ?? unlisted(http, code);
}

function unlisted(http: number, code: string | undefined): ErrorCode {
  const about = { http, code: null, reconcileFirst: false, needsNewCart: false };
  if (http >= 500) return { ...about, action: 'unknown', meaning: `server fault ${http}`, remedy: bought };
  // Redirects are not followed: no token goes to another host. The base address is wrong, or something stands in between;
  // no job is to fail for that, and every other one would meet the same.
  if (http >= 300 && http < 400)
    return {
      ...about,
      action: 'credential',
      meaning: `redirected (${http}), and not followed`,
      remedy:
        'Correct PARTNER_CENTER_API, or the proxy between the worker and Partner Center; the gate then opens automatically.',
    };
  return {
    ...about,
    action: 'permanent',
    reconcileFirst: true,
    meaning: `refused with ${http} and ${code === undefined ? 'no code' : `the code ${code}, which is not in our table`}`,
    remedy: 'Look the code up in the documentation of Partner Center, fix what it names, then retry.',
  };
}

/** Partner Center holds the cart back for hours or days, and then takes it: a review, a pending operation. */
export function isHeldCode(code: string): boolean {
  const found = byCode.get(code) ?? [];
  return found.length > 0 && found.every(({ action }) => action === 'slow');
}

/** The documentation knows it. */
export const isListedCode = (code: string): boolean => byCode.has(code);

/** The same cart would be refused again for this code. Inside a 2xx a code comes without a status: then its first row counts. */
export const codeNeedsNewCart = (status: number | undefined, code: string): boolean =>
  (byPair.get(`${status}/${code}`) ?? byCode.get(code)?.[0])?.needsNewCart ?? false;

export interface GroupCode {
  readonly retryable: boolean;
  readonly meaning: string;
  readonly remedy: string;
}

const retryableActions: ReadonlySet<Action> = new Set(['in-progress', 'slow', 'unknown', 'throttled']);

/** A code inside a 2xx (`orderErrors`) comes without a status; of several rows the most careful one counts. */
export function lookUpGroup(code: string): GroupCode {
  const found = byCode.get(code) ?? [];
  const [first] = found;
  return {
    retryable: first !== undefined && found.every((row) => retryableActions.has(row.action)),
    meaning: first?.meaning ?? `refused with the code ${code}, which is not in our table`,
    remedy:
      first?.remedy ??
      'Look the code up in the documentation of Partner Center, fix what it names, then retry.',
  };
}

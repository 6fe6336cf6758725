/**
 * Judges what came back from a call, for the next action and for the gate. Between the fourth step and `after-call.ts`.
 */

import { decodeError, isApiError } from '../answer/decode-error.ts';
import { decodeCheckout } from '../answer/decode-order.ts';
import type { CallIds, Decoded, Exchange } from '../answer/exchange.ts';
import type { CallReport } from '../gate/permit.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Order } from '../order/order.ts';
import { type ErrorCode, lookUp, lookUpGroup } from './api-errors.ts';
import type { Call, FailedGroup, Reason } from './record.ts';

/** What an answer of the checkout call, or its absence, means. */
export type Outcome =
  /** A readable 2xx: orders, refused groups, or both. */
  | { readonly kind: 'result'; readonly orders: readonly Order[]; readonly errors: readonly FailedGroup[] }
  /** A 2xx that cannot be read: done, details unknown. */
  | { readonly kind: 'unreadable'; readonly reason: Reason }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined; readonly reason: Reason }
  /** A proxy or an edge answered in place of the API. It may have been executed all the same. */
  | { readonly kind: 'intercepted'; readonly reason: Reason }
  | { readonly kind: 'permanent'; readonly reconcileFirst: boolean; readonly reason: Reason }
  | {
      readonly kind:
        | 'in-progress'
        | 'slow'
        | 'person'
        | 'already-done'
        | 'partner-wide'
        | 'stale-item'
        | 'renew-token'
        | 'credential'
        | 'not-executed'
        | 'unknown';
      readonly reason: Reason;
      /** Of a server error: nobody should call before (RFC 9110, 10.2.3). */
      readonly retryAfterMs?: number;
    };

/** What an answer to a read means. */
export type ReadOutcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined; readonly reason: Reason }
  /**
   * `gone`: 404 with a code of the API: not there, or not yet. `refused`: another 4xx, or a list that is not whole.
   * `intercepted`: a proxy or an edge answered. `unavailable`: no answer, 5xx, unreadable, or a 404 that names no code.
   */
  | {
      readonly kind: 'gone' | 'refused' | 'intercepted' | 'renew-token' | 'credential' | 'unavailable';
      readonly reason: Reason;
      /** Of a server error: nobody should call before (RFC 9110, 10.2.3). */
      readonly retryAfterMs?: number;
    };

interface Sent {
  readonly ids: CallIds;
  /** Epoch ms. */
  readonly at: number;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Judges by the pair (HTTP status, API code) first, then by the status. */
export function judge(exchange: Exchange, sent: Sent): Outcome {
  if (exchange.kind === 'no-answer') return judgeSilence(exchange, sent);
  if (!isSuccess(exchange.status)) return judgeError(exchange, decodeError(exchange.body ?? ''), sent);
  const body = exchange.body === undefined ? undefined : decodeCheckout(exchange.body);
  if (body?.kind === 'error') return judgeError(exchange, body.error, sent);
  if (body?.kind === 'result')
    return { kind: 'result', orders: body.orders, errors: body.errors.map(failedGroup) };
  const why = body?.why ?? whyUnread(exchange);
  return {
    kind: 'unreadable',
    reason: reasonOf(exchange, sent, {
      code: 'unreadable',
      description: `Partner Center answered ${exchange.status}, and the body cannot be read: ${why}.`,
      remedy: 'The cart was most likely bought. The worker looks for its orders.',
    }),
  };
}

type Silence = Extract<Exchange, { kind: 'no-answer' }>;

function judgeSilence(exchange: Silence, sent: Sent): Outcome {
  const reason = silenceReason(exchange, sent);
  if (exchange.credential === true) return { kind: 'credential', reason };
  return { kind: exchange.executed === 'no' ? 'not-executed' : 'unknown', reason };
}

function silenceReason(exchange: Silence, sent: Sent): Reason {
  const [code, remedy] =
    exchange.credential === true
      ? ['no-token', 'Fix the credential that the settings name; the gate then opens automatically.']
      : exchange.executed === 'no'
        ? [
            'no-connection',
            'Check the network, DNS and firewall between the worker and Partner Center, then retry.',
          ]
        : ['no-answer', 'Nothing to do: the worker checks whether the cart was bought.'];
  return reasonOf(exchange, sent, { code: code ?? '', description: exchange.failure, remedy: remedy ?? '' });
}

type Answer = Extract<Exchange, { kind: 'answer' }>;

const whyUnread = ({ unread }: Answer): string => unread ?? 'it was cut short, too large or not text';

const interceptable: ReadonlySet<number> = new Set([403, 404, 407]);

/**
 * Whether something between us and the API wrote this answer: a proxy asks for a password, a firewall blocks a page, an edge
 * finds no host. Such an answer says nothing about the cart, and every other call would meet the same.
 */
export const isIntercepted = ({ status, body }: Pick<Answer, 'status' | 'body'>): boolean =>
  interceptable.has(status) && (status === 407 || !isApiError(body));

function interceptedReason(answer: Answer, sent: Sent): Reason {
  return reasonOf(answer, sent, {
    code: withoutCode(answer.status),
    description: `Something between the worker and Partner Center answered ${answer.status}${titleOf(answer.body)}; the API did not.`,
    remedy:
      'Let the proxy, firewall or gateway pass calls to Partner Center, or correct PARTNER_CENTER_API; the gate then opens automatically.',
  });
}

/** The title of a page tells the reader which device wrote it. */
function titleOf(body = ''): string {
  const page = body.slice(0, 4_096);
  const start = page.toLowerCase().indexOf('<title>');
  const end = page.toLowerCase().indexOf('</title>', start);
  const title =
    start < 0 || end < 0
      ? ''
      : page
          .slice(start + 7, end)
          .trim()
          .slice(0, 100)
          .toWellFormed();
  return title === '' ? ' without a code of the API' : ` with a page titled "${title}"`;
}

function judgeError(answer: Answer, error: ReturnType<typeof decodeError>, sent: Sent): Outcome {
  if (isIntercepted(answer)) return { kind: 'intercepted', reason: interceptedReason(answer, sent) };
  const known = lookUp(answer.status, error.code);
  const reason = errorReason(answer, error, known, sent);
  switch (known.action) {
    case 'throttled':
      return { kind: 'throttled', retryAfterMs: answer.retryAfterMs, reason };
    case 'permanent':
      return { kind: 'permanent', reconcileFirst: known.reconcileFirst, reason };
    default:
      return { kind: known.action, reason, ...waitAfter(answer) };
  }
}

const waitAfter = ({ status, retryAfterMs }: Answer) => (status < 500 ? {} : omitUndefined({ retryAfterMs }));

/** Judges the answer to a read; `decode` is given the body of a 2xx. */
export function judgeRead<T>(
  exchange: Exchange,
  decode: (body: string) => Decoded<T>,
  sent: Sent,
): ReadOutcome<T> {
  if (exchange.kind === 'no-answer') {
    const reason = silenceReason(exchange, sent);
    return { kind: exchange.credential === true ? 'credential' : 'unavailable', reason };
  }
  if (isSuccess(exchange.status)) {
    const decoded =
      exchange.body === undefined ? { ok: false as const, why: whyUnread(exchange) } : decode(exchange.body);
    if (decoded.ok) return { kind: 'value', value: decoded.value };
    if (decoded.incomplete === true)
      return { kind: 'refused', reason: incompleteReason(exchange, decoded.why, sent) };
    const description = `Partner Center answered ${exchange.status}, and the body cannot be read: ${decoded.why}.`;
    const remedy = 'The worker reads it again later. If it stays so, tell Microsoft support.';
    return {
      kind: 'unavailable',
      reason: reasonOf(exchange, sent, { code: 'unreadable', description, remedy }),
    };
  }
  if (isIntercepted(exchange)) return { kind: 'intercepted', reason: interceptedReason(exchange, sent) };
  const error = decodeError(exchange.body ?? '');
  const known = lookUp(exchange.status, error.code);
  const reason = errorReason(exchange, error, known, sent);
  // Without a code it may be the word of a gateway, and says nothing about what was asked for.
  if (exchange.status === 404) return { kind: error.code === undefined ? 'unavailable' : 'gone', reason };
  switch (known.action) {
    case 'throttled':
      return { kind: 'throttled', retryAfterMs: exchange.retryAfterMs, reason };
    case 'renew-token':
    case 'credential':
      return { kind: known.action, reason };
    default:
      return {
        kind: exchange.status >= 500 || exchange.status === 408 ? 'unavailable' : 'refused',
        reason,
        ...waitAfter(exchange),
      };
  }
}

const incompleteReason = (exchange: Exchange, why: string, sent: Sent): Reason =>
  reasonOf(exchange, sent, {
    code: 'incomplete-list',
    description: `Partner Center sent a part of the customer's orders, not all of them: ${why}.`,
    remedy: 'Look for the order in Partner Center; nothing is concluded from a part of the list.',
  });

/** An answer with a code, or a readable 2xx: the next send takes a new MS-RequestId ("Partner Center REST headers"). */
export function answeredWithCode(outcome: Outcome): boolean {
  if (outcome.kind === 'result') return true;
  const { status, code } = outcome.reason;
  return outcome.kind !== 'unreadable' && status !== undefined && code !== withoutCode(status);
}

const withoutCode = (status: number): string => `http-${status}`;

/** How a call ended, as the history keeps it. */
export function endOf(exchange: Exchange): NonNullable<Call['end']> {
  if (exchange.kind === 'no-answer') return { ms: exchange.ms, failure: exchange.failure.slice(0, 256) };
  const { ms, status, cv, serverId, body } = exchange;
  const code = body === undefined || isSuccess(status) ? undefined : decodeError(body).code;
  return omitUndefined({ ms, status, code, cv, serverId });
}

function failedGroup(error: {
  readonly group: string;
  readonly code: string;
  readonly description: string;
}): FailedGroup {
  const known = lookUpGroup(error.code);
  return { ...error, description: error.description || known.meaning, retryable: known.retryable };
}

function errorReason(
  answer: Answer,
  error: ReturnType<typeof decodeError>,
  known: ErrorCode,
  sent: Sent,
): Reason {
  return reasonOf(answer, sent, {
    code: error.code ?? withoutCode(answer.status),
    description: error.description || known.meaning,
    remedy: known.remedy,
  });
}

function reasonOf(
  exchange: Exchange,
  sent: Sent,
  words: Pick<Reason, 'code' | 'description' | 'remedy'>,
): Reason {
  const answer = exchange.kind === 'answer' ? exchange : undefined;
  return omitUndefined({
    ...words,
    at: sent.at + exchange.ms,
    status: answer?.status,
    requestId: sent.ids.requestId,
    correlationId: sent.ids.correlationId,
    cv: answer?.cv,
  });
}

/** What the gate is told of a call or a read of this customer. */
export function reportOf(outcome: Outcome | ReadOutcome<unknown>, customerId: string): CallReport {
  switch (outcome.kind) {
    case 'throttled':
      return { kind: 'throttled', customerId, retryAfterMs: outcome.retryAfterMs };
    case 'renew-token':
    case 'credential':
    // What stands in between meets every other call too, as a redirect does.
    case 'intercepted':
      return { kind: 'auth', reason: outcome.reason.description };
    case 'partner-wide':
      return { kind: 'partner-wide', customerId, reason: outcome.reason.description };
    case 'unreadable':
      return { kind: 'unknown', customerId, reason: outcome.reason.description };
    case 'unknown':
    case 'not-executed':
    case 'unavailable': {
      const { reason, retryAfterMs } = outcome;
      return { kind: 'unknown', customerId, reason: reason.description, ...omitUndefined({ retryAfterMs }) };
    }
    case 'result':
    case 'value':
    case 'permanent':
    case 'in-progress':
    case 'slow':
    case 'person':
    case 'already-done':
    case 'stale-item':
    case 'gone':
    case 'refused':
      return { kind: 'ok', customerId };
  }
}

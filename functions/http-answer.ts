/** Makes the answers of the HTTP functions, problems among them. */

import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { ProblemView } from '../src/api/api-shapes.ts';
import { UnreadableRecord } from '../src/ports/ledger.ts';
import { Unavailable } from '../src/ports/unavailable.ts';
import type { Worker } from './composition-root.ts';
import { NotStarted, type Start } from './start.ts';

/** What a caller wrote comes back as data: no browser is to take it for a page, or to keep it. */
const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export const json = (
  status: number,
  jsonBody: unknown,
  more: Record<string, string> = {},
): HttpResponseInit => ({
  status,
  headers: { ...headers, ...more },
  jsonBody,
});

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** RFC 9457. */
export function problem(
  status: number,
  detail: string,
  more: Record<string, unknown> = {},
  moreHeaders: Record<string, string> = {},
): HttpResponseInit {
  const fields: ProblemView = { type: 'about:blank', title: titles[status] ?? 'Error', status, detail };
  return json(status, { ...fields, ...more }, { 'content-type': 'application/problem+json', ...moreHeaders });
}

/** How long a caller waits at best before it tries again. */
export const retryAfter = { 'retry-after': '30' };

type Answer = (worker: Worker, request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/** No worker, or our own storage failing, is a 503; anything else unforeseen is the host's 500. */
export const answering =
  (start: Start, answer: Answer): HttpHandler =>
  async (request, context) => {
    try {
      const worker = start.worker();
      await worker.ready();
      return await answer(worker, request, context);
    } catch (error) {
      if (error instanceof Unavailable || error instanceof NotStarted)
        return problem(503, error.message, {}, retryAfter);
      if (error instanceof UnreadableRecord) return problem(500, error.message);
      throw error;
    }
  };

/** The trigger of `GET /api/health`. */

import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import { notStarted } from '../../src/api/health.ts';
import type { Worker } from '../composition-root.ts';
import { json } from '../http-answer.ts';
import type { Start } from '../start.ts';

type HealthWorker = Pick<Worker, 'ready' | 'health' | 'tickIfStale'>;

/**
 * `GET /api/health`: for Azure's health check, which has no key; so it tells nothing that a stranger should not know. Names of settings are in
 * the documentation; their values never get into a sentence.
 */
export const healthFunction = (start: Start): HttpFunctionOptions => ({
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: async () => {
    const { failure } = start;
    return failure === undefined ? answerHealth(start.worker()) : json(503, notStarted(failure));
  },
});

/**
 * If no tick ended lately, the request starts one, because the timer may have stopped. The answer reports what the request found, not
 * what it started, and does not wait for the tick: whoever checks the health gives up after some seconds.
 */
export async function answerHealth(worker: HealthWorker): Promise<HttpResponseInit> {
  const startedAt = Date.now();
  await worker.ready();
  const view = await worker.health();
  // It logs its errors, and never throws.
  void worker.tickIfStale(startedAt);
  return json(view.healthy ? 200 : 503, view);
}

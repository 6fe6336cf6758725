import type { HttpFunctionOptions } from '@azure/functions';
import { health, notStarted } from '../../src/api/health.ts';
import { json } from '../http-answer.ts';
import type { Start } from '../start.ts';

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
    if (failure !== undefined) return json(503, notStarted(failure));
    const worker = start.worker();
    await worker.ready();
    const view = await health(worker.health);
    return json(view.healthy ? 200 : 503, view);
  },
});

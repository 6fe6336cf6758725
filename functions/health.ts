import type { HttpFunctionOptions } from '@azure/functions';
import { health } from '../src/operate/health.ts';
import { json } from './http-answer.ts';
import type { Worker } from './worker.ts';

/** `GET /api/health`: for Azure's health check, which has no key; so it tells nothing that a stranger should not know. */
export const healthFunction = (worker: Worker): HttpFunctionOptions => ({
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: async () => {
    await worker.ready();
    const view = await health(worker.health);
    return json(view.healthy ? 200 : 503, view);
  },
});

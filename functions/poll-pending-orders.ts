import type { TimerFunctionOptions } from '@azure/functions';
import { runTick } from '../src/orders/tick.ts';
import type { Worker } from './worker.ts';

/** Once a minute, on one instance: the host never runs two ticks at once, unless it loses sight of one. */
export const pollFunction = (worker: Worker): TimerFunctionOptions => ({
  schedule: '0 * * * * *',
  handler: async () => {
    await worker.ready();
    await worker.tellPause();
    await runTick(worker.deps, worker.heartbeats);
  },
});

/** The timer that starts a tick once a minute. */

import type { TimerFunctionOptions } from '@azure/functions';
import { runTick } from '../../src/polling/tick.ts';
import type { Start } from '../start.ts';

/** Once a minute, on one instance: the host never runs two ticks at once, unless it loses sight of one. */
export const pollFunction = (start: Start): TimerFunctionOptions => ({
  schedule: '0 * * * * *',
  handler: async () => {
    const worker = start.worker();
    await worker.ready();
    await worker.emitPause();
    await runTick(worker.tickDeps);
  },
});

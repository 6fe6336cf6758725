import type { TimerFunctionOptions } from '@azure/functions';
import { pollPendingOrders } from '../src/orders/poll.ts';
import type { Worker } from './worker.ts';

/** Once a minute, on one instance: the host never runs two ticks at once. */
export const pollFunction = (worker: Worker): TimerFunctionOptions => ({
  schedule: '0 * * * * *',
  handler: async () => {
    await worker.ready();
    const { failed, stopped } = await pollPendingOrders(worker.deps);
    await worker.beat(failed === 0 && stopped !== 'storage');
  },
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Stack } from '../../local/stack.ts';
import { root } from './workload.ts';

const hostJson = z.object({
  extensions: z.object({ serviceBus: z.object({ maxConcurrentCalls: z.number() }) }),
});

/** Starts `bare-loop-child.ts` in place of a worker, with as many messages at once as host.json gives the worker. */
export async function bareLoop(stack: Stack): Promise<{ stop(): Promise<void> }> {
  const host = hostJson.parse(JSON.parse(await readFile(join(root, 'host.json'), 'utf8')));
  const child = fork(join(root, 'test/bench/bare-loop-child.ts'), {
    env: {
      ...process.env,
      ...stack.settings,
      BARE_TOKEN: stack.sandbox.token(),
      BARE_CONCURRENCY: String(host.extensions.serviceBus.maxConcurrentCalls),
      // The worker's gate asks the storage about once for so many jobs.
      BARE_JOBS_PER_LOT: '8',
    },
  });
  const ended = once(child, 'exit');
  const died = ended.then(() => Promise.reject(new Error('The bare loop ended before it was ready.')));
  await Promise.race([once(child, 'message'), died]);
  died.catch(() => undefined);
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { root } from './workload.ts';

const hostJson = z.object({
  extensions: z.object({ serviceBus: z.object({ maxConcurrentCalls: z.number() }) }),
});

/** How many jobs the deployed worker has under way at once, so that whoever is compared with it has as many. */
export async function hostConcurrency(): Promise<number> {
  const host = hostJson.parse(JSON.parse(await readFile(join(root, 'host.json'), 'utf8')));
  return host.extensions.serviceBus.maxConcurrentCalls;
}

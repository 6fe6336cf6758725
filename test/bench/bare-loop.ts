import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import host from '../../host.json' with { type: 'json' };
import { startHost } from '../../local/functions-host/child.ts';
import { hostSettings } from '../../local/host-settings.ts';
import type { Stack } from '../../local/stack.ts';
import { functionApp } from './function-app.ts';
import { root } from './workload.ts';

/** The worker's gate asks the storage about once for so many jobs, where nobody measured it. */
const usualJobsPerPermitBatch = 8;

export interface Bare {
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Starts `bare-loop-child.ts` in place of a worker: as many messages at once as host.json gives the worker, and its heap. */
export async function bareLoop(stack: Stack, jobsPerPermitBatch = usualJobsPerPermitBatch): Promise<Bare> {
  const child = fork(join(root, 'test/bench/bare-loop-child.ts'), {
    env: { ...process.env, ...(await bareSettings(stack, jobsPerPermitBatch)) },
    execArgv: hostSettings.languageWorkers__node__arguments.split(' '),
  });
  const ended = once(child, 'exit');
  const died = ended.then(() => Promise.reject(new Error('The bare loop ended before it was ready.')));
  await Promise.race([once(child, 'message'), died]);
  died.catch(() => undefined);
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * The same as a function of the host that runs the worker: what the host does for a message is in it, what the worker does is not.
 * `dataType: 'binary'` is the trigger of the worker.
 */
const bareFunctionSource = `
  import { app } from '@azure/functions';
  import { bareEnv, bareIo } from './test/bench/bare-io.ts';
  let io;
  app.serviceBusQueue('bare', {
    connection: 'ServiceBusConnection',
    queueName: '%CHECKOUT_QUEUE%',
    dataType: 'binary',
    handler: async (body) => {
      io ??= bareIo(bareEnv.parse(process.env));
      await (await io).handle(body);
    },
  });
  app.hook.appTerminate(async () => {
    if (io !== undefined) await (await io).bus.close();
  });`;

/** Starts that function in the local Functions host, bundled as the worker is. */
export async function bareFunction(
  stack: Stack,
  jobsPerPermitBatch = usualJobsPerPermitBatch,
): Promise<Bare> {
  const appRoot = await functionApp(root, 'bare-', {
    stdin: { contents: bareFunctionSource, resolveDir: root },
  });
  await copyFile(join(root, 'host.json'), join(appRoot, 'host.json'));
  const host = await startHost({
    appRoot,
    env: { ...hostSettings, ...(await bareSettings(stack, jobsPerPermitBatch)) },
  });
  return {
    pid: host.pid,
    async stop() {
      await host.stop();
      await rm(appRoot, { recursive: true, force: true });
    },
  };
}

async function bareSettings(
  stack: Stack,
  jobsPerPermitBatch: number,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...stack.settings,
    BARE_TOKEN: stack.sandbox.token(),
    BARE_CONCURRENCY: String(host.extensions.serviceBus.maxConcurrentCalls),
    BARE_JOBS_PER_PERMIT_BATCH: String(jobsPerPermitBatch),
  };
}

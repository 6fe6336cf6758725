import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { missingRedis, startRedis } from './peer-servers.ts';
import type { Rival } from './rival.ts';
import { withPackages } from './temporary-packages.ts';

export const bullmqPackages = ['bullmq@6.7.0', 'ioredis@6.0.0'];

/** BullMQ with its own limiter, on a Redis of this machine. */
export const runBullmq = <T>(measure: (run: (rival: Rival) => Promise<void>) => Promise<T>) =>
  withPackages(
    {
      packages: bullmqPackages,
      files: [join(import.meta.dirname, 'bullmq/worker.js')],
      missing: missingRedis,
    },
    (folder) => measure((rival) => withRedis(folder, rival)),
  );

async function withRedis(folder: string, rival: Rival): Promise<void> {
  const redis = await startRedis();
  try {
    await writeFile(join(folder, 'jobs.json'), JSON.stringify(rival.urls));
    const worker = fork(join(folder, 'worker.js'), {
      cwd: folder,
      env: {
        ...process.env,
        REDIS_PORT: String(redis.port),
        TOKEN: rival.sandbox.token(),
        LIMIT: String(rival.limit),
        WINDOW_MS: String(rival.minuteMs),
        CONCURRENCY: String(rival.concurrency),
      },
    });
    const workerEnded = once(worker, 'exit');
    await Promise.race([pause(rival.lengthMs), workerEnded]);
    worker.kill('SIGTERM');
    await workerEnded;
  } finally {
    await redis.stop();
  }
}

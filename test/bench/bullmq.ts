import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Rival } from './rival.ts';

const execute = promisify(execFile);
const packages = ['bullmq@6.7.0', 'ioredis@6.0.0'];

/**
 * BullMQ with its own limiter, on a Redis of this machine (Debian: `apt-get install redis-server`). Neither is a
 * dependency of the project: the packages are installed into a folder that is removed again. Where one of the two is
 * missing, the figure is left out, and says why.
 */
export async function runBullmq<T>(
  measure: (run: (rival: Rival) => Promise<void>) => Promise<T>,
): Promise<T | { readonly leftOut: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-bench-bullmq-'));
  try {
    const missing = await install(folder);
    return missing === undefined ? await measure((rival) => withRedis(folder, rival)) : { leftOut: missing };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(folder: string): Promise<string | undefined> {
  try {
    await execute('redis-server', ['--version']);
  } catch {
    return 'There is no redis-server on this machine.';
  }
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  await copyFile(join(import.meta.dirname, 'bullmq/worker.js'), join(folder, 'worker.js'));
  try {
    await execute('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], {
      cwd: folder,
    });
  } catch (error) {
    return `npm could not install ${packages.join(' and ')}: ${String(error).slice(0, 200)}`;
  }
  return undefined;
}

async function withRedis(folder: string, rival: Rival): Promise<void> {
  const port = await freePort();
  const redis = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
    { stdio: 'ignore' },
  );
  const redisEnded = once(redis, 'exit');
  try {
    await writeFile(join(folder, 'jobs.json'), JSON.stringify(rival.urls));
    // Redis listens within a moment; the client waits for it.
    const worker = fork(join(folder, 'worker.js'), {
      cwd: folder,
      env: {
        ...process.env,
        REDIS_PORT: String(port),
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
    redis.kill('SIGTERM');
    await redisEnded;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

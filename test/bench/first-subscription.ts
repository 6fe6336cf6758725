import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root, round } from './workload.ts';

const goalSeconds = 60;
const limitSeconds = 600;
const run = promisify(execFile);

/**
 * As a new user: `npm run dev`, then the sample list of order lines, then its result file until a line has a subscription. From the first
 * command, with the build of the bundle, to the first subscription.
 */
export async function benchFirstSubscription() {
  if (existsSync(join(root, '.local', 'stack.json')))
    throw new Error('.local/stack.json is there: end the stack of `npm run dev` first');
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1_000;
  const dev = spawn(process.execPath, [join(root, 'local/dev.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await isUp(dev);
    const upAfter = elapsed();
    await checkout('enqueue', '.local/orders.csv', '--batch', 'orders');
    const sentAfter = elapsed();
    while (!(await hasSubscription())) {
      if (elapsed() > limitSeconds) throw new Error(`no subscription within ${limitSeconds} s`);
      await pause(200);
    }
    return {
      goalSeconds,
      cores: cpus().length,
      load: round(loadavg()[0] ?? Number.NaN, 1),
      stackIsUpAfter: round(upAfter, 1),
      listIsSentAfter: round(sentAfter, 1),
      firstSubscriptionAfter: round(elapsed(), 1),
    };
  } finally {
    const ended = dev.exitCode === null ? once(dev, 'exit') : undefined;
    dev.kill('SIGINT');
    await ended;
  }
}

/** Its output is read on, or the stack would stop when the pipe is full. */
async function isUp(dev: ChildProcess): Promise<void> {
  const up = Promise.withResolvers<void>();
  dev.stdout?.on('data', (text) => {
    if (String(text).includes('The stack is up')) up.resolve();
  });
  dev.once('exit', (code) => up.reject(new Error(`npm run dev ended with code ${code}`)));
  await up.promise;
}

const checkout = async (...args: readonly string[]): Promise<string> =>
  (await run(process.execPath, [join(root, 'src/cli/main.js'), ...args], { cwd: root })).stdout;

/** The batch is unknown, which the command calls a failure, until a worker has taken a job of it. */
async function hasSubscription(): Promise<boolean> {
  const csv = await checkout('batch', 'orders', '--csv').catch(() => '');
  const [heading = '', ...rows] = csv.trim().split('\r\n');
  const column = heading.split(',').indexOf('subscriptionIds');
  return rows.some((row) => (row.split(',')[column] ?? '') !== '');
}

import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as z from 'zod/mini';
import type { StopMode } from './host.ts';
import { type Environment, setting } from './settings.ts';

export interface HostChildOptions {
  /** The folder with host.json and package.json. */
  readonly appRoot: string;
  /** On top of this process's environment. */
  readonly env?: Environment;
  readonly settingsFile?: string;
  readonly stateFolder?: string;
  /** What `stop` does; `drain` when absent. */
  readonly stops?: StopMode;
  /** Takes each line of the host's log and of what the app prints. */
  readonly onLine?: (line: string) => void;
  /** How long the start may take, in milliseconds. */
  readonly startLimit?: number;
}

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface HostChild {
  readonly pid: number;
  /** Names of the registered functions. */
  readonly functions: readonly string[];
  /** Where HTTP functions are served, if there are any: `http://127.0.0.1:port`. */
  readonly address?: string | undefined;
  /** Milliseconds from process start to all functions registered, and of that for loading the app. */
  readonly registeredMs: number;
  readonly loadMs: number;
  /** Settles when the process has ended, however it ended. */
  readonly exited: Promise<HostExit>;
  /** SIGTERM: stops as `stops` says, and exits 0. */
  stop(): Promise<HostExit>;
  /** SIGKILL: what a crash looks like. */
  kill(): Promise<HostExit>;
}

const readyShape = z.object({
  ready: z.object({
    functions: z.array(z.string()),
    address: z.optional(z.string()),
    registeredMs: z.number(),
    loadMs: z.number(),
  }),
});

/**
 * Starts the Functions host as a child process and resolves when its triggers listen. The child ends with this process.
 * @throws Error with the last lines of the host's log when it ends or does not get ready in time
 */
export async function startHost(options: HostChildOptions): Promise<HostChild> {
  const args = ['--app-root', options.appRoot];
  if (options.settingsFile !== undefined) args.push('--settings', options.settingsFile);
  if (options.stateFolder !== undefined) args.push('--state', options.stateFolder);
  if (options.stops !== undefined) args.push('--stops', options.stops);
  const env = { ...process.env, ...options.env };
  const child = fork(new URL('./main.ts', import.meta.url), args, {
    env,
    // As Azure's host starts its Node process. A test runner's own flags are nothing for it.
    execArgv: setting(env, 'languageWorkers__node__arguments')?.split(/\s+/).filter(Boolean) ?? [],
    // Ctrl-C is for whoever started it, who stops it in its turn; when that one dies, so does this.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });

  const lastLines: string[] = [];
  const onLine = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > 30) lastLines.shift();
    options.onLine?.(line);
  };
  forEachLine(child.stdout, onLine);
  forEachLine(child.stderr, onLine);

  // 'close' comes after 'exit' and after the last line was read.
  const exited = new Promise<HostExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const end = (signal: NodeJS.Signals): Promise<HostExit> => {
    child.kill(signal);
    return exited;
  };

  const limit = options.startLimit ?? 30_000;
  const { promise: readyMessage, resolve, reject } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.once('error', reject);
  void exited.then(({ code, signal }) =>
    reject(new Error(`The Functions host ended with ${signal ?? `code ${code}`}:\n${lastLines.join('\n')}`)),
  );
  const timer = setTimeout(
    () => reject(new Error(`The Functions host was not ready within ${limit} ms.`)),
    limit,
  );
  try {
    const { ready } = readyShape.parse(await readyMessage);
    const { pid } = child;
    if (pid === undefined) throw new Error('The Functions host has no process id.');
    return { pid, ...ready, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function forEachLine(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', onLine);
}

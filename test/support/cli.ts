import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../src/cli/main.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliChild {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

export interface CliOptions {
  /** Where it runs; `.local/stack.json` there names its stack. */
  readonly folder?: string;
  /** Standard input. */
  readonly input?: string;
}

/** A command as a person runs it: a process of its own, connected by these settings, without a terminal. */
export function startCli(
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
  options: CliOptions = {},
): CliChild {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: 'pipe',
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
  // A command that ends before it has read all of it has its reasons.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const { promise, resolve, reject } = Promise.withResolvers<CliResult>();
  child.once('error', reject);
  child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  return { child, ended: promise };
}

export const cli = (
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> => startCli(settings, args, options).ended;

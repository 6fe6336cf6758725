/** Where a command connects to: a file of settings, the environment, or the local stack. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Environment } from '../../config/config.ts';
import { describeValue } from '../../domain/looks-like.ts';
import { fileProblem } from '../../operator/file-problem.ts';
import { CommandFailure, exit } from './cli-failure.ts';
import { readEnvFile } from './read-env-file.ts';

export interface Settings {
  readonly env: Environment;
  /** In words, for the person: `the stack of npm run dev`. */
  readonly from: string;
  /** A certificate in PEM to trust beside those that are trusted anyway: the local stack's. */
  readonly certificateFile?: string;
}

/** What `npm run dev` leaves in `.local/stack.json` while it runs. */
const stackFile = z.object({ pid: z.number(), settings: z.record(z.string(), z.string()) });

const names = ['TablesConnection', 'TablesConnection__tableServiceUri'];

/**
 * Where a command connects to: the file that it was given (`NAME=value` lines, as `azd env get-values` prints them), else
 * the environment, else the local stack that runs in this folder. Throws `CommandFailure`.
 */
export function findSettings(
  file: string | undefined,
  env: Environment,
  folder: string,
  isAlive: (pid: number) => boolean,
): Settings {
  if (file !== undefined) return { env: { ...env, ...readSettings(file) }, from: file };
  if (names.some((name) => env[name] !== undefined)) return { env, from: 'the environment' };
  const path = join(folder, '.local', 'stack.json');
  const stack = existsSync(path) ? stackFile.safeParse(parsed(readFileSync(path, 'utf8'))) : undefined;
  const certificateFile = stack?.data?.settings['NODE_EXTRA_CA_CERTS'];
  if (stack?.success === true && isAlive(stack.data.pid))
    return {
      env: { ...stack.data.settings, ...env },
      from: 'the stack of npm run dev',
      ...(certificateFile === undefined ? {} : { certificateFile }),
    };
  throw new CommandFailure(
    exit.cannot,
    'No connection: TablesConnection__tableServiceUri and ServiceBusConnection__fullyQualifiedNamespace are not set, no --settings FILE was given, and no `npm run dev` runs in this folder.',
  );
}

function readSettings(file: string): Environment {
  try {
    return readEnvFile(readFileSync(file));
  } catch (error) {
    const why = fileProblem(error) ?? (error instanceof Error ? error.message : 'unreadable');
    throw new CommandFailure(
      exit.usage,
      `--settings must name a file that can be read (${why}); it is ${describeValue(file)}.`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

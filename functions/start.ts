/** Starts the worker, or keeps why there is none, for each trigger to say. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../src/config/config.ts';
import { settingNames } from '../src/config/settings.ts';
import { withoutValues } from '../src/domain/looks-like.ts';
import { openWorker, type Worker } from './composition-root.ts';

/** The worker, or why there is none. Every function is registered in both cases: a host without functions tells nobody why. */
export interface Start {
  /** Why there is no worker, in one line that names each wrong setting; undefined when there is one. */
  readonly failure: string | undefined;
  /** Throws `NotStarted`. */
  worker(): Worker;
  /** As `worker`, for a message: throws later, so that its few deliveries are not spent before a person has read why. */
  workerForMessage(): Promise<Worker>;
  close(): Promise<void>;
}

/** A setting is missing or wrong: `message` is one line, because the host keeps no more of what it logs. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/** The oldest Node that runs the bundle: the build compiles for it. */
const oldestNode = 22;

/** Ten deliveries with it take more than three minutes; without it they take two seconds, and the message is a dead letter. */
const holdMs = 20_000;

export function startWorker(
  env: NodeJS.ProcessEnv,
  nodeVersion: string = process.versions.node,
  open: (env: NodeJS.ProcessEnv) => Worker = openWorker,
): Start {
  const opened = tryToOpen(env, nodeVersion, open);
  if (typeof opened !== 'string')
    return {
      failure: undefined,
      worker: () => opened,
      workerForMessage: async () => opened,
      close: () => opened.close(),
    };
  // An event of a signal, and not Promise.withResolvers: this runs on the Node that is too old as well.
  const closing = new AbortController();
  return {
    failure: opened,
    worker: () => {
      throw new NotStarted(opened);
    },
    async workerForMessage() {
      await hold(holdMs / factorOf(env), closing.signal);
      throw new NotStarted(opened);
    },
    close: async () => closing.abort(),
  };
}

function tryToOpen(
  env: NodeJS.ProcessEnv,
  nodeVersion: string,
  open: (env: NodeJS.ProcessEnv) => Worker,
): Worker | string {
  if (Number.parseInt(nodeVersion, 10) < oldestNode)
    return `The worker does not start: Node ${nodeVersion} is too old; expected: Node ${oldestNode} or newer. In Azure, set the runtime version of the function app.`;
  try {
    return open(env);
  } catch (error) {
    if (error instanceof ConfigError) return `The worker does not start: ${error.message}`;
    // A library refused a value that our own checks let pass. Its sentence may quote the value.
    const values = settingNames.flatMap((name) => env[name] ?? []);
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return `The worker does not start: ${withoutValues(why, values).replace(/\s+/g, ' ')}`;
  }
}

/** The factor itself may be what is wrong. */
function factorOf(env: NodeJS.ProcessEnv): number {
  const factor = Number(env['CHECKOUT_TIME_FACTOR'] ?? 1);
  return factor >= 1 && env['WEBSITE_SITE_NAME'] === undefined ? factor : 1;
}

/** Ends early when the host stops. */
const hold = (ms: number, closing: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal: closing }).catch(() => {});

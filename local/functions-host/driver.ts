import type { HostClock } from './clock.ts';
import type { InvocationResponse } from './core.ts';
import type { HostJson } from './host-json.ts';
import type { TriggerInput } from './invoke.ts';
import type { Log } from './log.ts';
import type { Environment } from './settings.ts';

/** One function of the app, as its trigger's driver sees it. */
export interface HostedFunction {
  readonly name: string;
  /** The trigger's binding as registered: the app's options, unchecked. */
  readonly trigger: Readonly<Record<string, unknown>>;
  run(input: TriggerInput): Promise<InvocationResponse>;
}

export interface HostContext {
  readonly env: Environment;
  readonly hostJson: HostJson;
  readonly clock: HostClock;
  readonly log: Log;
  readonly timeFactor: number;
  /** Where timers keep their status over restarts; without it a past-due run is not made up for. */
  readonly stateFolder: string | undefined;
  /** The host stops as Azure's does and has begun to: what succeeds from now on is not completed. */
  readonly stopping: () => boolean;
}

/**
 * Makes one kind of trigger work. Called with all functions of that kind before anything starts, and throws
 * HostStartError for what it cannot run, so that a wrong app never runs by half.
 */
export type Driver = (functions: readonly HostedFunction[], context: HostContext) => Listener;

export interface Listener {
  start(): Promise<void>;
  /** Takes no new work, and resolves when the last run has ended. */
  drain(): Promise<void>;
  /** Where it listens for requests, once it does: `http://127.0.0.1:port`. */
  address?(): string | undefined;
  /** Gives back what succeeded after the stop began, for a host that stops as Azure's does. */
  abandonFinished?(): Promise<void>;
  /** Lets go of connections. After drain(), or instead of it when time is up. */
  close(): Promise<void>;
}

import { join } from 'node:path';
import type { HostClock } from './clock.ts';
import { type Core, createCore, type RegisteredFunction } from './core.ts';
import type { HostContext, HostedFunction, Listener } from './driver.ts';
import { drivers } from './drivers.ts';
import { HostStartError, textOf } from './errors.ts';
import { readHostJson } from './host-json.ts';
import { invoke, withFixed } from './invoke.ts';
import { loadApp, provideCore, readIfThere } from './load.ts';
import { createLog, type Log } from './log.ts';
import { type Environment, isDisabled, timeFactor } from './settings.ts';

export interface HostOptions {
  /** The folder with host.json and package.json: the project, or the build's `dist`. */
  readonly appRoot: string;
  readonly env: Environment;
  readonly clock: HostClock;
  /** Takes each log line. */
  readonly write: (line: string) => void;
  readonly stateFolder?: string | undefined;
  readonly stops?: StopMode | undefined;
}

/**
 * What a stop does. `drain`: takes no new messages and waits for what runs. `azure`: what the real host was seen to do. It goes on taking
 * messages for ten seconds, abandons what succeeds meanwhile, and then ends, whatever runs.
 */
export type StopMode = 'drain' | 'azure';

export interface FunctionsHost {
  /** Names of the registered functions. */
  readonly functions: readonly string[];
  /** Where HTTP functions are served, if there are any: `http://127.0.0.1:port`. */
  readonly address: string | undefined;
  /** Milliseconds from the start of the process until all functions were registered. */
  readonly registeredMs: number;
  /** Milliseconds of that for loading the app. */
  readonly loadMs: number;
  /** As `StopMode` says; appTerminate hooks run in both. */
  stop(): Promise<void>;
}

/** What the terminate message leaves a worker in Azure. */
const terminateLimit = 5_000;
/** How long Azure's host lets its listeners run on when it stops (host 4.1037). */
const azureDrain = 10_000;

/**
 * Loads the app into this process and starts its triggers. Once per process: what the app loads stays loaded.
 * @throws HostStartError when app, host.json or settings are wrong; then nothing has been started
 */
export async function startFunctionsHost(options: HostOptions): Promise<FunctionsHost> {
  const { env, clock } = options;
  const hostJson = readHostJson(readIfThere(join(options.appRoot, 'host.json')), env);
  const log = createLog(hostJson.logLevels, options.write);
  const core = createCore((level, category, text) => log(level, `Worker.${category}`, text));
  const loadStart = performance.now();
  provideCore(core);
  await loadApp(options.appRoot, core);
  const registeredMs = performance.now();
  const loadMs = registeredMs - loadStart;

  const hookData: Record<string, unknown> = {};
  const appHookData = {};
  const appContext = withFixed({}, { hookData, appHookData });
  for (const hook of core.hooks('appStart')) await hook(appContext);
  // Azure's host would stay up. Whoever starts this one looks at its terminal, and reads it at once.
  if (typeof hookData['startFailure'] === 'string') throw new HostStartError(hookData['startFailure']);
  await core.model().getCapabilities?.({});
  core.lock();

  let stopping = false;
  const factor = timeFactor(env);
  const functionTimeout = hostJson.functionTimeout / factor;
  const context: HostContext = {
    env,
    hostJson,
    clock,
    log,
    timeFactor: factor,
    stateFolder: options.stateFolder,
    stopping: () => stopping,
  };
  const hosted = core.functions
    .filter(({ metadata }) => !isDisabled(env, metadata.name))
    .map((fn) =>
      hostedFunction(fn, (bindingName, input) =>
        invoke(fn, bindingName, input, { core, log, clock, functionTimeout, appHookData }),
      ),
    );
  const listeners = await prepare(hosted, context);
  try {
    for (const listener of listeners) await listener.start();
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }

  return {
    functions: core.functions.map(({ metadata }) => metadata.name),
    address: listeners.map((listener) => listener.address?.()).find((address) => address !== undefined),
    registeredMs,
    loadMs,
    stop: async () => {
      if (options.stops === 'azure') {
        stopping = true;
        await clock.sleep(azureDrain / factor, new AbortController().signal);
        await Promise.all(listeners.map((listener) => listener.abandonFinished?.()));
        await within(runTerminateHooks(core, appContext, log), terminateLimit, clock, () =>
          log('warning', 'Host.Stop', 'gave up the appTerminate hooks'),
        );
        // What runs ends with the process; its messages come back when their locks end.
        return;
      }
      const drained = Promise.all(listeners.map((listener) => listener.drain()));
      await within(drained, functionTimeout, clock, () =>
        log('warning', 'Host.Stop', 'gave up what still runs'),
      );
      await within(runTerminateHooks(core, appContext, log), terminateLimit, clock, () =>
        log('warning', 'Host.Stop', 'gave up the appTerminate hooks'),
      );
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

type Run = (
  bindingName: string,
  input: Parameters<HostedFunction['run']>[0],
) => ReturnType<HostedFunction['run']>;

/** @throws HostStartError for parts of a function that only Azure can run */
function hostedFunction({ metadata }: RegisteredFunction, run: Run): HostedFunction {
  const { name, bindings, retryOptions } = metadata;
  const isTrigger = (binding: Readonly<Record<string, unknown>>) => /trigger$/i.test(String(binding['type']));
  const trigger = Object.entries(bindings).find(([, binding]) => isTrigger(binding));
  if (!trigger) throw new HostStartError(`Function "${name}" has no trigger.`);
  const [bindingName, binding] = trigger;
  const isHttp = String(binding['type']).toLowerCase() === 'httptrigger';
  const others = Object.entries(bindings).filter(
    ([key, other]) => key !== bindingName && !(isHttp && other['type'] === 'http'),
  );
  if (others.length > 0) {
    throw new HostStartError(
      `Function "${name}": the local host knows no input or output bindings (${others.map(([key]) => key).join(', ')}). Use an SDK client.`,
    );
  }
  if (retryOptions) throw new HostStartError(`Function "${name}": the local host knows no retry policies.`);
  return { name, trigger: binding, run: (input) => run(bindingName, input) };
}

async function prepare(hosted: readonly HostedFunction[], context: HostContext): Promise<Listener[]> {
  const kinds = Map.groupBy(hosted, (fn) => String(fn.trigger['type']).toLowerCase());
  const listeners: Listener[] = [];
  for (const [kind, functions] of kinds) {
    const load = drivers[kind];
    if (!load) {
      const names = functions.map((fn) => fn.name).join(', ');
      throw new HostStartError(
        `The local host has no driver for the trigger "${functions[0]?.trigger['type']}" of ${names}. It has: ${Object.keys(drivers).join(', ')}.`,
      );
    }
    listeners.push((await load())(functions, context));
  }
  return listeners;
}

async function runTerminateHooks(core: Core, appContext: object, log: Log): Promise<void> {
  for (const hook of core.hooks('appTerminate')) {
    try {
      await hook(appContext);
    } catch (error) {
      log('error', 'Host.Stop', `an appTerminate hook failed: ${textOf(error)}`);
    }
  }
}

async function within(
  work: Promise<unknown>,
  limit: number,
  clock: HostClock,
  late: () => void,
): Promise<void> {
  const done = new AbortController();
  const finished = work.then(() => true).finally(() => done.abort());
  const inTime = await Promise.race([
    finished,
    clock.sleep(limit, done.signal).then(() => done.signal.aborted),
  ]);
  if (!inTime) late();
}

import { randomBytes, randomUUID } from 'node:crypto';
import type { HostClock } from './clock.ts';
import type {
  Core,
  CoreInvocationContext,
  InvocationResponse,
  RegisteredFunction,
  TypedData,
} from './core.ts';
import { FunctionTimeoutError } from './errors.ts';
import type { Log } from './log.ts';

/** What a trigger hands over: the host's typed data, never finished objects, so that the library converts as in Azure. */
export interface TriggerInput {
  readonly data: TypedData;
  /** By name as the host writes it (`MessageId`); the library lower-cases the first letters. */
  readonly metadata: Readonly<Record<string, TypedData>>;
  /** W3C trace context of the cause, where there is one. */
  readonly traceParent?: string | undefined;
  readonly traceState?: string | undefined;
}

export interface InvokeOptions {
  readonly core: Core;
  readonly log: Log;
  readonly clock: HostClock;
  /** Milliseconds; Infinity for none. */
  readonly functionTimeout: number;
  /** Shared by every hook of the app for as long as it runs. */
  readonly appHookData: object;
}

/**
 * Runs one invocation through the hooks and the library, as the worker does.
 * @throws what the handler or a hook threw, or FunctionTimeoutError
 */
export async function invoke(
  fn: RegisteredFunction,
  bindingName: string,
  input: TriggerInput,
  options: InvokeOptions,
): Promise<InvocationResponse> {
  const ended = new AbortController();
  const timeout = async (): Promise<never> => {
    await options.clock.sleep(options.functionTimeout, ended.signal);
    // The run is over, and nobody waits for this: no error with its stack is made for each of them.
    if (ended.signal.aborted) return new Promise(() => {});
    throw new FunctionTimeoutError(
      `${fn.metadata.name} ran longer than functionTimeout (${options.functionTimeout} ms). Azure would end the process here.`,
    );
  };
  const run = invokeWithHooks(fn, bindingName, input, options);
  if (!Number.isFinite(options.functionTimeout)) return run;
  try {
    return await Promise.race([run, timeout()]);
  } finally {
    // Without a reason it would make an exception, with its stack.
    ended.abort('ended');
  }
}

async function invokeWithHooks(
  fn: RegisteredFunction,
  bindingName: string,
  input: TriggerInput,
  { core, log, appHookData }: InvokeOptions,
): Promise<InvocationResponse> {
  const { metadata } = fn;
  const invocationId = randomUUID();
  const hookData = {};
  let invocationContext: object | undefined;

  const coreContext: CoreInvocationContext = {
    invocationId,
    metadata,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: [{ name: bindingName, data: input.data }],
      triggerMetadata: input.metadata,
      traceContext: {
        traceParent: childOf(input.traceParent),
        traceState: input.traceState ?? '',
        attributes: {},
      },
    },
    log: (level, category, text) => {
      const line = { level, message: text, category, invocationContext };
      const context = withFixed(line, { hookData, appHookData });
      runLogHooks(core, context);
      // A hook may rewrite the app's own lines, never those of library and host.
      const { level: shownLevel, message } = category === 'user' ? context : { level, message: text };
      log(
        shownLevel,
        category === 'user' ? `Function.${metadata.name}.User` : `Function.${metadata.name}`,
        message,
      );
    },
  };

  const model = core.model().getInvocationModel(coreContext);
  const { context, inputs } = await model.getArguments();
  invocationContext = context;

  coreContext.state = 'preInvocationHooks';
  const before = withFixed(
    { inputs, functionCallback: fn.callback },
    { hookData, appHookData, invocationContext },
  );
  // A hook that throws here fails the run before the handler, and the post hooks are skipped: so does the worker.
  for (const hook of core.hooks('preInvocation')) await hook(before);

  coreContext.state = 'invocation';
  const outcome: { result: unknown; error: unknown } = { result: null, error: null };
  try {
    outcome.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    outcome.error = error ?? new Error('The handler threw nothing.');
  }

  coreContext.state = 'postInvocationHooks';
  const after = withFixed(
    { inputs: before.inputs, ...outcome },
    { hookData, appHookData, invocationContext },
  );
  for (const hook of core.hooks('postInvocation')) await hook(after);
  delete coreContext.state;
  if (after.error !== null && after.error !== undefined) throw after.error;
  return model.getResponse(context, after.result);
}

/** Log hooks are synchronous and may not break the run. */
function runLogHooks(core: Core, context: object): void {
  for (const hook of core.hooks('log')) {
    try {
      hook(context);
    } catch {
      // Azure swallows it as well: a log line is not worth a job.
    }
  }
}

/** `changeable`, with further properties that a hook can read but not replace. */
export function withFixed<T extends object, F extends object>(changeable: T, fixed: F): T & Readonly<F> {
  const getters = Object.fromEntries(
    Object.entries(fixed).map(([name, value]) => [name, { get: () => value, enumerable: true }]),
  );
  return Object.defineProperties({ ...changeable }, getters) as T & Readonly<F>;
}

/** A new span id within the given W3C trace; a trace of its own where none is given. */
function childOf(traceParent: string | undefined): string {
  const parent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceParent ?? '');
  const [, traceId = randomBytes(16).toString('hex'), flags = '01'] = parent ?? [];
  return `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
}

import { HostStartError } from './errors.ts';
import type { LogLevel } from './log.ts';

/**
 * What the library `@azure/functions` asks of its runtime, which it finds by `require('@azure/functions-core')`.
 * The shapes are those that version 4.16.5 of the library uses.
 */
interface CoreApi {
  readonly version: string;
  readonly hostVersion: string;
  readonly Disposable: typeof Disposal;
  setProgrammingModel(model: ProgrammingModel): void;
  getProgrammingModel(): ProgrammingModel | undefined;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposal;
  registerHook(name: string, callback: HookCallback): Disposal;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

/** One value on its way between host and library; exactly one property is set. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

/** A request on its way in, an answer on its way out. */
export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly nullableHeaders?: Readonly<Record<string, { readonly value: string }>>;
  readonly nullableQuery?: Readonly<Record<string, { readonly value: string }>>;
  readonly nullableParams?: Readonly<Record<string, { readonly value: string }>>;
  readonly body?: TypedData;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type FunctionCallback = (...inputs: unknown[]) => unknown;
type HookCallback = (context: object) => unknown;
export type LogCategory = 'user' | 'system';

interface FunctionMetadata {
  readonly name: string;
  /** By binding name. Options of the trigger are spread into the binding as the app gave them. */
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly retryOptions?: object | undefined;
}

interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  /** Lets the library tell a log line of a post hook from one that came too late. */
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
  log(level: LogLevel, category: LogCategory, message: string): void;
}

interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: {
    readonly traceParent: string;
    readonly traceState: string;
    readonly attributes: object;
  };
}

interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>;
  invokeFunction(context: object, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: object, result: unknown): Promise<InvocationResponse>;
}

export interface InvocationResponse {
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData }[];
  readonly returnValue?: TypedData | null;
}

class Disposal {
  readonly #undo: () => void;
  constructor(undo: () => void) {
    this.#undo = undo;
  }
  dispose(): void {
    this.#undo();
  }
}

const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
type HookName = (typeof hookNames)[number];

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** The stand-in for the worker's core, and what the app registered with it. */
export interface Core {
  readonly api: CoreApi;
  readonly functions: readonly RegisteredFunction[];
  /** From now on a registration throws, as in Azure once the functions have been read. */
  lock(): void;
  model(): ProgrammingModel;
  hooks(name: HookName): readonly HookCallback[];
}

export function createCore(log: (level: LogLevel, category: LogCategory, message: string) => void): Core {
  const functions: RegisteredFunction[] = [];
  const hooks = new Map<HookName, HookCallback[]>(hookNames.map((name) => [name, []]));
  let model: ProgrammingModel | undefined;
  let locked = false;

  const api: CoreApi = {
    version: '3.12.0',
    hostVersion: '4.1052.0',
    Disposable: Disposal,
    setProgrammingModel: (next) => {
      model = next;
    },
    getProgrammingModel: () => model,
    registerFunction: (metadata, callback) => {
      const { name } = metadata;
      if (locked)
        throw new HostStartError(`Function "${name}": a function can only be registered during app startup.`);
      if (!/^[a-z][a-z0-9_-]{0,127}$/i.test(name) || name.toLowerCase() === 'host') {
        throw new HostStartError(
          `"${name}" cannot be the name of a function: a letter, then up to 127 letters, digits, _ or -.`,
        );
      }
      if (functions.some((known) => known.metadata.name.toLowerCase() === name.toLowerCase())) {
        throw new HostStartError(`A function named "${name}" is registered twice.`);
      }
      const registered = { metadata, callback };
      functions.push(registered);
      return new Disposal(() => remove(functions, registered));
    },
    registerHook: (name, callback) => {
      const known = hookNames.find((hook) => hook === name);
      const list = known && hooks.get(known);
      // The library turns exactly this kind of error into its own "needs a newer host".
      if (!list)
        throw Object.assign(new RangeError(`Unknown hook "${name}"`), { isAzureFunctionsSystemError: true });
      list.push(callback);
      return new Disposal(() => remove(list, callback));
    },
    log,
  };

  return {
    api,
    functions,
    lock: () => {
      locked = true;
    },
    model: () => {
      if (!model)
        throw new HostStartError('The app registered no programming model: it never used @azure/functions.');
      return model;
    },
    hooks: (name) => hooks.get(name) ?? [],
  };
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

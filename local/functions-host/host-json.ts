import { describeValue } from '../../src/domain/looks-like.ts';
import { HostStartError } from './errors.ts';
import { canonical, type Environment, parseJson } from './settings.ts';

/** What this host takes from host.json. Times in milliseconds. */
export interface HostJson {
  readonly maxConcurrentCalls: number;
  /** Infinity: renewed for as long as the handler runs. */
  readonly maxAutoLockRenewal: number;
  /** Infinity: none. */
  readonly functionTimeout: number;
  /** What every HTTP route begins with; may be empty. */
  readonly routePrefix: string;
  /** Least level by category prefix, all in lower case; `default` for the rest. */
  readonly logLevels: Readonly<Record<string, string>>;
}

/**
 * Reads host.json. A variable `AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls` overrides the value
 * at that path. Defaults are those of the host and of the Service Bus extension 5.x on one core (host.json reference
 * on learn.microsoft.com).
 */
export function readHostJson(text: string | undefined, env: Environment): HostJson {
  if (text === undefined)
    throw new HostStartError('There is no host.json in the app folder. Run the build first.');
  const values = flatten(parseJson(text, 'host.json'));
  const version = values.get('version');
  if (version !== '2.0') {
    throw new HostStartError(`host.json: "version" must be "2.0", not ${JSON.stringify(version)}.`);
  }
  const prefix = 'azurefunctionsjobhost:';
  for (const [name, value] of Object.entries(env)) {
    const path = canonical(name);
    if (value === undefined || !path.startsWith(prefix)) continue;
    values.set(path.slice(prefix.length), value);
    values.set(`${fromEnvironment}${path.slice(prefix.length)}`, value);
  }
  return {
    maxConcurrentCalls: count(values, 'extensions:servicebus:maxconcurrentcalls', 16),
    maxAutoLockRenewal: renewal(values),
    functionTimeout: timeout(values),
    routePrefix: values.get('extensions:http:routeprefix') ?? 'api',
    logLevels: logLevels(values),
  };
}

/** No path of a file begins so. */
const fromEnvironment = 'environment=';

/** A value of the file, which everybody may read; of a value from the environment its length and kind alone. */
function shown(values: Map<string, string>, path: string): string {
  const text = values.get(path) ?? '';
  return values.has(`${fromEnvironment}${path}`) ? describeValue(text) : JSON.stringify(text);
}

/** Every leaf as text under its path in lower case, the way .NET's configuration flattens JSON. */
function flatten(json: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        visit(inner, path === '' ? canonical(key) : `${path}:${canonical(key)}`);
    } else {
      leaves.set(path, String(value));
    }
  };
  visit(json, '');
  return leaves;
}

function count(values: Map<string, string>, path: string, fallback: number): number {
  const text = values.get(path);
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new HostStartError(`host.json: ${path} is ${shown(values, path)}, not a positive number.`);
  return Number(text);
}

const minute = 60_000;

function renewal(values: Map<string, string>): number {
  const path = 'extensions:servicebus:maxautolockrenewalduration';
  const duration = timeSpan(values, path) ?? 5 * minute;
  if (duration >= 0) return duration;
  // .NET's Timeout.InfiniteTimeSpan is the one negative value that the host accepts.
  if (duration === -1) return Number.POSITIVE_INFINITY;
  throw new HostStartError(`host.json: ${path} is negative.`);
}

function timeout(values: Map<string, string>): number {
  if (values.get('functiontimeout') === '-1') return Number.POSITIVE_INFINITY;
  const duration = timeSpan(values, 'functiontimeout') ?? 30 * minute;
  if (duration < 1_000) throw new HostStartError('host.json: functionTimeout is shorter than one second.');
  return duration;
}

/** A .NET TimeSpan, `[-][d.]hh:mm:ss[.fffffff]`, in milliseconds. */
function timeSpan(values: Map<string, string>, path: string): number | undefined {
  const text = values.get(path);
  if (text === undefined) return undefined;
  const match = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,7})?$/.exec(text);
  if (!match)
    throw new HostStartError(`host.json: ${path} is ${shown(values, path)}, not a time like "00:05:00".`);
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  const total =
    ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * minute +
    (Number(seconds) + Number(fraction)) * 1_000;
  return sign ? -Math.round(total) : Math.round(total);
}

function logLevels(values: Map<string, string>): Record<string, string> {
  const levels: Record<string, string> = { default: 'information' };
  const prefix = 'logging:loglevel:';
  for (const [path, value] of values) {
    if (path.startsWith(prefix)) levels[path.slice(prefix.length)] = value.toLowerCase();
  }
  return levels;
}

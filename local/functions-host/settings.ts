import * as z from 'zod/mini';
import { describeValue } from '../../src/domain/looks-like.ts';
import { HostStartError } from './errors.ts';

/** Settings by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const fileShape = z.object({
  IsEncrypted: z.optional(z.boolean()),
  Values: z.optional(z.record(z.string(), z.nullable(z.string()))),
  ConnectionStrings: z.optional(z.record(z.string(), z.string())),
});

/**
 * The environment that the app sees: what is set already wins over `local.settings.json`, as with Core Tools.
 * A missing `IsEncrypted` means true there, and this host cannot decrypt.
 */
export function withLocalSettings(
  env: Environment,
  fileText: string | undefined,
  fileName: string,
): Environment {
  if (fileText === undefined) return env;
  const file = fileShape.safeParse(parseJson(fileText, fileName));
  if (!file.success) throw new HostStartError(`${fileName}: ${z.prettifyError(file.error)}`);
  const { IsEncrypted = true, Values = {}, ConnectionStrings = {} } = file.data;
  if (IsEncrypted) {
    throw new HostStartError(
      `${fileName} is encrypted (a missing "IsEncrypted" counts as true). Set it to false.`,
    );
  }
  const fromFile: Record<string, string> = {};
  for (const [name, value] of Object.entries(Values)) if (value !== null) fromFile[name] = value;
  for (const [name, value] of Object.entries(ConnectionStrings))
    fromFile[`ConnectionStrings:${name}`] = value;
  return { ...fromFile, ...env };
}

export function parseJson(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser quotes the text around the mistake, which may be a secret.
    const place = /at position \d+( \(line \d+ column \d+\))?/.exec(String(error))?.[0];
    throw new HostStartError(
      `${fileName} is not JSON${place === undefined ? '' : `: see ${place.slice('at '.length)}`}.`,
    );
  }
}

/** A setting by name as .NET's configuration reads it: any case, and `A:B` is the variable `A__B`. */
export function setting(env: Environment, name: string): string | undefined {
  const wanted = canonical(name);
  for (const [key, value] of Object.entries(env)) {
    if (value !== undefined && canonical(key) === wanted) return value;
  }
  return undefined;
}

export const canonical = (name: string): string => name.replaceAll('__', ':').toLowerCase();

/** Replaces every `%NAME%`. `where` names the function and option for the error. */
export function resolveTokens(text: string, env: Environment, where: string): string {
  return text.replace(/%([^%]+)%/g, (token, name: string) => {
    const value = setting(env, name);
    if (value === undefined) {
      throw new HostStartError(`${where} is "${text}", but no setting ${token} exists. Set ${name}.`);
    }
    return value;
  });
}

/** `AzureWebJobs.<function>.Disabled`, or with underscores where a shell allows no dots. */
export function isDisabled(env: Environment, functionName: string): boolean {
  const value =
    setting(env, `AzureWebJobs.${functionName}.Disabled`) ??
    setting(env, `AzureWebJobs_${functionName}_Disabled`);
  return value === '1' || value?.toLowerCase() === 'true';
}

/** Looks a binding's `connection` up in the order of the real host: `X`, `ConnectionStrings:X`, `AzureWebJobsX`. */
export function connectionString(env: Environment, connection: string, where: string): string {
  const found =
    setting(env, connection) ??
    setting(env, `ConnectionStrings:${connection}`) ??
    setting(env, `AzureWebJobs${connection}`);
  if (found) return found;
  if (setting(env, `${connection}__fullyQualifiedNamespace`) !== undefined) {
    throw new HostStartError(
      `${where} is an identity connection; the local host has no identity. Set ${connection} to a connection string.`,
    );
  }
  throw new HostStartError(`${where} is "${connection}", but there is no such setting. Set ${connection}.`);
}

/**
 * `CHECKOUT_TIME_FACTOR`: by how much local time is pressed together. It divides the period of a timer, the time for
 * which locks are renewed, and the function timeout.
 */
export function timeFactor(env: Environment): number {
  const text = setting(env, 'CHECKOUT_TIME_FACTOR') ?? '1';
  const factor = Number(text);
  // Beyond 4,000 the pressed time would leave the range of Date (see timer.ts).
  if (!(factor >= 1 && factor <= 4_000)) {
    throw new HostStartError(
      `CHECKOUT_TIME_FACTOR must be a number from 1 to 4000; it is ${describeValue(text)}.`,
    );
  }
  return factor;
}

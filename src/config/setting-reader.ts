import { describeValue } from '../domain/looks-like.ts';
import { type SettingName, settingOf } from './setting-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings are missing or wrong: one sentence for each in `problems`, and all of them in the one line of `message`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const what = problems.length === 1 ? '1 setting is wrong' : `${problems.length} settings are wrong`;
    super(`${what}: ${problems.join(' ')}`);
    this.problems = problems;
  }
}

/** Reads settings and collects what is wrong with them, so that a person mends all of them at once. */
export interface Reader {
  readonly problems: string[];
  /** The setting's text, else its default; `undefined` when it has neither, or is empty (then with its problem). */
  text(name: SettingName): string | undefined;
  /** As `text`; a setting without default that is missing is a problem. */
  required(name: SettingName): string | undefined;
  /** Parses the text, if there is one; `expected` ends the sentence when `parse` gives undefined. */
  parsed<T>(name: SettingName, expected: string, parse: (text: string) => T | undefined): T | undefined;
  /** `<name> is <what was found>; expected is <expected>.` */
  wrong(name: SettingName, found: string, expected: string): void;
}

export function settingsReader(env: Environment): Reader {
  const problems: string[] = [];
  const texts = new Map<SettingName, string | undefined>();

  function wrong(name: SettingName, found: string, expected: string): void {
    problems.push(`${name} is ${found}; expected is ${expected}.`);
  }

  /** Read once, so that what is wrong is told once. */
  function text(name: SettingName): string | undefined {
    if (!texts.has(name)) texts.set(name, readText(name));
    return texts.get(name);
  }

  function readText(name: SettingName): string | undefined {
    const found = env[name];
    const { fallback } = settingOf(name);
    if (found === undefined) return fallback;
    if (found.trim() === '') {
      wrong(
        name,
        'empty',
        fallback === undefined
          ? 'a value, or no such setting'
          : `a value, or no such setting (then it is ${fallback})`,
      );
      return undefined;
    }
    if (found.startsWith('@Microsoft.KeyVault(')) {
      wrong(
        name,
        'a Key Vault reference that was not resolved',
        'its value: look at the reference’s status in the portal, and give the app’s identity the role "Key Vault Secrets User"',
      );
      return undefined;
    }
    return found.trim();
  }

  return {
    problems,
    wrong,
    text,
    required(name) {
      const found = text(name);
      if (found === undefined && env[name] === undefined)
        wrong(name, 'missing', `a value: ${settingOf(name).meaning}`.replace(/\.$/, ''));
      return found;
    },
    parsed(name, expected, parse) {
      const found = text(name);
      if (found === undefined) return undefined;
      const value = parse(found);
      if (value === undefined) wrong(name, describeValue(found), expected);
      return value;
    },
  };
}

const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export function toGuid(text: string): string | undefined {
  const lower = text.toLowerCase();
  return guidPattern.test(lower) ? lower : undefined;
}

export const toInteger =
  (least: number, most: number) =>
  (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
    return value !== undefined && value >= least && value <= most ? value : undefined;
  };

export const toBoolean = (text: string): boolean | undefined =>
  text === 'true' ? true : text === 'false' ? false : undefined;

/** An address without a slash at its end: https, or plain http on this machine alone. */
export function toAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!secure || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    return undefined;
  let end = url.href.length;
  while (url.href[end - 1] === '/') end -= 1;
  return url.href.slice(0, end);
}

/** As `toAddress`, of a service whose paths are its own: one after the host would be dropped. */
export function toOrigin(text: string): string | undefined {
  const address = toAddress(text);
  return address !== undefined && address === new URL(address).origin ? address : undefined;
}

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

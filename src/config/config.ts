/** Reads the settings when a process starts: the environment in, what the worker is built with out. `docs/settings.md` lists them. */
import type * as z from 'zod/mini';
import type { Rules } from '../domain/checkout/reconcile-rules.ts';
import { defaultGateSettings, type GateSettings } from '../domain/gate/gate-settings.ts';
import { describeValue } from '../domain/looks-like.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { defaultTimes, scaleTimes, type Times } from '../domain/times.ts';
import { type PartnerCenterConfig, toPartnerCenterConfig } from './partner-center-config.ts';
import { missing, partnerSettings, required, type SharedSettings, sharedSettings } from './setting-rules.ts';
import { isReference, type Webhook } from './setting-values.ts';
import { type SettingName, settingNames, settingOf } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How to reach a service: with a secret, or at `address` (of Service Bus the namespace's host name, of the tables their URI) with an
 * identity: the managed one of that client id, or whichever is there.
 */
export type Connection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'identity'; readonly address: string; readonly clientId?: string };

/** What the settings say, once they are known to be right. */
export interface Config {
  readonly serviceBus: {
    readonly connection: Connection;
    readonly queue: string;
    readonly urgentQueue: string;
    readonly topic: string;
  };
  readonly tables: Connection;
  readonly partnerCenter: PartnerCenterConfig;
  readonly rules: Rules;
  /** Divided by the factor already. */
  readonly times: Times;
  readonly gate: GateSettings;
  readonly timeFactor: number;
  /** Without a webhook nobody is told. */
  readonly notify: {
    readonly webhook?: Webhook;
    /** The managed identity that reads the vault; absent: whichever is there. */
    readonly clientId?: string;
    readonly runbook: string;
  };
  /** Absent: events go to the console, and there are no traces and metrics. */
  readonly applicationInsights?: ApplicationInsights;
}

export interface ApplicationInsights {
  readonly connectionString: string;
  /** The managed identity that may publish; undefined: whichever is there. */
  readonly clientId: string | undefined;
  /** Metrics leave so often, ms. */
  readonly exportEvery: number;
}

/** What the command line needs: it signs in as a person, and calls Partner Center only for a few commands. */
export type OperatorConfig = Omit<Config, 'partnerCenter'>;

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

/** Every setting of the worker. Throws `ConfigError` with one sentence for each that is missing or wrong. */
export function decodeConfig(env: Environment): Config {
  const [forBoth, forPartner] = [sharedSettings.safeParse(env), partnerSettings.safeParse(env)];
  if (!forBoth.success || !forPartner.success)
    throw configError([...(forBoth.error?.issues ?? []), ...(forPartner.error?.issues ?? [])], env);
  return { ...toOperatorConfig(forBoth.data), partnerCenter: toPartnerCenterConfig(forPartner.data) };
}

/** As `decodeConfig`, without the settings of Partner Center. Throws `ConfigError`. */
export function decodeOperatorConfig(env: Environment): OperatorConfig {
  const { data, error } = sharedSettings.safeParse(env);
  if (error !== undefined) throw configError(error.issues, env);
  return toOperatorConfig(data);
}

/** The settings of Partner Center alone. Throws `ConfigError`. */
export function decodePartnerCenterConfig(env: Environment): PartnerCenterConfig {
  const { data, error } = partnerSettings.safeParse(env);
  if (error !== undefined) throw configError(error.issues, env);
  return toPartnerCenterConfig(data);
}

/** Each setting that is wrong is named once, by the first that is wrong with it. */
function configError(issues: readonly z.core.$ZodIssue[], env: Environment): ConfigError {
  const sentences = new Map<unknown, string>();
  for (const { path, message } of issues) {
    const name = settingNames.find((each) => each === path[0]);
    const key = name ?? message;
    if (!sentences.has(key))
      sentences.set(key, name === undefined ? message : sentenceOf(name, message, env[name]));
  }
  return new ConfigError([...sentences.values()]);
}

/** `expected` ends it. A value that could not be read is not shown: it may be a secret in the wrong setting. */
function sentenceOf(name: SettingName, expected: string, found: string | undefined): string {
  if (found === undefined) return missing(name);
  if (found.trim() === '') {
    const { fallback } = settingOf(name);
    return `${name} is empty; expected: a value, or no such setting${fallback === undefined ? '' : ` (then it is ${fallback})`}.`;
  }
  if (isReference(found))
    return `${name} is a Key Vault reference that was not resolved; expected: its value. Look at the reference’s status in the portal, and give the app’s identity the role "Key Vault Secrets User".`;
  return `${name} is ${describeValue(found.trim())}; expected: ${expected}.`;
}

/** Real ms. A factor makes no machine faster. */
const leastPermitLife = 250;

function toOperatorConfig(settings: SharedSettings): OperatorConfig {
  const { AZURE_CLIENT_ID: clientId, CHECKOUT_TIME_FACTOR: timeFactor } = settings;
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: insights, MAX_JOBS_PER_DAY: maxJobsPerDay } = settings;
  const scaled = scaleTimes(
    {
      ...defaultTimes,
      repeatWithin: settings.REPEAT_WITHIN_MINUTES * 60_000,
      pendingAlarm: settings.PENDING_ALARM_HOURS * 3_600_000,
    },
    timeFactor,
  );
  const permitLife = timeFactor === 1 ? scaled.permitLife : Math.max(scaled.permitLife, leastPermitLife);
  return {
    serviceBus: {
      connection: toConnection(
        settings,
        'ServiceBusConnection',
        'ServiceBusConnection__fullyQualifiedNamespace',
      ),
      queue: settings.CHECKOUT_QUEUE,
      urgentQueue: settings.URGENT_QUEUE,
      topic: settings.EVENTS_TOPIC,
    },
    tables: toConnection(settings, 'TablesConnection', 'TablesConnection__tableServiceUri'),
    rules: { maxAttempts: settings.MAX_ATTEMPTS, repeatOrderedCart: settings.REPEAT_ORDERED_CART === 'true' },
    times: { ...scaled, permitLife },
    gate: {
      limitPerMinute: settings.CALLS_PER_MINUTE,
      ceilingPerMinute: settings.CALLS_PER_MINUTE_CEILING,
      minuteMs: defaultGateSettings.minuteMs / timeFactor,
      // A closing is obeyed within 1.6 times this: the permit batch that is out, and the life of its last permit.
      permitBatchAheadMs: 0.6 * permitLife,
      permitLifeMs: permitLife,
      // Nobody holds a claim, and so a trial permit, for longer.
      trialLifeMs: scaled.lease,
      ...(maxJobsPerDay === undefined ? {} : { maxJobsPerDay }),
    },
    timeFactor,
    notify: omitUndefined({ webhook: settings.NOTIFY_URL, clientId, runbook: settings.RUNBOOK_URL }),
    ...(insights === undefined
      ? {}
      : {
          applicationInsights: {
            connectionString: insights,
            clientId,
            exportEvery: Math.max(1_000, 60_000 / timeFactor),
          },
        }),
  };
}

function toConnection(
  settings: SharedSettings,
  stringName: 'ServiceBusConnection' | 'TablesConnection',
  addressName: 'ServiceBusConnection__fullyQualifiedNamespace' | 'TablesConnection__tableServiceUri',
): Connection {
  const { [stringName]: connectionString, AZURE_CLIENT_ID: clientId } = settings;
  return connectionString === undefined
    ? omitUndefined({
        kind: 'identity' as const,
        address: required(addressName, settings[addressName]),
        clientId,
      })
    : { kind: 'connection-string', connectionString };
}

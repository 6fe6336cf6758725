import type { Rules } from '../domain/checkout/rules.ts';
import { defaultGateSettings, type GateSettings } from '../domain/gate/gate-settings.ts';
import type { Times } from '../domain/times.ts';
import { type Connection, readServiceBus, readTables } from './connections.ts';
import { type PartnerCenterConfig, readPartnerCenter } from './partner-settings.ts';
import {
  ConfigError,
  type Environment,
  type Reader,
  settingsReader,
  toBoolean,
  toGuid,
  toInteger,
} from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';
import { readTimes, scaleTimes } from './time-settings.ts';

export { ConfigError } from './setting-reader.ts';

/** What the settings say, once they are known to be right. `docs/settings.md` lists them. */
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
  /** Absent: events go to the console, and there are no traces and metrics. */
  readonly applicationInsights?: ApplicationInsights;
}

export interface ApplicationInsights {
  readonly connectionString: string;
  /** The managed identity that may publish; undefined: whichever is there. */
  readonly clientId: string | undefined;
}

/** What the command line needs: it signs in as a person, and calls Partner Center only for a few commands. */
export type OperatorConfig = Omit<Config, 'partnerCenter'>;

/** Reads every setting in one place. Throws `ConfigError` with one sentence for each that is missing or wrong. */
export function decodeConfig(env: Environment): Config {
  const reader = settingsReader(env);
  const clientId = readClientId(reader);
  const config = readShared(reader, env, clientId);
  const partnerCenter = readPartnerCenter(reader, clientId);
  if (reader.problems.length > 0 || config === undefined || partnerCenter === undefined)
    throw new ConfigError(reader.problems);
  return { ...config, partnerCenter };
}

/** As `decodeConfig`, without the settings of Partner Center. Throws `ConfigError`. */
export function decodeOperatorConfig(env: Environment): OperatorConfig {
  const reader = settingsReader(env);
  const config = readShared(reader, env, readClientId(reader));
  if (reader.problems.length > 0 || config === undefined) throw new ConfigError(reader.problems);
  return config;
}

/** The settings of Partner Center alone. Throws `ConfigError`. */
export function decodePartnerCenterConfig(env: Environment): PartnerCenterConfig {
  const reader = settingsReader(env);
  const partnerCenter = readPartnerCenter(reader, readClientId(reader));
  if (reader.problems.length > 0 || partnerCenter === undefined) throw new ConfigError(reader.problems);
  return partnerCenter;
}

const readClientId = (reader: Reader): string | undefined =>
  reader.parsed('AZURE_CLIENT_ID', 'a GUID: the client id of a managed identity', toGuid);

/** Undefined: something is missing, and `reader.problems` says what. */
function readShared(
  reader: Reader,
  env: Environment,
  clientId: string | undefined,
): OperatorConfig | undefined {
  const connection = readServiceBus(reader, clientId);
  const queue = readEntity(reader, 'CHECKOUT_QUEUE');
  const urgentQueue = readEntity(reader, 'URGENT_QUEUE');
  const topic = readEntity(reader, 'EVENTS_TOPIC');
  const tables = readTables(reader, clientId);
  const rules = readRules(reader);
  const timeFactor = readFactor(reader, env);
  const times = scaleTimes(readTimes(reader), timeFactor);
  const gate = readGate(reader, times, timeFactor);
  const connectionString = readApplicationInsights(reader);

  if (queue !== undefined && queue.toLowerCase() === urgentQueue?.toLowerCase())
    reader.wrong(
      'URGENT_QUEUE',
      'the same queue as CHECKOUT_QUEUE',
      'another queue than CHECKOUT_QUEUE: it is there to be served first',
    );
  if (
    connection === undefined ||
    queue === undefined ||
    urgentQueue === undefined ||
    topic === undefined ||
    tables === undefined
  )
    return undefined;
  return {
    serviceBus: { connection, queue, urgentQueue, topic },
    tables,
    rules,
    times,
    gate,
    timeFactor,
    ...(connectionString === undefined ? {} : { applicationInsights: { connectionString, clientId } }),
  };
}

const readApplicationInsights = (reader: Reader): string | undefined =>
  reader.parsed(
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'a connection string: InstrumentationKey=…;IngestionEndpoint=https://…',
    (text) =>
      /(^|;)InstrumentationKey=[0-9a-f-]{36}(;|$)/i.test(text) &&
      !/IngestionEndpoint=(?!https:\/\/)/i.test(text)
        ? text
        : undefined,
  );

/** Source: Service Bus, naming rules of queues and topics. */
function readEntity(reader: Reader, name: SettingName): string | undefined {
  const expected = 'the name of a queue or topic: letters, digits and . - _ /, up to 260';
  return reader.parsed(name, expected, (text) =>
    /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/.test(text) ? text : undefined,
  );
}

const readRules = (reader: Reader): Rules => ({
  maxAttempts: reader.parsed('MAX_ATTEMPTS', 'a whole number from 1 to 100', toInteger(1, 100)) ?? 1,
  repeatOrderedCart: reader.parsed('REPEAT_ORDERED_CART', 'true or false', toBoolean) ?? true,
});

/** Azure sets WEBSITE_SITE_NAME on every function app. */
function readFactor(reader: Reader, env: Environment): number {
  const factor =
    reader.parsed('CHECKOUT_TIME_FACTOR', 'a number from 1 to 10000', (text) => {
      const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
      return value >= 1 && value <= 10_000 ? value : undefined;
    }) ?? 1;
  if (factor !== 1 && env['WEBSITE_SITE_NAME'] !== undefined)
    reader.wrong(
      'CHECKOUT_TIME_FACTOR',
      `${factor}, and this is Azure`,
      '1: against the real Partner Center shorter times buy twice',
    );
  return factor;
}

function readGate(reader: Reader, times: Times, factor: number): GateSettings {
  const documented =
    'a whole number from 1 to 500 (documented is a limit of 500 calls a minute for one tenant)';
  const limit = reader.parsed('CALLS_PER_MINUTE', documented, toInteger(1, 500));
  const ceiling = reader.parsed('CALLS_PER_MINUTE_CEILING', documented, toInteger(1, 500));
  if (limit !== undefined && ceiling !== undefined && limit > ceiling)
    reader.problems.push(
      `CALLS_PER_MINUTE (${limit}) is above CALLS_PER_MINUTE_CEILING (${ceiling}); expected is a limit up to the ceiling.`,
    );
  // Of the time as it is lived: a laptop is no faster for a factor that makes the night short.
  if (times.permitLife > 1_000)
    reader.problems.push(
      `PERMIT_LIFE (${times.permitLife} ms, divided by CHECKOUT_TIME_FACTOR) must not be above 1s: it may be leased 0.6 of that ahead, and a closed gate is obeyed within 2 s.`,
    );
  const maxJobsPerDay = reader.parsed(
    'MAX_JOBS_PER_DAY',
    'a whole number from 1 to 10000000, or no such setting',
    toInteger(1, 10_000_000),
  );
  return {
    limitPerMinute: limit ?? defaultGateSettings.limitPerMinute,
    ceilingPerMinute: ceiling ?? defaultGateSettings.ceilingPerMinute,
    minuteMs: defaultGateSettings.minuteMs / factor,
    // A closing is obeyed within 1.6 times this: the permit batch that is out, and the life of its last permit.
    permitBatchAheadMs: 0.6 * times.permitLife,
    permitLifeMs: times.permitLife,
    // Nobody holds a claim, and so a probe, for longer.
    probeLifeMs: times.lease,
    ...(maxJobsPerDay === undefined ? {} : { maxJobsPerDay }),
  };
}

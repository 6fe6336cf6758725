/** What an entity of the broker is made of. Times are milliseconds; Infinity: never. */
export interface QueueSettings {
  readonly lockDuration: number;
  readonly maxDeliveryCount: number;
  readonly timeToLive: number;
  readonly deadLetterOnExpiration: boolean;
}

export interface QueueConfig {
  readonly name: string;
  readonly settings: QueueSettings;
}

export interface TopicConfig {
  readonly name: string;
  readonly timeToLive: number;
  readonly subscriptions: readonly QueueConfig[];
}

export interface Entities {
  readonly queues: readonly QueueConfig[];
  readonly topics: readonly TopicConfig[];
}

/** The configuration is wrong; `path` names the place. */
export class BrokerConfigError extends Error {
  override readonly name = 'BrokerConfigError';
  readonly path: string;

  constructor(path: string, expected: string) {
    super(`${path}: ${expected}`);
    this.path = path;
  }
}

const unsupported = {
  RequiresSession: 'sessions are not supported by this broker',
  RequiresDuplicateDetection: 'duplicate detection is not supported by this broker',
  ForwardTo: 'forwarding is not supported by this broker',
  ForwardDeadLetteredMessagesTo: 'forwarding is not supported by this broker',
} as const;

const longestLock = 300_000;

const harmless = ['DuplicateDetectionHistoryTimeWindow'];
const properties = [
  'LockDuration',
  'MaxDeliveryCount',
  'DefaultMessageTimeToLive',
  'DeadLetteringOnMessageExpiration',
];

/** Reads the format of Microsoft's emulator: `{ UserConfig: { Namespaces: [{ Name, Queues, Topics }] } }`. */
export function decodeConfig(config: unknown): Entities {
  const user = objectAt(fieldsOf(config, 'config', ['UserConfig']), 'UserConfig', 'config');
  const namespaces = listAt(
    fieldsOf(user, 'UserConfig', ['Namespaces', 'Logging']),
    'Namespaces',
    'UserConfig',
  );
  if (namespaces.length !== 1)
    throw new BrokerConfigError('UserConfig.Namespaces', 'exactly one namespace is expected');
  const path = 'UserConfig.Namespaces[0]';
  const namespace = fieldsOf(namespaces[0], path, ['Name', 'Queues', 'Topics']);
  const queues = listAt(namespace, 'Queues', path).map((queue, index) =>
    decodeQueue(queue, `${path}.Queues[${index}]`),
  );
  const topics = listAt(namespace, 'Topics', path).map((topic, index) =>
    decodeTopic(topic, `${path}.Topics[${index}]`),
  );
  refuseTwice([...queues, ...topics], path);
  return { queues, topics };
}

export function decodeQueue(queue: unknown, at: string): QueueConfig {
  const fields = fieldsOf(queue, at, ['Name', 'Properties']);
  return { name: nameAt(fields, at), settings: settingsAt(fields, at) };
}

export function decodeTopic(topic: unknown, at: string): TopicConfig {
  const fields = fieldsOf(topic, at, ['Name', 'Properties', 'Subscriptions']);
  const subscriptions = listAt(fields, 'Subscriptions', at).map((subscription, nth) =>
    decodeSubscription(subscription, `${at}.Subscriptions[${nth}]`),
  );
  refuseTwice(subscriptions, `${at}.Subscriptions`);
  const own = propertiesAt(fields, at, ['DefaultMessageTimeToLive']);
  return { name: nameAt(fields, at), timeToLive: timeToLiveAt(own, at), subscriptions };
}

export function decodeSubscription(subscription: unknown, at: string): QueueConfig {
  const fields = fieldsOf(subscription, at, ['Name', 'Properties', 'Rules']);
  if (listAt(fields, 'Rules', at).length > 0)
    throw new BrokerConfigError(`${at}.Rules`, 'rules are not supported by this broker');
  return { name: nameAt(fields, at), settings: settingsAt(fields, at) };
}

function propertiesAt(fields: Fields, path: string, known: readonly string[]): Fields {
  const at = `${path}.Properties`;
  if (!fields.has('Properties')) return new Map();
  const given = fieldsOf(fields.get('Properties'), at, [...known, ...harmless, ...Object.keys(unsupported)]);
  for (const [name, why] of Object.entries(unsupported)) {
    const value = given.get(name);
    if (value !== undefined && value !== false && value !== '')
      throw new BrokerConfigError(`${at}.${name}`, why);
  }
  return given;
}

const timeToLiveAt = (properties: Fields, path: string): number =>
  durationAt(properties, 'DefaultMessageTimeToLive', `${path}.Properties`, Number.POSITIVE_INFINITY);

function settingsAt(fields: Fields, path: string): QueueSettings {
  const at = `${path}.Properties`;
  const given = propertiesAt(fields, path, properties);
  const maxDeliveryCount = given.get('MaxDeliveryCount') ?? 10;
  if (typeof maxDeliveryCount !== 'number' || !Number.isInteger(maxDeliveryCount) || maxDeliveryCount < 1)
    throw new BrokerConfigError(`${at}.MaxDeliveryCount`, 'a whole number from 1 is expected');
  const deadLetterOnExpiration = given.get('DeadLetteringOnMessageExpiration') ?? false;
  if (typeof deadLetterOnExpiration !== 'boolean')
    throw new BrokerConfigError(`${at}.DeadLetteringOnMessageExpiration`, 'true or false is expected');
  const lockDuration = durationAt(given, 'LockDuration', at, 60_000);
  if (lockDuration > longestLock)
    throw new BrokerConfigError(`${at}.LockDuration`, 'at most PT5M is allowed, as in Service Bus');
  return {
    lockDuration,
    maxDeliveryCount,
    timeToLive: timeToLiveAt(given, path),
    deadLetterOnExpiration,
  };
}

function durationAt(fields: Fields, name: string, path: string, fallback: number): number {
  const value = fields.get(name);
  if (value === undefined) return fallback;
  const ms = typeof value === 'string' ? durationMs(value) : undefined;
  if (ms === undefined || ms <= 0)
    throw new BrokerConfigError(`${path}.${name}`, 'an ISO 8601 duration is expected, like PT5M or PT0.5S');
  return ms;
}

/** An ISO 8601 duration of weeks, days, hours, minutes and seconds; fractions of seconds are allowed. Whole ms. */
export function durationMs(text: string): number | undefined {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null || !/\d/.test(text)) return undefined;
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  const allDays = Number(weeks) * 7 + Number(days);
  return Math.round((((allDays * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000);
}

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(value: unknown, path: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BrokerConfigError(path, 'an object is expected');
  for (const name of Object.keys(value))
    if (!known.includes(name))
      throw new BrokerConfigError(`${path}.${name}`, `unknown; known are ${known.join(', ')}`);
  return new Map(Object.entries(value));
}

function objectAt(fields: Fields, name: string, path: string): unknown {
  if (!fields.has(name)) throw new BrokerConfigError(`${path}.${name}`, 'is missing');
  return fields.get(name);
}

function listAt(fields: Fields, name: string, path: string): readonly unknown[] {
  const value = fields.get(name) ?? [];
  if (!Array.isArray(value)) throw new BrokerConfigError(`${path}.${name}`, 'a list is expected');
  return value;
}

function nameAt(fields: Fields, path: string): string {
  const name = fields.get('Name');
  if (typeof name !== 'string' || !/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/.test(name))
    throw new BrokerConfigError(`${path}.Name`, 'a name of letters, digits and . - _ / is expected');
  return name;
}

function refuseTwice(entities: readonly { readonly name: string }[], path: string): void {
  const seen = new Set<string>();
  for (const { name } of entities) {
    if (seen.has(name.toLowerCase())) throw new BrokerConfigError(path, `"${name}" is there twice`);
    seen.add(name.toLowerCase());
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type Entry,
  entryText,
  errorText,
  feedText,
  longest,
  namespaceEntry,
  queueEntry,
  ruleEntry,
  subscriptionEntry,
  topicEntry,
} from './atom.ts';
import { BrokerConfigError, decodeQueue, decodeSubscription, decodeTopic } from './config.ts';
import { type EntityMap, type ListedQueue, type ListedTopic, normalized } from './entities.ts';
import { AmqpError, asAmqpError, entityNotFound, notAllowed } from './errors.ts';

/**
 * The management API, as far as `ServiceBusAdministrationClient` needs it to create, read, list and delete queues, topics and
 * subscriptions: Atom over HTTP. Every key is as good as another. Settings stay as they were made. `removed` hears the
 * addresses of what was deleted.
 */
export function answerAdmin(entities: EntityMap, removed: (addresses: readonly string[]) => void) {
  const startedAt = Date.now();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body } = await answer(entities, removed, startedAt, request).catch(failed);
    response.writeHead(status, { 'content-type': 'application/atom+xml;charset=utf-8' });
    response.end(body === '' ? '' : `<?xml version="1.0" encoding="utf-8"?>${body}`);
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function failed(error: unknown): Answer {
  const { status, message } =
    error instanceof BrokerConfigError ? notAllowed(error.message) : asAmqpError(error);
  return { status, body: errorText(status, message) };
}

async function answer(
  entities: EntityMap,
  removed: (addresses: readonly string[]) => void,
  startedAt: number,
  request: IncomingMessage,
): Promise<Answer> {
  const sent = await text(request);
  const url = new URL(`http://broker${request.url ?? '/'}`);
  const host = request.headers.host ?? 'localhost';
  const base = `https://${host}/`;
  const path = pathOf(url);
  switch (request.method) {
    case 'GET': {
      if (normalized(path) === '$namespaceinfo') {
        const [name = host] = host.split(':');
        return { status: 200, body: entryText(base, namespaceEntry(name, startedAt)) };
      }
      const list = listAt(entities, path);
      if (list !== undefined) return { status: 200, body: pageOf(base, path, url, list) };
      const found = entryAt(entities, path);
      // What is missing is an empty list, not a 404.
      return { status: 200, body: found === undefined ? feedText(base, []) : entryText(base, found) };
    }
    case 'PUT': {
      if (request.headers['if-match'] !== undefined)
        throw refused('This broker changes no settings: delete the entity, and create it again.');
      create(entities, path, sent);
      const made = entryAt(entities, path);
      return { status: 201, body: made === undefined ? '' : entryText(base, made) };
    }
    case 'DELETE':
      removed(entities.remove(entityPath(path)));
      return { status: 200, body: '' };
    default:
      throw refused(`The management API of this broker has no ${request.method}.`);
  }
}

const refused = (why: string): AmqpError => new AmqpError('amqp:not-allowed', 405, why);

const subscriptionsIn = /^(.+)\/subscriptions$/i;
const subscriptionAt = /^(.+)\/subscriptions\/([^/]+)$/i;
const rulesOf = /^(.+)\/subscriptions\/([^/]+)\/rules$/i;
const ruleAt = /^(.+)\/subscriptions\/([^/]+)\/rules\/([^/]+)$/i;

const named = <T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined =>
  all.find((each) => normalized(each.name) === normalized(name));

/** A topic, or undefined: what is asked for by its parts may not be there. */
const topicOf = (entities: EntityMap, name: string): ListedTopic | undefined =>
  named(entities.topics(), name);

function subscriptionOf(
  entities: EntityMap,
  [, topicName = '', name = '']: readonly string[],
): { readonly topic: ListedTopic; readonly subscription: ListedQueue } | undefined {
  const topic = topicOf(entities, topicName);
  const subscription = topic && named(topic.subscriptions, name);
  return topic === undefined || subscription === undefined ? undefined : { topic, subscription };
}

/** Throws when it is a list of something that is not there. */
function listAt(entities: EntityMap, path: string): readonly Entry[] | undefined {
  const wanted = normalized(path);
  if (wanted === '$resources/queues') return entities.queues().map(queueEntry);
  if (wanted === '$resources/topics') return entities.topics().map(topicEntry);
  const ofTopic = subscriptionsIn.exec(path);
  if (ofTopic !== null) {
    const topic = topicOf(entities, ofTopic[1] ?? '');
    if (topic === undefined) throw entityNotFound(path);
    return topic.subscriptions.map((subscription) => subscriptionEntry(topic, subscription));
  }
  const ofSubscription = rulesOf.exec(path);
  if (ofSubscription === null) return undefined;
  const found = subscriptionOf(entities, ofSubscription);
  if (found === undefined) throw entityNotFound(path);
  return [ruleEntry(found.topic, found.subscription)];
}

function entryAt(entities: EntityMap, path: string): Entry | undefined {
  const ofRule = ruleAt.exec(path);
  if (ofRule !== null) {
    const found = subscriptionOf(entities, ofRule);
    const rule = found && ruleEntry(found.topic, found.subscription);
    return normalized(ofRule[3] ?? '') === normalized(rule?.title ?? '') ? rule : undefined;
  }
  const ofSubscription = subscriptionAt.exec(path);
  if (ofSubscription !== null) {
    const found = subscriptionOf(entities, ofSubscription);
    return found && subscriptionEntry(found.topic, found.subscription);
  }
  const queue = named(entities.queues(), path);
  if (queue !== undefined) return queueEntry(queue);
  const topic = topicOf(entities, path);
  return topic && topicEntry(topic);
}

function pageOf(base: string, path: string, url: URL, list: readonly Entry[]): string {
  const skip = countAt(url, '$skip', 0);
  const top = countAt(url, '$top', 100);
  const end = skip + top;
  const page = (from: number) => `${base}${path}?$skip=${from}&$top=${top}`;
  const next = end < list.length ? page(end) : undefined;
  return feedText(base, list.slice(skip, end), { self: page(skip), next });
}

function countAt(url: URL, name: string, fallback: number): number {
  const value = Number(url.searchParams.get(name) ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw notAllowed(`${name} is a whole number from 0.`);
  return value;
}

function entityPath(path: string): string {
  if (ruleAt.test(path)) throw refused('This broker has no rules: each subscription takes everything.');
  return path;
}

function create(entities: EntityMap, path: string, sent: string): void {
  const fields = fieldsIn(sent);
  const subscription = subscriptionAt.exec(entityPath(path));
  const [, topic = '', name = path] = subscription ?? [];
  const config = { Name: name, Properties: propertiesIn(fields, sent) };
  if (subscription !== null) entities.addSubscription(topic, decodeSubscription(config, path));
  else if (/<(?:\w+:)?TopicDescription[\s>/]/.test(sent)) entities.addTopic(decodeTopic(config, path));
  else if (/<(?:\w+:)?QueueDescription[\s>/]/.test(sent)) entities.addQueue(decodeQueue(config, path));
  else throw notAllowed('A queue, a topic or a subscription is described by its element; none is there.');
}

/** The elements that hold nothing but text. */
const fieldsIn = (xml: string): ReadonlyMap<string, string> =>
  new Map(
    [...xml.matchAll(/<(?:\w+:)?(\w+)(?: [^<>]*)?>([^<>]*)<\//g)].map(([, name = '', value = '']) => [
      name,
      value.trim(),
    ]),
  );

/** As the configuration has them; throws for what this broker leaves out. */
function propertiesIn(fields: ReadonlyMap<string, string>, sent: string): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const name of ['LockDuration', 'DefaultMessageTimeToLive']) {
    const value = fields.get(name);
    if (value !== undefined && value !== longest) properties[name] = value;
  }
  for (const name of ['ForwardTo', 'ForwardDeadLetteredMessagesTo'])
    properties[name] = fields.get(name) ?? '';
  for (const name of ['DeadLetteringOnMessageExpiration', 'RequiresSession', 'RequiresDuplicateDetection']) {
    const value = fields.get(name);
    if (value !== undefined) properties[name] = value === 'true';
  }
  const most = fields.get('MaxDeliveryCount');
  if (most !== undefined) properties['MaxDeliveryCount'] = Number(most);
  const left = [
    ['EnablePartitioning', 'false'],
    ['Status', 'Active'],
    ['AutoDeleteOnIdle', longest],
  ] as const;
  for (const [name, only] of left) {
    const value = fields.get(name);
    if (value !== undefined && value !== only)
      throw notAllowed(`${name} is ${value}: this broker supports ${only} alone.`);
  }
  const filter = /type="(\w+Filter)"/.exec(sent)?.[1];
  if (filter !== undefined && filter !== 'TrueFilter')
    throw notAllowed('This broker has no rules: each subscription takes everything.');
  return properties;
}

/** Without slashes at its ends: some clients put one after a list. A path that cannot be read names nothing. */
function pathOf(url: URL): string {
  const path = url.pathname.split('/').filter(Boolean).join('/');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

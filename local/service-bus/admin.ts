import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Entities, QueueSettings } from './config.ts';
import { type EntityMap, normalized } from './entities.ts';

/**
 * The reading half of the management API, as far as `ServiceBusAdministrationClient` needs it for settings and counts of queues,
 * topics and subscriptions: Atom over HTTP. Every key is as good as another.
 */
export function answerAdmin(config: Entities, entities: EntityMap) {
  const descriptions = describeAll(config, entities, new Date().toISOString());
  return (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    const reply = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/atom+xml;charset=utf-8' });
      response.end(`<?xml version="1.0" encoding="utf-8"?>${body}`);
    };
    if (request.method !== 'GET') {
      const why = 'This broker is configured at its start: its management API only reads.';
      reply(405, `<Error><Code>405</Code><Detail>${why}</Detail></Error>`);
      return;
    }
    const path = pathOf(request.url ?? '/');
    const description = descriptions.get(normalized(path));
    // What is missing is an empty list, not a 404.
    if (description === undefined) reply(200, `<feed xmlns="${atom}"></feed>`);
    else reply(200, entryOf(`https://${request.headers.host}/${escaped(path)}`, description()));
  };
}

const atom = 'http://www.w3.org/2005/Atom';
const connect = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect';
const counted = 'http://schemas.microsoft.com/netservices/2011/06/servicebus';

type Fields = Readonly<Record<string, string | number | boolean>>;

interface Description {
  readonly kind: 'QueueDescription' | 'TopicDescription' | 'SubscriptionDescription';
  readonly fields: Fields;
  readonly counts: Fields;
}

function describeAll(config: Entities, entities: EntityMap, since: string) {
  const all = new Map<string, () => Description>();
  const dates = { CreatedAt: since, UpdatedAt: since, AccessedAt: since };

  function addQueue(name: string, settings: QueueSettings, kind: Description['kind'], more: Fields): void {
    const { queue } = entities.source(name);
    const dead = entities.source(`${name}/$DeadLetterQueue`).queue;
    all.set(normalized(name), () => {
      const { active, locked, scheduled } = queue.counts();
      return {
        kind,
        fields: {
          ...settingsFields(settings),
          ...common,
          ...more,
          ...dates,
          MessageCount: queue.size() + dead.size(),
        },
        // A message is active while it is locked, too.
        counts: {
          ActiveMessageCount: active + locked,
          DeadLetterMessageCount: dead.size(),
          ScheduledMessageCount: scheduled,
          TransferMessageCount: 0,
          TransferDeadLetterMessageCount: 0,
        },
      };
    });
  }

  for (const { name, settings } of config.queues) addQueue(name, settings, 'QueueDescription', ofQueues);
  for (const { name, timeToLive, subscriptions } of config.topics) {
    all.set(normalized(name), () => ({
      kind: 'TopicDescription',
      fields: {
        DefaultMessageTimeToLive: durationText(timeToLive),
        ...common,
        ...ofQueues,
        SupportOrdering: true,
        SubscriptionCount: subscriptions.length,
        ...dates,
      },
      counts: { ActiveMessageCount: 0, ScheduledMessageCount: 0 },
    }));
    for (const subscription of subscriptions)
      addQueue(
        `${name}/Subscriptions/${subscription.name}`,
        subscription.settings,
        'SubscriptionDescription',
        ofSubscriptions,
      );
  }
  return all;
}

const settingsFields = (settings: QueueSettings): Fields => ({
  LockDuration: durationText(settings.lockDuration),
  DefaultMessageTimeToLive: durationText(settings.timeToLive),
  DeadLetteringOnMessageExpiration: settings.deadLetterOnExpiration,
  MaxDeliveryCount: settings.maxDeliveryCount,
  RequiresSession: false,
});

const longest = 'P10675199DT2H48M5.4775807S';

/** What this broker leaves out is switched off. */
const common: Fields = {
  EnableBatchedOperations: true,
  Status: 'Active',
  EntityAvailabilityStatus: 'Available',
  AutoDeleteOnIdle: longest,
};

const ofQueues: Fields = {
  MaxSizeInMegabytes: 1_024,
  RequiresDuplicateDetection: false,
  DuplicateDetectionHistoryTimeWindow: 'PT10M',
  EnablePartitioning: false,
  EnableExpress: false,
  SizeInBytes: 0,
};

const ofSubscriptions: Fields = { DeadLetteringOnFilterEvaluationExceptions: false };

/** As Service Bus writes one: days, hours, minutes, seconds; .NET's longest for never. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return longest;
  const part = (of: number, unit: string): string => (of === 0 ? '' : `${of}${unit}`);
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  const days = part(Math.floor(minutes / 1_440), 'D');
  const rest = `${part(Math.floor(minutes / 60) % 24, 'H')}${part(minutes % 60, 'M')}${part(seconds, 'S')}`;
  if (days === '' && rest === '') return 'PT0S';
  return `P${days}${rest === '' ? '' : `T${rest}`}`;
}

function entryOf(id: string, { kind, fields, counts }: Description): string {
  const { CreatedAt, UpdatedAt, AccessedAt, ...settings } = fields;
  const content = [
    ...elements(settings),
    `<CountDetails xmlns:d2p1="${counted}">${elements(counts, 'd2p1:').join('')}</CountDetails>`,
    ...elements({ CreatedAt, UpdatedAt, AccessedAt }),
  ];
  const name = id.slice(id.indexOf('/', 'https://'.length) + 1);
  return (
    `<entry xmlns="${atom}"><id>${id}</id><title type="text">${name}</title><updated>${UpdatedAt}</updated>` +
    `<content type="application/xml"><${kind} xmlns="${connect}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">` +
    `${content.join('')}</${kind}></content></entry>`
  );
}

const elements = (fields: Readonly<Record<string, unknown>>, prefix = ''): string[] =>
  Object.entries(fields).map(
    ([name, value]) => `<${prefix}${name}>${escaped(String(value))}</${prefix}${name}>`,
  );

const escaped = (text: string): string =>
  text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Without query and leading slash; a path that cannot be read names nothing. */
function pathOf(url: string): string {
  const path = url.replace(/\?.*$/, '').replace(/^\/+/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

import type { QueueSettings } from './config.ts';
import type { ListedQueue, ListedTopic } from './entities.ts';

/** How the management API writes entities: Atom entries and feeds, with the elements of Service Bus in them. */

const atom = 'http://www.w3.org/2005/Atom';
const connect = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect';
const counted = 'http://schemas.microsoft.com/netservices/2011/06/servicebus';
const instance = 'http://www.w3.org/2001/XMLSchema-instance';

type Fields = Readonly<Record<string, string | number | boolean>>;

/** One entity, ready to be written. */
export interface Entry {
  /** Below the namespace: `jobs`, `events/Subscriptions/all`. */
  readonly path: string;
  /** The last part of the path: clients take it for the name. */
  readonly title: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly content: string;
}

export function queueEntry(queue: ListedQueue): Entry {
  const { name, createdAt } = queue;
  const content = queueContent(queue, ofQueues);
  return { path: name, title: name, kind: 'QueueDescription', createdAt, content };
}

export function subscriptionEntry(topic: ListedTopic, subscription: ListedQueue): Entry {
  const { name, createdAt } = subscription;
  const content = queueContent(subscription, ofSubscriptions);
  const path = `${topic.name}/Subscriptions/${name}`;
  return { path, title: name, kind: 'SubscriptionDescription', createdAt, content };
}

export function topicEntry({ name, timeToLive, createdAt, inbox, subscriptions }: ListedTopic): Entry {
  const fields = {
    DefaultMessageTimeToLive: durationText(timeToLive),
    ...common,
    ...ofQueues,
    SupportOrdering: true,
    SubscriptionCount: subscriptions.length,
  };
  const counts = { ActiveMessageCount: 0, ScheduledMessageCount: inbox.counts().scheduled };
  const content = `${elements(fields)}${countsOf(counts)}${datesOf(createdAt)}`;
  return { path: name, title: name, kind: 'TopicDescription', createdAt, content };
}

/** The rule of a subscription that takes everything: rules are not supported, so each subscription has this one. */
export function ruleEntry(topic: ListedTopic, { name, createdAt }: ListedQueue): Entry {
  const filter = '<SqlExpression>1=1</SqlExpression><CompatibilityLevel>20</CompatibilityLevel>';
  const content =
    `<Filter i:type="TrueFilter">${filter}</Filter><Action i:type="EmptyRuleAction"/>` +
    elements({ CreatedAt: dateText(createdAt), Name: defaultRule });
  const path = `${topic.name}/Subscriptions/${name}/Rules/${defaultRule}`;
  return { path, title: defaultRule, kind: 'RuleDescription', createdAt, content };
}

const defaultRule = '$Default';

export function namespaceEntry(name: string, createdAt: number): Entry {
  const content = elements({
    CreatedTime: dateText(createdAt),
    MessagingSKU: 'Standard',
    ModifiedTime: dateText(createdAt),
    Name: name,
    NamespaceType: 'Messaging',
  });
  return { path: '$namespaceinfo', title: name, kind: 'NamespaceInfo', createdAt, content };
}

/** `base` is the address of the namespace, with a slash at its end. */
export const entryText = (base: string, entry: Entry): string => element(base, entry, ` xmlns="${atom}"`);

interface Links {
  readonly self: string;
  /** The next page, if there is one. */
  readonly next: string | undefined;
}

export function feedText(base: string, entries: readonly Entry[], links?: Links): string {
  // The client for JavaScript reads links only where there are several.
  const written = Object.entries(links ?? {}).map(([rel, href]) =>
    href === undefined ? '' : `<link rel="${rel}" href="${escaped(href)}"/>`,
  );
  return `<feed xmlns="${atom}">${written.join('')}${entries.map((entry) => element(base, entry, '')).join('')}</feed>`;
}

export const errorText = (status: number, detail: string): string =>
  `<Error>${elements({ Code: status, Detail: detail })}</Error>`;

function element(base: string, { path, title, kind, createdAt, content }: Entry, namespace: string): string {
  const head = elements({ id: `${base}${path}` });
  return (
    `<entry${namespace}>${head}<title type="text">${escaped(title)}</title><updated>${dateText(createdAt)}</updated>` +
    `<content type="application/xml"><${kind} xmlns="${connect}" xmlns:i="${instance}">` +
    `${content}</${kind}></content></entry>`
  );
}

function queueContent({ settings, queue, letters, createdAt }: ListedQueue, more: Fields): string {
  const { active, locked, scheduled, deferred } = queue.counts();
  const fields = {
    ...settingsFields(settings),
    ...common,
    ...more,
    MessageCount: queue.size() + letters.size(),
  };
  const counts = {
    // For Service Bus a message is active while it is locked, and when it is deferred.
    ActiveMessageCount: active + locked + deferred,
    DeadLetterMessageCount: letters.size(),
    ScheduledMessageCount: scheduled,
    TransferMessageCount: 0,
    TransferDeadLetterMessageCount: 0,
  };
  return `${elements(fields)}${countsOf(counts)}${datesOf(createdAt)}`;
}

const settingsFields = (settings: QueueSettings): Fields => ({
  LockDuration: durationText(settings.lockDuration),
  DefaultMessageTimeToLive: durationText(settings.timeToLive),
  DeadLetteringOnMessageExpiration: settings.deadLetterOnExpiration,
  MaxDeliveryCount: settings.maxDeliveryCount,
  RequiresSession: false,
});

/** .NET's longest time: never. */
export const longest = 'P10675199DT2H48M5.4775807S';

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

const countsOf = (counts: Fields): string =>
  `<CountDetails xmlns:d2p1="${counted}">${elements(counts, 'd2p1:')}</CountDetails>`;

function datesOf(createdAt: number): string {
  const date = dateText(createdAt);
  return elements({ CreatedAt: date, UpdatedAt: date, AccessedAt: date });
}

const dateText = (ms: number): string => new Date(ms).toISOString();

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

const elements = (fields: Fields, prefix = ''): string =>
  Object.entries(fields)
    .map(([name, value]) => `<${prefix}${name}>${escaped(String(value))}</${prefix}${name}>`)
    .join('');

const escaped = (text: string): string =>
  text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** `doctor`: examines everything that the worker depends on, and says what to do about what is wrong. */

import type { OperatorConfig } from '../config/config.ts';
import { inUtc, type NoticeState } from '../domain/notice/notice.ts';
import { messageOf } from '../domain/text.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { QueueSettings, QueueStatus } from '../ports/queue-status.ts';
import type { ListRoleAssignments, RoleAssignment } from '../ports/role-assignments.ts';
import type { StorageClock } from '../ports/storage-clock.ts';
import type { Table } from '../ports/table.ts';
import { type Asked, causeOf, remedyFor } from './failure-cause.ts';
import { viewGate } from './pause-gate.ts';
import { type AskedRights, surplusRights } from './surplus-rights.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `unknown`: it could not be looked at. */
  readonly status: 'ok' | 'wrong' | 'unknown';
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const tableNames = ['checkouts', 'schedule', 'attention', 'batches', 'gate'] as const;

export interface QueueAccess {
  readonly name: string;
  /** The setting that names it. */
  readonly setting: string;
  readonly status: Pick<QueueStatus, 'settings'>;
  /** Looks at its first message without taking it. */
  readonly peek: () => Promise<unknown>;
  /** Opens a link to send, and sends nothing. */
  readonly openSender: () => Promise<unknown>;
}

export interface DoctorDeps {
  readonly config: Pick<OperatorConfig, 'timeFactor' | 'gate'>;
  readonly tables: Readonly<Record<(typeof tableNames)[number], Table>>;
  /** Those that the worker serves. */
  readonly queues: readonly QueueAccess[];
  readonly gateStore: Pick<GateStore, 'read' | 'now'>;
  readonly storageClock: Pick<StorageClock, 'now' | 'skew'>;
  readonly now: () => number;
  /** Undefined: there is no credential for Partner Center. */
  readonly token: (() => Promise<unknown>) | undefined;
  /** How the worker's last posts to the webhook went. */
  readonly notices: () => Promise<NoticeState>;
  /** Undefined: these settings come from no deployment. */
  readonly rights: Rights | undefined;
  readonly versions: { readonly node: string; readonly own: string };
}

/** What the deployment asked for, and how to see what there is; or the outputs that it did not leave. */
export type Rights =
  | (AskedRights & { readonly list: ListRoleAssignments })
  | { readonly missing: readonly string[] };

/** Never throws: what cannot be examined is a line too. */
export async function examine(deps: DoctorDeps): Promise<readonly Check[]> {
  const { versions, config, queues, tables, gateStore } = deps;
  const rights = await Promise.all([
    ...tableNames.map((name) => tried(`table ${name}`, () => firstRow(tables[name]), askedOfTables)),
    ...queues.flatMap(({ name, peek, openSender, setting }) => [
      tried(`${name}: peek`, peek, askedOfQueue(setting, 'Receiver')),
      tried(`${name}: send`, openSender, askedOfQueue(setting, 'Sender')),
    ]),
  ]);
  const settings = await Promise.all(
    queues.map((queue) =>
      queueChecks(queue, config.timeFactor).catch(
        unknownCheck(`${queue.name}: settings`, askedOfQueue(queue.setting, 'Receiver')),
      ),
    ),
  );
  const gate = await gateCheck(gateStore, config).catch(unknownCheck('gate', askedOfTables));
  return [
    { name: 'versions', status: 'ok', found: `partner-checkout ${versions.own}, Node ${versions.node}` },
    ...settings.flat(),
    ...rights,
    ...gate,
    ...(deps.rights === undefined ? [] : [await rightsCheck(deps.rights)]),
    await deps.notices().then(webhookCheck, (error: unknown) => ({
      name: 'webhook',
      status: 'unknown',
      found: wordsOf(error),
    })),
    // After the tables were asked: their answers carry the storage's time.
    clockCheck(deps),
    await tokenCheck(deps.token),
  ];
}

const askedOfTables: Asked = {
  service: 'the table service',
  setting: 'TablesConnection__tableServiceUri',
  role: 'Give this identity the role "Storage Table Data Contributor" on the storage account.',
  missing: 'The worker makes missing tables when it starts: deploy it, or start it once.',
};

const askedOfQueue = (queueSetting: string, role: 'Receiver' | 'Sender'): Asked => ({
  service: 'Service Bus',
  setting: 'ServiceBusConnection__fullyQualifiedNamespace',
  role: `Give this identity the role "Azure Service Bus Data ${role}" on the queue.`,
  missing: `Deploy infra/, or correct ${queueSetting}.`,
});

async function firstRow(table: Table): Promise<void> {
  for await (const _ of table.rows({ partition: 'doctor', from: '0', to: '1' })) return;
}

async function tried(name: string, look: () => Promise<unknown>, asked: Asked): Promise<Check> {
  try {
    await look();
    return { name, status: 'ok', found: 'allowed' };
  } catch (error) {
    return { name, status: 'wrong', found: wordsOf(error), remedy: remedyFor(causeOf(error), asked) };
  }
}

const wordsOf = (error: unknown): string => messageOf(error).split('\n')[0]?.slice(0, 300) ?? '';

const unknownCheck =
  (name: string, asked: Asked) =>
  (error: unknown): readonly Check[] => [
    { name, status: 'unknown', found: wordsOf(error), remedy: remedyFor(causeOf(error), asked) },
  ];

async function queueChecks(queue: QueueAccess, factor: number): Promise<readonly Check[]> {
  const settings = await queue.status.settings();
  if (settings !== undefined)
    return judgeQueue(settings, factor).map((check) => ({ ...check, name: `${queue.name}: ${check.name}` }));
  return [
    {
      name: queue.name,
      status: 'wrong',
      found: 'there is no such queue',
      remedy: `Deploy infra/, or correct ${queue.setting}.`,
    },
  ];
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** The settings that the protocol leans on; on the local stack their times are divided by the factor. */
export function judgeQueue(queue: QueueSettings, factor: number): readonly Check[] {
  const check = (name: string, holds: boolean, found: string, expected: string): Check =>
    holds
      ? { name, status: 'ok', found }
      : { name, status: 'wrong', found, remedy: `Set it to ${expected}, as infra/ does.` };
  const lock = (queue.lock * factor) / minute;
  const life = (queue.timeToLive * factor) / day;
  return [
    check('enabled', queue.enabled, yes(queue.enabled), 'an active queue'),
    check('lock', Math.abs(lock - 5) < 0.01, `${round(lock)} min`, '5 min (PT5M)'),
    check('max delivery count', queue.maxDeliveryCount === 10, String(queue.maxDeliveryCount), '10'),
    check(
      'time to live',
      life >= 14,
      Number.isFinite(life) ? `${round(life)} days` : 'for ever',
      '14 days or more: jobs that come later wait in the queue',
    ),
    check(
      'dead-letters what expires',
      queue.deadLettersExpired,
      yes(queue.deadLettersExpired),
      'yes: an expired job would vanish',
    ),
    check(
      'duplicate detection',
      !queue.duplicateDetection,
      yes(queue.duplicateDetection),
      'no: it can only swallow a retry',
    ),
    check('sessions', !queue.sessions, yes(queue.sessions), 'no'),
  ];
}

const yes = (flag: boolean): string => (flag ? 'yes' : 'no');
const round = (value: number): number => Math.round(value * 100) / 100;

/** A refused credential or partner stays refused until somebody puts it right. */
export async function gateCheck(
  store: DoctorDeps['gateStore'],
  config: Pick<DoctorDeps['config'], 'gate'>,
): Promise<readonly Check[]> {
  const { open, cause, reason, limit } = await viewGate(store, config.gate);
  const found = `${limit} calls a minute, ${open ? 'open' : `closed: ${reason}`}`;
  // Other closings end by themselves, or a person has made them.
  if (cause !== 'auth' && cause !== 'partner-wide') return [{ name: 'gate', status: 'ok', found }];
  const remedy =
    'Correct what the reason names. The worker makes a trial call now and then. To allow one at once: npx partner-checkout resume';
  return [{ name: 'gate', status: 'wrong', found, remedy }];
}

const askedOfRights: Asked = {
  service: 'Azure Resource Manager',
  setting: 'AZURE_RESOURCE_MANAGER',
  role: 'Only who may read the resource group can see its role assignments: members of OPERATORS_GROUP_ID can.',
  missing: 'Correct AZURE_RESOURCE_GROUP, or run: azd env refresh',
};

/** A deployment takes no right away, so what a changed parameter leaves behind is found here. */
export async function rightsCheck(rights: Rights): Promise<Check> {
  const name = 'rights';
  if ('missing' in rights)
    return {
      name,
      status: 'unknown',
      found: `the settings lack ${rights.missing.join(', ')}`,
      remedy: 'Run: azd env refresh. A deployment by an older version has no such output: run azd provision.',
    };
  try {
    return judgeRights(surplusRights(await rights.list(), rights), rights.group);
  } catch (error) {
    const remedy = remedyFor(causeOf(error), askedOfRights);
    return { name, status: 'unknown', found: wordsOf(error), remedy };
  }
}

function judgeRights(surplus: readonly RoleAssignment[], group: string): Check {
  const name = 'rights';
  if (surplus.length === 0)
    return { name, status: 'ok', found: 'every role on these resources is one that a parameter asks for' };
  const who = surplus.map(
    ({ principalId, scope }) => `${principalId} on ${scope.slice(group.length + 1) || 'the resource group'}`,
  );
  const ids = surplus.map(
    (each) => `${each.scope}/providers/Microsoft.Authorization/roleAssignments/${each.name}`,
  );
  return {
    name,
    status: 'wrong',
    found: `no parameter asks for ${surplus.length === 1 ? 'a role' : `${surplus.length} roles`}: ${who.join('; ')}`,
    remedy: `If nobody gave them on purpose: az role assignment delete --ids ${ids.join(' ')}`,
  };
}

/** The worker posts, so the last tick says how that went. */
export function webhookCheck({ acceptedAt, trouble }: NoticeState): Check {
  if (trouble !== undefined)
    return {
      name: 'webhook',
      status: 'wrong',
      found: `accepts nothing since ${inUtc(trouble.since)}: ${trouble.why}`,
      remedy:
        'Correct the address (NOTIFY_URL, or the secret notify-url of the vault) or the workflow behind it. What waits is posted then.',
    };
  const found =
    acceptedAt === undefined ? 'no notice was posted yet' : `accepted a notice ${inUtc(acceptedAt)}`;
  return { name: 'webhook', status: 'ok', found };
}

/** The protocol bears 30 s between two clocks; a laptop that is off by less than that does no harm, but its times mislead. */
const maxSkew = 5_000;

export function clockCheck({ storageClock, now }: Pick<DoctorDeps, 'storageClock' | 'now'>): Check {
  const { earliest, latest } = storageClock.now();
  // Without an answer of the storage, its clock is taken to be ours.
  if (storageClock.skew() === undefined && earliest === latest)
    return {
      name: 'clock here',
      status: 'unknown',
      found: 'the storage has not answered, so its time is not known',
    };
  const skew = now() - (earliest + latest) / 2;
  const found = `${Math.abs(skew) < 1_000 ? 'less than 1 s' : `${Math.round(skew / 1_000)} s`} from the storage's`;
  return Math.abs(skew) <= maxSkew
    ? { name: 'clock here', status: 'ok', found }
    : { name: 'clock here', status: 'wrong', found, remedy: 'Set this machine’s clock by a time server.' };
}

const credentialRemedy = 'Correct the credential that the settings name, or use --sign-in.';

async function tokenCheck(token: DoctorDeps['token']): Promise<Check> {
  if (token === undefined)
    return {
      name: 'token',
      status: 'unknown',
      found: 'no credential for Partner Center here',
      remedy: 'Use --sign-in, or set PARTNER_TENANT_ID, PARTNER_CLIENT_ID and PARTNER_CREDENTIAL.',
    };
  return tried('token', token, {
    service: 'the sign-in service',
    setting: 'PARTNER_TENANT_ID',
    role: credentialRemedy,
    missing: credentialRemedy,
  }).then((check) =>
    // The worker's credential is meant here, not the person's sign-in to Azure.
    check.remedy?.includes('az login') ? { ...check, remedy: credentialRemedy } : check,
  );
}

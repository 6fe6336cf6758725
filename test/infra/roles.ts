/** Roles of our own, which access.bicep defines: their names begin so. */
export const ownRoles = ['Checkout queue reader', 'Checkout row writer', 'Checkout restarter'] as const;

/** Built-in roles. Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles. */
export const roleIds = {
  'Azure Service Bus Data Owner': '090c5cfd-751d-490a-894a-3ce6f1109419',
  'Azure Service Bus Data Receiver': '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
  'Azure Service Bus Data Sender': '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Monitoring Reader': '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
} as const;

export type Role = keyof typeof roleIds | (typeof ownRoles)[number];

export type Who = 'worker' | 'operators' | 'producers';
export type Where =
  | 'namespace'
  | 'queues'
  | 'topic'
  | 'tables'
  | 'host storage'
  | 'vault'
  | 'Application Insights'
  | 'resource group';

export interface Need {
  readonly who: readonly Who[];
  readonly role: Role;
  readonly where: Where;
}

interface Operation extends Need {
  readonly file: string;
  readonly calls: readonly string[];
}

const sends = { role: 'Azure Service Bus Data Sender', where: 'queues' } as const;
const receives = { role: 'Azure Service Bus Data Receiver', where: 'queues' } as const;
const tables = { role: 'Storage Table Data Contributor', where: 'tables' } as const;

/** Every call of an SDK in `src/`, and what it needs. */
export const operations: readonly Operation[] = [
  {
    file: 'src/adapters/service-bus/service-bus-queue.ts',
    calls: ['sendMessages'],
    who: ['worker', 'operators'],
    ...sends,
  },
  {
    file: 'src/adapters/service-bus/service-bus-job-sender.ts',
    calls: ['createMessageBatch', 'sendMessages'],
    who: ['worker', 'operators'],
    ...sends,
  },
  {
    file: 'src/adapters/service-bus/dead-letter-queue.ts',
    calls: ['abandonMessage', 'completeMessage', 'receiveMessages'],
    who: ['operators'],
    ...receives,
  },
  { file: 'src/adapters/service-bus/peek.ts', calls: ['peekMessages'], who: ['operators'], ...receives },
  {
    file: 'src/adapters/service-bus/dead-letter-queue.ts',
    calls: ['sendMessages'],
    who: ['operators'],
    ...sends,
  },
  {
    file: 'src/adapters/service-bus/queue-admin.ts',
    calls: ['getQueue', 'getQueueRuntimeProperties'],
    who: ['operators'],
    role: 'Checkout queue reader',
    where: 'namespace',
  },
  {
    file: 'src/adapters/service-bus/event-topic.ts',
    calls: ['createMessageBatch', 'sendMessages'],
    who: ['worker'],
    role: 'Azure Service Bus Data Sender',
    where: 'topic',
  },
  {
    // With PARTNER_SIGN_IN = app+user.
    file: 'src/adapters/partner-auth/key-vault.ts',
    calls: ['getSecret', 'setSecret', 'updateSecretProperties'],
    who: ['worker'],
    role: 'Key Vault Secrets Officer',
    where: 'vault',
  },
  {
    file: 'src/adapters/azure-tables/azure-tables.ts',
    calls: ['createTable'],
    who: ['worker'],
    ...tables,
  },
  {
    file: 'src/adapters/azure-tables/azure-table.ts',
    calls: [
      'createEntity',
      'deleteEntity',
      'getEntity',
      'listEntities',
      'submitTransaction',
      'updateEntity',
      'upsertEntity',
    ],
    who: ['worker'],
    ...tables,
  },
];

/** What needs a role and is no call of ours. */
export const others: readonly Need[] = [
  // functions/triggers/checkout.ts: the host's trigger, and the scale controller.
  { who: ['worker'], ...receives },
  { who: ['worker'], role: 'Checkout queue reader', where: 'namespace' },
  // The same calls as the worker's, but no table is made, and no command needs to delete a row (roles.test.ts).
  { who: ['operators'], role: 'Checkout row writer', where: 'tables' },
  // The host: leases, keys, the package.
  { who: ['worker'], role: 'Storage Blob Data Owner', where: 'host storage' },
  { who: ['worker'], role: 'Monitoring Metrics Publisher', where: 'Application Insights' },
  { who: ['producers'], ...sends },
  // az keyvault secret set: a new credential, a new consent.
  { who: ['operators'], role: 'Key Vault Secrets Officer', where: 'vault' },
  // The portal: a workbook shows only to somebody who may read each resource that it asks. And doctor, which lists role assignments.
  { who: ['operators'], role: 'Monitoring Reader', where: 'resource group' },
  // docs/runbook.md: the timer is dead.
  { who: ['operators'], role: 'Checkout restarter', where: 'resource group' },
];

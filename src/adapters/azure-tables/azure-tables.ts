/** The worker's tables in one storage account: their names, and how they are opened and created. */

import { TableClient } from '@azure/data-tables';
import type { Connection } from '../../config/config.ts';
import type { ServerTime } from '../../ports/storage-clock.ts';
import type { Table } from '../../ports/table.ts';
import { storageFailure } from './azure-failure.ts';
import { azureIdentity } from './azure-identity.ts';
import { azureTable } from './azure-table.ts';

/** The tables of the worker: one storage account, five tables. */
export const tableNames = {
  checkouts: 'Checkouts',
  schedule: 'Schedule',
  attention: 'Attention',
  batches: 'Batches',
  gate: 'Gate',
} as const;

export type Tables = Readonly<Record<keyof typeof tableNames, Table>>;

/** Five tries within about 3 s; the limit of each request cuts what lasts longer. */
const retryOptions = { maxRetries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 1_500 };

/**
 * Steps of the client that every request would pass through for nothing: the SDK's own spans and log, which nobody listens to (`traced.ts`
 * makes the spans), forms, which no request has, and redirects, which the service never sends.
 */
const unneeded = ['tracingPolicy', 'logPolicy', 'formDataPolicy', 'redirectPolicy'];

export interface AzureTables extends Tables {
  /** Creates the tables that are missing. */
  ensure(): Promise<void>;
}

export function azureTables(connection: Connection, onServerTime?: (time: ServerTime) => void): AzureTables {
  const connect = connector(connection);
  const client = (name: string): TableClient => {
    const made = connect(name);
    for (const policy of unneeded) made.pipeline.removePolicy({ name: policy });
    // Inside the retries: the time of the try that was answered.
    if (onServerTime !== undefined) made.pipeline.addPolicy(observer(onServerTime), { afterPhase: 'Retry' });
    return made;
  };
  const clients = {
    checkouts: client(tableNames.checkouts),
    schedule: client(tableNames.schedule),
    attention: client(tableNames.attention),
    batches: client(tableNames.batches),
    gate: client(tableNames.gate),
  };
  return {
    checkouts: azureTable(clients.checkouts),
    schedule: azureTable(clients.schedule),
    attention: azureTable(clients.attention),
    batches: azureTable(clients.batches),
    gate: azureTable(clients.gate),
    async ensure() {
      await Promise.all(Object.values(clients).map(create));
    },
  };
}

function connector(connection: Connection): (table: string) => TableClient {
  if (connection.kind === 'identity') {
    const credential = azureIdentity(connection.clientId);
    return (table) => new TableClient(connection.address, table, credential, { retryOptions });
  }
  // Azurite speaks plain http. The settings allow that to this machine alone.
  const options = { retryOptions, allowInsecureConnection: true };
  return (table) => TableClient.fromConnectionString(connection.connectionString, table, options);
}

async function create(client: TableClient): Promise<void> {
  try {
    await client.createTable({ abortSignal: AbortSignal.timeout(20_000) });
  } catch (error) {
    throw storageFailure('create', client.tableName, error);
  }
}

const observer = (
  onServerTime: (time: ServerTime) => void,
): Parameters<TableClient['pipeline']['addPolicy']>[0] => ({
  name: 'serverTime',
  async sendRequest(request, next) {
    const sentAt = Date.now();
    const response = await next(request);
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) onServerTime({ date, sentAt, receivedAt: Date.now() });
    return response;
  },
});

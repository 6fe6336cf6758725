import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { storageFailure } from './azure-failure.ts';
import { azureTable } from './azure-table.ts';
import type { Table } from './table.ts';

/** The tables of the worker: one storage account, five tables. */
export interface Tables {
  readonly checkouts: Table;
  readonly dueOrders: Table;
  readonly attention: Table;
  readonly batches: Table;
  readonly gate: Table;
}

export type TablesConnection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  /** Like `https://account.table.core.windows.net`. */
  | { readonly kind: 'identity'; readonly serviceUri: string; readonly credential: TokenCredential };

/** The service's own time, as one answer tells it: `date` to the second, the other two by the local clock. Epoch ms. */
export interface ServerTime {
  readonly date: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Five tries within about 3 s; the limit of each request cuts what lasts longer. */
const retryOptions = { maxRetries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 1_500 };

export interface AzureTables extends Tables {
  /** Creates the tables that are missing. */
  ensure(): Promise<void>;
}

export function azureTables(
  connection: TablesConnection,
  onServerTime?: (time: ServerTime) => void,
): AzureTables {
  const client = (name: string): TableClient => {
    const made = connect(connection, name);
    // Inside the retries: the time of the try that was answered.
    if (onServerTime !== undefined) made.pipeline.addPolicy(observer(onServerTime), { afterPhase: 'Retry' });
    return made;
  };
  const clients = {
    checkouts: client('Checkouts'),
    dueOrders: client('DueOrders'),
    attention: client('Attention'),
    batches: client('Batches'),
    gate: client('Gate'),
  };
  return {
    checkouts: azureTable(clients.checkouts),
    dueOrders: azureTable(clients.dueOrders),
    attention: azureTable(clients.attention),
    batches: azureTable(clients.batches),
    gate: azureTable(clients.gate),
    async ensure() {
      await Promise.all(Object.values(clients).map(create));
    },
  };
}

function connect(connection: TablesConnection, name: string): TableClient {
  const options: TableServiceClientOptions & { allowInsecureConnection?: boolean } = { retryOptions };
  if (connection.kind === 'identity')
    return new TableClient(connection.serviceUri, name, connection.credential, options);
  // Azurite speaks plain http. The settings allow that to loopback alone.
  return TableClient.fromConnectionString(connection.connectionString, name, {
    ...options,
    allowInsecureConnection: true,
  });
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

import { azureTables, type Tables } from '../../src/adapters/azure-tables/azure-tables.ts';
import type { Change, Table } from '../../src/ports/table.ts';
import { tableNames } from '../support/virtual-fleet.ts';
import { countingProxy } from './counting-proxy.ts';

/** The rows in the tables of a server, with a count of what is asked of it. */
export async function copiedTables(from: Tables, connectionString: string) {
  const endpoint = /TableEndpoint=([^;]+)/.exec(connectionString)?.[1];
  if (endpoint === undefined) throw new Error('The connection string names no TableEndpoint.');
  const own = azureTables({ kind: 'connection-string', connectionString });
  await own.ensure();
  for (const name of tableNames) await copyRows(from[name], own[name]);
  const url = new URL(endpoint);
  const proxy = await countingProxy(url);
  return {
    tables: azureTables({
      kind: 'connection-string',
      connectionString: connectionString.replaceAll(url.host, proxy.host),
    }),
    requests: () => [...proxy.counts().values()].reduce((sum, count) => sum + count, 0),
    forget: () => proxy.reset(),
    stop: () => proxy.stop(),
  };
}

async function copyRows(from: Table, to: Table): Promise<void> {
  let chunk: Change[] = [];
  let partition: string | undefined;
  const write = async (): Promise<void> => {
    const [first, ...others] = chunk;
    const written = first === undefined ? undefined : await to.transact([first, ...others]);
    if (written?.kind === 'refused')
      throw new Error(`Rows of ${partition} were refused: ${written.refusal}.`);
    chunk = [];
  };
  for await (const row of from.rows({ from: '', to: '\uffff' })) {
    if (row.partition !== partition || chunk.length === 100) await write();
    partition = row.partition;
    const { key, properties } = row;
    chunk.push({ kind: 'insert', row: { partition, key, properties } });
  }
  await write();
}

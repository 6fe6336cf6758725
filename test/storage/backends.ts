import { afterAll, beforeAll, describe } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite.ts';
import { azureTables, type Tables } from '../../src/adapters/azure-tables/azure-tables.ts';
import type { Table } from '../../src/ports/table.ts';
import { memoryTable } from '../support/memory-table.ts';

/**
 * Runs a suite on the table of the tests and on Azurite, and on each again with every write sent twice, the second
 * answer told: what the client does when the first answer is lost.
 */
export function onEachBackend(name: string, suite: (tables: () => Tables) => void): void {
  const memory = memoryTables();
  let azurite: Azurite;
  let stored: Tables;
  beforeAll(async () => {
    azurite = await startAzurite();
    const tables = azureTables({ kind: 'connection-string', connectionString: azurite.connectionString });
    await tables.ensure();
    stored = tables;
  });
  afterAll(() => azurite.stop());

  describe(`${name}, memory`, () => suite(() => memory));
  describe(`${name}, memory, answers lost`, () => suite(() => mapTables(memory, withLostAnswers)));
  describe(`${name}, Azurite`, () => suite(() => stored));
  describe(`${name}, Azurite, answers lost`, () => suite(() => mapTables(stored, withLostAnswers)));
}

const memoryTables = (): Tables => ({
  checkouts: memoryTable(),
  schedule: memoryTable(),
  attention: memoryTable(),
  batches: memoryTable(),
  gate: memoryTable(),
});

const mapTables = (tables: Tables, map: (table: Table) => Table): Tables => ({
  checkouts: map(tables.checkouts),
  schedule: map(tables.schedule),
  attention: map(tables.attention),
  batches: map(tables.batches),
  gate: map(tables.gate),
});

const withLostAnswers = (table: Table): Table => ({
  ...table,
  async change(change) {
    await table.change(change);
    return table.change(change);
  },
  async transact(changes) {
    await table.transact(changes);
    return table.transact(changes);
  },
});

/** Counts the requests that reach a table. */
export function counted(table: Table): Table & { readonly requests: string[] } {
  const requests: string[] = [];
  return {
    requests,
    get(partition, key) {
      requests.push('get');
      return table.get(partition, key);
    },
    change(change) {
      requests.push(change.kind);
      return table.change(change);
    },
    transact(changes) {
      requests.push(`transact ${changes.length}`);
      return table.transact(changes);
    },
    rows(query) {
      requests.push('rows');
      return table.rows(query);
    },
  };
}

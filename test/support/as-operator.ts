import { storageFailure } from '../../src/adapters/azure-tables/azure-failure.ts';
import type { Table } from '../../src/ports/table.ts';

/** A table as operators reach it: their role "Checkout row writer" deletes no row, so the service answers a removal with 403. */
export function asOperator(table: Table): Table {
  const refuse = (): never => {
    throw storageFailure('remove a row of', 'Attention', {
      statusCode: 403,
      code: 'AuthorizationPermissionMismatch',
    });
  };
  return {
    ...table,
    change: async (change) => (change.kind === 'remove' ? refuse() : table.change(change)),
    transact: async (changes) =>
      changes.some(({ kind }) => kind === 'remove') ? refuse() : table.transact(changes),
  };
}

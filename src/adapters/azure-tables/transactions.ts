/** Cuts changes of one partition into transactions of a size that the service takes. */

import type { Change } from '../../ports/table.ts';
import { storedBytes } from './chunks.ts';

/** Source: Table service, entity group transactions: 100 changes and 4 MiB; a quarter is left for headers and escapes. */
const maxChanges = 100;
const maxBytes = 3 * 1024 * 1024;

/** Cuts changes of one partition into transactions, in their order. */
export function toTransactions(changes: readonly Change[]): readonly (readonly [Change, ...Change[]])[] {
  const transactions: [Change, ...Change[]][] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = sizeOf(change);
    const transaction = transactions[transactions.length - 1];
    if (transaction !== undefined && transaction.length < maxChanges && bytes + size <= maxBytes) {
      transaction.push(change);
      bytes += size;
    } else {
      transactions.push([change]);
      bytes = size;
    }
  }
  return transactions;
}

/** The larger of what a row takes in the table (UTF-16) and on the wire (UTF-8 with escapes, base64), roughly. */
function sizeOf(change: Change): number {
  if (change.kind === 'remove') return 500;
  let size = 1_000;
  for (const value of Object.values(change.row.properties)) {
    if (typeof value === 'string') size += Math.max(storedBytes(value), Buffer.byteLength(value) * 1.2);
    else size += value instanceof Uint8Array ? value.byteLength * 1.4 : 40;
  }
  return size;
}

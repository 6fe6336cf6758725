import { storedBytes } from './chunks.ts';
import type { Change } from './table.ts';

/** Source: Table service, entity group transactions: 100 changes and 4 MiB; a quarter is left for headers and escapes. */
const maxChanges = 100;
const maxBytes = 3 * 1024 * 1024;

/** Cuts changes of one partition into transactions, in their order. */
export function lotsOf(changes: readonly Change[]): readonly (readonly [Change, ...Change[]])[] {
  const lots: [Change, ...Change[]][] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = sizeOf(change);
    const lot = lots[lots.length - 1];
    if (lot !== undefined && lot.length < maxChanges && bytes + size <= maxBytes) {
      lot.push(change);
      bytes += size;
    } else {
      lots.push([change]);
      bytes = size;
    }
  }
  return lots;
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

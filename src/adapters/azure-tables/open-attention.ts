/** The index of open rows in the table Attention, so that counting them reads no closed ones. */

import { type AttentionKind, attentionKinds } from '../../domain/checkout/attention-row.ts';
import type { OpenRow } from '../../ports/fleet.ts';
import type { Properties, Table } from '../../ports/table.ts';

/** The index of open rows: row key `{kind}:{key}`. A row that is closed has none, so counts do not grow with what is done. */
export const openPartition = 'open';
const indexKey = (kind: string, key: string): string => `${kind}:${key}`;

/**
 * Makes the index say what the row says, whoever changed it last. A writer that dies before this leaves the index behind until
 * the next change of the row: it is for counts and alerts, and no rule reads it.
 */
export async function showOpen(table: Table, rows: 'job' | 'rejected', key: string): Promise<void> {
  const row = await table.get(rows, key);
  const open = row?.properties['open'] === true ? row.properties['kind'] : undefined;
  const properties = indexed(row?.properties ?? {});
  const kinds =
    rows === 'rejected' ? (['rejected'] as const) : attentionKinds.filter((kind) => kind !== 'rejected');
  // Each alone: a removal of what is not there would refuse a whole transaction.
  for (const kind of kinds)
    if (kind === open) await showRow(table, indexKey(kind, key), properties);
    else await table.change({ kind: 'remove', partition: openPartition, key: indexKey(kind, key) });
}

/** Keeps what else the index row holds: whether people were told of it. */
async function showRow(table: Table, key: string, properties: Properties): Promise<void> {
  const row = { partition: openPartition, key, properties };
  if ((await table.change({ kind: 'insert', row })).kind === 'done') return;
  if ((await table.change({ kind: 'merge', row })).kind === 'done') return;
  await table.change({ kind: 'replace', row });
}

/** What a report needs of an open row, so that it does not read the row itself. */
function indexed({ openedAt, at, code, batchIds, batchId }: Properties): Properties {
  return {
    openedAt: openedAt ?? at ?? 0,
    code: typeof code === 'string' ? code : '',
    batchIds: [batchIds, batchId].find((ids) => typeof ids === 'string') ?? '',
  };
}

/** The open rows. Reads no closed row. Throws `Unavailable`. */
export async function* openAttention(table: Table): AsyncIterable<OpenRow> {
  for await (const { row } of indexRows(table)) yield row;
}

/** The rows of the index, each with its key and with the columns `more` beside those of an open row. Throws `Unavailable`. */
export async function* indexRows(
  table: Table,
  more: readonly string[] = [],
): AsyncIterable<{ readonly key: string; readonly row: OpenRow; readonly properties: Properties }> {
  const select = ['openedAt', 'code', 'batchIds', ...more];
  for await (const { key, properties } of table.rows({
    partition: openPartition,
    from: '',
    to: '~',
    select,
  })) {
    const row = openRow(key, properties);
    if (row !== undefined) yield { key, row, properties };
  }
}

/** A row of the index; undefined: it is none of ours. */
function openRow(key: string, { openedAt, code, batchIds }: Properties): OpenRow | undefined {
  const kind = attentionKinds.find((one) => key.startsWith(`${one}:`));
  if (kind === undefined) return undefined;
  return {
    kind,
    openedAt: typeof openedAt === 'number' ? openedAt : 0,
    code: typeof code === 'string' ? code : '',
    // The last id of a column that was too short for it is not whole.
    batchIds:
      typeof batchIds === 'string' ? batchIds.split(',').filter((id) => id !== '' && !id.endsWith('…')) : [],
  };
}

/** How many rows of each kind are open. Reads no closed row. Throws `Unavailable`. */
export async function countOpen(table: Table): Promise<Readonly<Record<AttentionKind, number>>> {
  const counts = { failed: 0, partial: 0, 'needs-decision': 0, 'pending-too-long': 0, rejected: 0 };
  for await (const { kind } of openAttention(table)) counts[kind] += 1;
  return counts;
}

/** The index of open rows in the table Attention, so that counting them reads no closed ones. */

import { type AttentionKind, attentionKinds } from '../../domain/checkout/attention-row.ts';
import type { OpenRow } from '../../ports/fleet.ts';
import type { Change, Properties, Table } from '../../ports/table.ts';

/**
 * The index of open rows: row key `{kind}:{key}`. A row that is closed has none, so counts do not grow with what is done. A person
 * may delete no row (infra/modules/access.bicep): what a person closes is marked `closed` in the index until a tick removes it.
 */
export const openPartition = 'open';
const indexKey = (kind: string, key: string): string => `${kind}:${key}`;

/**
 * Makes the index say what the row says, whoever changed it last. A writer that dies before this leaves the index behind until
 * the next change of the row: it is for counts and alerts, and no rule reads it.
 */
export async function showOpen(
  table: Table,
  rows: 'job' | 'rejected',
  key: string,
  closing: 'remove' | 'mark' = 'remove',
): Promise<void> {
  const row = await table.get(rows, key);
  const open = row?.properties['open'] === true ? row.properties['kind'] : undefined;
  const properties = indexed(row?.properties ?? {});
  const kinds =
    rows === 'rejected' ? (['rejected'] as const) : attentionKinds.filter((kind) => kind !== 'rejected');
  // Each alone: a removal of what is not there would refuse a whole transaction.
  for (const kind of kinds)
    if (kind === open) await showRow(table, indexKey(kind, key), properties);
    else await table.change(closing === 'mark' ? mark(indexKey(kind, key)) : remove(indexKey(kind, key)));
}

const remove = (key: string, etag?: string): Change => ({
  kind: 'remove',
  partition: openPartition,
  key,
  ...(etag === undefined ? {} : { etag }),
});
const mark = (key: string): Change => ({
  kind: 'merge',
  row: { partition: openPartition, key, properties: { closed: true } },
});

/** Keeps what else the index row holds: whether people were told of it. */
async function showRow(table: Table, key: string, properties: Properties): Promise<void> {
  const row = { partition: openPartition, key, properties };
  if ((await table.change({ kind: 'insert', row })).kind === 'done') return;
  const merged = { ...row, properties: { ...properties, closed: false } };
  if ((await table.change({ kind: 'merge', row: merged })).kind === 'done') return;
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

/** A tick removes no more marked rows than this; the next one goes on. */
const mostRemovals = 100;

/** The open rows, for the worker's tick: it also removes what people closed. Reads no closed row. Throws `Unavailable`. */
export async function* openAttention(table: Table): AsyncIterable<OpenRow> {
  let removals = 0;
  for await (const { key, row, etag, isClosed } of readIndex(table, [])) {
    if (!isClosed) yield row;
    else if (removals < mostRemovals) {
      removals += 1;
      await removeMarked(table, row.kind, key, etag);
    }
  }
}

/** A row that was opened again while a person closed it is shown again. */
async function removeMarked(table: Table, kind: AttentionKind, key: string, etag: string): Promise<void> {
  const rows = kind === 'rejected' ? 'rejected' : 'job';
  const properties = (await table.get(rows, key.slice(indexKey(kind, '').length)))?.properties ?? {};
  if (properties['open'] === true && properties['kind'] === kind)
    await showRow(table, key, indexed(properties));
  // Refused as `changed`: it was opened again just now.
  else await table.change(remove(key, etag));
}

interface IndexRow {
  readonly key: string;
  readonly row: OpenRow;
  readonly properties: Properties;
}

/** The open rows of the index, each with its key and with the columns `more` beside those of an open row. Throws `Unavailable`. */
export async function* indexRows(table: Table, more: readonly string[] = []): AsyncIterable<IndexRow> {
  for await (const { isClosed, ...found } of readIndex(table, more)) if (!isClosed) yield found;
}

async function* readIndex(
  table: Table,
  more: readonly string[],
): AsyncIterable<IndexRow & { readonly etag: string; readonly isClosed: boolean }> {
  const select = ['openedAt', 'code', 'batchIds', 'closed', ...more];
  for await (const { key, properties, etag } of table.rows({
    partition: openPartition,
    from: '',
    to: '~',
    select,
  })) {
    const row = openRow(key, properties);
    if (row !== undefined) yield { key, row, properties, etag, isClosed: properties['closed'] === true };
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
  for await (const { row } of indexRows(table)) counts[row.kind] += 1;
  return counts;
}

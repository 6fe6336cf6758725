import { type AttentionKind, attentionKinds } from '../../domain/checkout/attention-row.ts';
import type { Change, Table } from '../../ports/table.ts';

/** The index of open rows: row key `{kind}:{key}`. A row that is closed has none, so counts do not grow with what is done. */
const partition = 'open';
const indexKey = (kind: string, key: string): string => `${kind}:${key}`;

/**
 * Makes the index say what the row says, whoever changed it last. A writer that dies before this leaves the index behind until
 * the next change of the row: it is for counts and alerts, and no rule reads it.
 */
export async function showOpen(table: Table, rows: 'job' | 'rejected', key: string): Promise<void> {
  const row = await table.get(rows, key);
  const open = row?.properties['open'] === true ? row.properties['kind'] : undefined;
  const openedAt = row?.properties['openedAt'] ?? row?.properties['at'] ?? 0;
  const kinds =
    rows === 'rejected' ? (['rejected'] as const) : attentionKinds.filter((kind) => kind !== 'rejected');
  const [first, ...more] = kinds.map((kind): Change => {
    const indexed = indexKey(kind, key);
    return kind === open
      ? { kind: 'replace', row: { partition, key: indexed, properties: { openedAt } } }
      : { kind: 'remove', partition, key: indexed };
  });
  // Each alone: a removal of what is not there would refuse a whole transaction.
  for (const change of first === undefined ? [] : [first, ...more]) await table.change(change);
}

/** How many rows of each kind are open. Reads no closed row. Throws `Unavailable`. */
export async function countOpen(table: Table): Promise<Readonly<Record<AttentionKind, number>>> {
  const counts = { failed: 0, partial: 0, 'needs-decision': 0, 'pending-too-long': 0, rejected: 0 };
  for await (const { key } of table.rows({ partition, from: '', to: '~', select: ['openedAt'] })) {
    const kind = attentionKinds.find((one) => key.startsWith(`${one}:`));
    if (kind !== undefined) counts[kind] += 1;
  }
  return counts;
}

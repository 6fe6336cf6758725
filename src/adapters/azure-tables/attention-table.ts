/** The people's side of the table Attention: lists, shows and closes rows. */

import { attentionKinds } from '../../domain/checkout/attention-row.ts';
import { type JobKey, readJobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import {
  type AttentionFilter,
  type AttentionRow,
  type AttentionRows,
  matches,
} from '../../ports/attention-rows.ts';
import type { Properties, StoredRow, Table } from '../../ports/table.ts';
import { joinText } from './chunks.ts';
import { keyPart } from './keys.ts';
import { showOpen } from './open-attention.ts';
import { column } from './record-rows.ts';

/** Everything but long texts: bodies, properties and evidence are read with the one row that is wanted. */
const listed = [
  'kind',
  'open',
  'code',
  'description',
  'remedy',
  'revision',
  'at',
  'openedAt',
  'batchIds',
  'batchId',
  'reference',
  'reason',
  'path',
  'messageId',
  'takenBy',
  'takenAt',
  'closedBy',
  'closedAt',
];

/** `AttentionRows` over the table Attention. */
export function attentionRows(table: Table): AttentionRows {
  async function* list(filter: AttentionFilter): AsyncIterable<AttentionRow> {
    for (const partition of partitionsFor(filter)) {
      const customer = partition === 'job' ? filter.customerId : undefined;
      const rows = table.rows({
        partition,
        from: customer === undefined ? '' : `${keyPart('customerId', customer)}:`,
        to: customer === undefined ? '~' : `${customer}:~`,
        select: listed,
        where: filter.all === true ? {} : { open: true },
      });
      for await (const stored of rows) {
        if (isOrderSummary(stored.properties)) continue;
        const row = toRow(stored);
        if (matches(row, filter)) yield row;
      }
    }
  }

  const get = async (partition: string, key: string): Promise<AttentionRow | undefined> => {
    const stored = await table.get(partition, key);
    return stored === undefined || isOrderSummary(stored.properties) ? undefined : toRow(stored);
  };

  return {
    list,
    ofJob: (jobKey: JobKey) => get('job', keyPart('job', jobKey)),
    rejected: (key) => get('rejected', keyPart('key of a rejected message', key)),

    async take(row, by, at) {
      const partition = row.jobKey === undefined ? 'rejected' : 'job';
      const stored = await table.get(partition, row.key);
      if (stored?.properties['open'] !== true || stored.properties['revision'] !== row.revision)
        return 'changed';
      const { takenBy, takenAt, ...others } = stored.properties;
      const properties = by === undefined ? others : { ...others, takenBy: column(by), takenAt: at };
      const written = await table.change({
        kind: 'replace',
        row: { ...stored, properties },
        etag: stored.etag,
      });
      if (written.kind === 'done') return 'taken';
      // The client repeats a write whose answer was lost, and then meets its own.
      const now = (await table.get(partition, row.key))?.properties;
      return now?.['takenBy'] === properties['takenBy'] && now?.['takenAt'] === properties['takenAt']
        ? 'taken'
        : 'changed';
    },

    async close(row, by, at) {
      const partition = row.jobKey === undefined ? 'rejected' : 'job';
      const stored = await table.get(partition, row.key);
      if (stored === undefined || stored.properties['revision'] !== row.revision) return 'changed';
      if (stored.properties['open'] !== true) {
        // Whoever closed it may have died before its place in the index was marked.
        await showOpen(table, partition, row.key, 'mark');
        return 'closed';
      }
      const properties = { ...stored.properties, open: false, closedBy: by, closedAt: at };
      const written = await table.change({
        kind: 'replace',
        row: { ...stored, properties },
        etag: stored.etag,
      });
      await showOpen(table, partition, row.key, 'mark');
      if (written.kind === 'done') return 'closed';
      // The client repeats a write whose answer was lost, and then meets its own.
      const now = await table.get(partition, row.key);
      return now?.properties['closedBy'] === by && now.properties['closedAt'] === at ? 'closed' : 'changed';
    },
  };
}

function partitionsFor({ kind, customerId }: AttentionFilter): readonly ('job' | 'rejected')[] {
  if (kind === 'rejected') return ['rejected'];
  return kind !== undefined || customerId !== undefined ? ['job'] : ['job', 'rejected'];
}

/**
 * The worker closed what was never opened, so that a slower delivery does not open it for an older revision: it has a revision
 * and nothing to tell.
 */
const isOrderSummary = (properties: Properties): boolean =>
  properties['open'] !== true && properties['kind'] === undefined && properties['reason'] === undefined;

/** Rows are edited by people too: what is missing reads as empty. */
function toRow({ partition, key, properties }: StoredRow): AttentionRow {
  const rejected = partition === 'rejected';
  // A rejected row says `not-json: what was wrong`.
  const [, word = '', words = ''] = /^([a-z-]+): (.*)$/s.exec(text(properties, 'reason') ?? '') ?? [];
  const batches = text(properties, rejected ? 'batchId' : 'batchIds') ?? '';
  return omitUndefined({
    kind: rejected
      ? 'rejected'
      : (attentionKinds.find((kind) => kind === properties['kind']) ?? 'needs-decision'),
    open: properties['open'] === true,
    jobKey: rejected ? undefined : readJobKey(key),
    key,
    code: rejected ? word : (text(properties, 'code') ?? ''),
    description: rejected
      ? words || (text(properties, 'reason') ?? '')
      : (text(properties, 'description') ?? ''),
    remedy: text(properties, 'remedy') ?? '',
    revision: number(properties, 'revision') ?? 0,
    at: number(properties, 'at') ?? 0,
    openedAt: number(properties, 'openedAt') ?? number(properties, 'at') ?? 0,
    batchIds: batches === '' ? [] : wholeIds(batches),
    moreBatches: batches.endsWith('…'),
    reference: text(properties, 'reference'),
    path: text(properties, 'path'),
    messageId: text(properties, 'messageId'),
    evidence: joinText('evidence', properties),
    takenBy: text(properties, 'takenBy'),
    takenAt: number(properties, 'takenAt'),
    closedBy: text(properties, 'closedBy'),
    closedAt: number(properties, 'closedAt'),
  });
}

const text = (properties: Properties, name: string): string | undefined => {
  const value = properties[name];
  return typeof value === 'string' ? value : undefined;
};

const number = (properties: Properties, name: string): number | undefined => {
  const value = properties[name];
  return typeof value === 'number' ? value : undefined;
};

/** The ids of a column; its last one is left out where the column was too short for it. */
function wholeIds(column: string): readonly string[] {
  const ids = column.split(',');
  return column.endsWith('…') ? ids.slice(0, -1) : ids;
}

/** The port `Notices` over two tables: marks in the index of open rows, and one row for each ended batch that nobody was told of. */

import type { EndedBatch } from '../../domain/notice/notice.ts';
import type { Notices, RowToTell } from '../../ports/notices.ts';
import type { Change, Properties, Table } from '../../ports/table.ts';
import { keyPart } from './keys.ts';
import { indexRows, openPartition } from './open-attention.ts';
import { toTransactions } from './transactions.ts';

/** No batch id begins so. */
const endedPartition = '_ended';

/** A mark names what it was made for: a row that was opened again, or with another code, is new. */
const reasonOf = ({ openedAt, code }: Pick<RowToTell, 'openedAt' | 'code'>): string => `${openedAt}:${code}`;

/** `Notices` over the tables Attention and Batches. */
export function noticeStore(attention: Table, batches: Table): Notices {
  return {
    async *rows() {
      const marks = ['noticeId', 'noticeFor', 'noticeTold'];
      for await (const { key, row, properties } of indexRows(attention, marks)) {
        const { noticeId, noticeFor, noticeTold } = properties;
        const isMarked = typeof noticeId === 'string' && noticeFor === reasonOf(row);
        yield {
          ...row,
          key,
          ...(isMarked ? { noticeId } : {}),
          isTold: isMarked && noticeTold === true,
        };
      }
    },

    async mark(rows, noticeId, isTold) {
      const changes = rows.map((row): Change => {
        const properties = { noticeId, noticeFor: reasonOf(row), noticeTold: isTold };
        return { kind: 'merge', row: { partition: openPartition, key: row.key, properties } };
      });
      for (const transaction of toTransactions(changes)) {
        if ((await attention.transact(transaction)).kind === 'done') continue;
        // One of the rows is gone: a merge never brings it back, and the others are marked one by one.
        for (const change of transaction) await attention.change(change);
      }
    },

    async batchEnded(batch) {
      const { batchId: _, ...properties } = batch;
      await batches.change({
        kind: 'replace',
        row: { partition: endedPartition, key: endedKey(batch), properties: { version: 1, ...properties } },
      });
    },

    async endedBatches(most) {
      const found: EndedBatch[] = [];
      for await (const { key, properties } of batches.rows({
        partition: endedPartition,
        from: '',
        to: '~',
      })) {
        if (found.length >= most) break;
        found.push(toEnded(key, properties));
      }
      return found;
    },

    async batchTold(batch) {
      await batches.change({ kind: 'remove', partition: endedPartition, key: endedKey(batch) });
    },
  };
}

const endedKey = ({ batchId, total }: EndedBatch): string => `${keyPart('batchId', batchId)}:${total}`;

function toEnded(key: string, properties: Properties): EndedBatch {
  const number = (name: string): number => {
    const value = properties[name];
    return typeof value === 'number' ? value : 0;
  };
  const [, batchId = key] = /^(.*):\d+$/.exec(key) ?? [];
  return {
    batchId,
    total: number('total'),
    completed: number('completed'),
    partial: number('partial'),
    failed: number('failed'),
    rejected: number('rejected'),
    since: number('since'),
    at: number('at'),
  };
}

/** Port: what people were told already, and what they are to be told. No request of it grows with what is done. */

import type { EndedBatch, NoticeRow } from '../domain/notice/notice.ts';

/** An open row, and what was posted about it. */
export interface RowToTell extends NoticeRow {
  /** Names the row. */
  readonly key: string;
  /** The notice that holds it; absent: none does, as it is new or was opened again for another reason. */
  readonly noticeId?: string;
  /** Its notice was accepted. */
  readonly isTold: boolean;
}

/** Throws `Unavailable` ('storage'). */
export interface Notices {
  /** Every open row. */
  rows(): AsyncIterable<RowToTell>;
  /** Writes which notice holds the rows, and whether it was accepted. A row that was closed meanwhile stays closed. */
  mark(rows: readonly RowToTell[], noticeId: string, isTold: boolean): Promise<void>;
  /** Remembers that a batch ended, until `batchTold`. Safe to repeat. */
  batchEnded(batch: EndedBatch): Promise<void>;
  /** Batches that ended and of which nobody was told. */
  endedBatches(most: number): Promise<readonly EndedBatch[]>;
  batchTold(batch: EndedBatch): Promise<void>;
}

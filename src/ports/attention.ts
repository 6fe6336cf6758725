/** Port: the attention table as the worker writes it. */

import type { JobAttention, RejectedMessage } from '../domain/checkout/attention-row.ts';
import type { JobKey } from '../domain/message/job-key.ts';

/** The table Attention. Throws `Unavailable` ('storage'). */
export interface Attention {
  /**
   * Writes the row if the one that stands is of an older revision (`older`), or not of a newer one (`not-newer`: a
   * question, asked at every reconciliation). `anyway`: the record cannot be read, so its revision is not known; the row stays older
   * than what it tells of. Says whether it wrote.
   */
  write(row: JobAttention, when: 'older' | 'not-newer' | 'anyway'): Promise<boolean>;
  /** Closes an open row, if there is one of an older revision. */
  close(jobKey: JobKey, revision: number, at: number, by: string): Promise<boolean>;
  reject(message: RejectedMessage): Promise<void>;
}

import type { CartAttention, RejectedMessage } from '../domain/checkout/attention-row.ts';
import { questionKinds } from '../domain/checkout/record.ts';
import type { CartKey } from '../domain/message/job.ts';

/** Results that need a person. */
export const resultKinds = ['failed', 'partial'] as const;
export const attentionKinds = [...resultKinds, ...questionKinds, 'rejected'] as const;

/** The code of a row that tells that a cart was bought twice. */
export const boughtAgainCode = 'bought-again';

/** The table Attention. Throws `Unavailable` ('storage'). */
export interface Attention {
  /**
   * Writes the row if the one that stands is of an older revision (`older`), or not of a newer one (`not-newer`: a
   * question, asked at every look). `anyway`: the record cannot be read, so its revision is not known; the row stays older
   * than what it tells of. Says whether it wrote.
   */
  write(row: CartAttention, when: 'older' | 'not-newer' | 'anyway'): Promise<boolean>;
  /** Closes an open row, if there is one of an older revision. */
  close(key: CartKey, revision: number, at: number, by: string): Promise<boolean>;
  /** Says on the cart's row, if there is one, that a decision came too late. Gone with the row's next revision. */
  overtaken(key: CartKey, words: string): Promise<void>;
  reject(message: RejectedMessage): Promise<void>;
}

/** Port: the webhook that reaches people. */

import type { Notice } from '../domain/notice/notice.ts';

export type Posted =
  | { readonly kind: 'accepted' }
  /** `content`: the webhook answered, and does not want this notice; others may pass. */
  | { readonly kind: 'refused'; readonly of: 'content' | 'all'; readonly why: string };

export interface Webhook {
  /** Takes 10 s at most. Never throws; `why` holds no secret. */
  post(notice: Notice): Promise<Posted>;
}

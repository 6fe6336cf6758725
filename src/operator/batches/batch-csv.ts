import { identityOf } from '../../domain/message/job-key.ts';
import type { BatchCart } from './batch-carts.ts';

export const csvHeading = [
  'customerId',
  'cartId',
  'reference',
  'state',
  'orderIds',
  'subscriptionIds',
  'code',
  'reason',
  'remedy',
] as const;

/** One line of the result file. `subscriptions` are those of its orders. */
export function csvFields(cart: BatchCart, subscriptions: readonly string[]): readonly string[] {
  if (cart.kind === 'rejected')
    return [
      '',
      '',
      '',
      'rejected',
      '',
      '',
      '',
      `no job; kept as ${cart.rejectedKey}`,
      'See: npx partner-checkout attention',
    ];
  if (cart.kind === 'row') {
    const { jobKey, state, code = '' } = cart.entry;
    const identity = identityOf(jobKey);
    return [
      identity.customerId,
      'cartId' in identity ? identity.cartId : '',
      '',
      state,
      '',
      '',
      code,
      '',
      '',
    ];
  }
  const { customerId, cartId, job, state, orders, reason } = cart.record;
  return [
    customerId,
    cartId ?? '',
    job.reference ?? '',
    state,
    orders.map(({ id }) => id).join(' '),
    subscriptions.join(' '),
    reason?.code ?? '',
    reason?.description ?? '',
    reason?.remedy ?? '',
  ];
}

/**
 * RFC 4180. A spreadsheet takes a cell that begins with = + - @, a tab or a line break for a formula, quoted or not: an
 * apostrophe before it makes it text (OWASP, CSV injection).
 */
export const csvLine = (fields: readonly string[]): string => `${fields.map(csvCell).join(',')}\r\n`;

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

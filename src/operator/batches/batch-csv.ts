/** The result file of a batch: one line of CSV for each cart. */
import type { CheckoutRecord, Reason } from '../../domain/checkout/record.ts';
import { isOrderJob } from '../../domain/message/job.ts';
import { identityOf } from '../../domain/message/job-key.ts';
import type { Order } from '../../domain/order/order.ts';
import { datesOf, linesToSendAgain, resultLines } from '../../domain/order/result-lines.ts';
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
  'externalOrderId',
  'line',
  'product',
  'sku',
  'quantity',
  'price',
  'currency',
  'cancellableUntil',
] as const;

type Fields = Partial<Record<(typeof csvHeading)[number], string>>;

const row = (fields: Fields): readonly string[] => csvHeading.map((name) => fields[name] ?? '');

/** The lines of one job in the result file: one for a cart, one for each order line. `orders` are those of its rows. */
export function csvRows(cart: BatchCart, orders: readonly Order[]): readonly (readonly string[])[] {
  if (cart.kind === 'rejected')
    return [
      row({
        state: 'rejected',
        reason: `no job; kept as ${cart.rejectedKey}`,
        remedy: 'See: npx partner-checkout attention',
      }),
    ];
  if (cart.kind === 'row') {
    const { jobKey, state, code = '' } = cart.entry;
    return [row({ ...identityOf(jobKey), state, code })];
  }
  const { record } = cart;
  const { customerId, cartId = '', job, state, reason } = record;
  const about = { customerId, cartId, reference: job.reference ?? '' };
  if (!isOrderJob(job)) {
    const subscriptions = orders.flatMap(({ lines }) =>
      lines.flatMap(({ subscriptionId }) => subscriptionId ?? []),
    );
    const dates = datesOf(record);
    return [
      row({
        ...about,
        state,
        orderIds: record.orders.map(({ id }) => id).join(' '),
        subscriptionIds: subscriptions.join(' '),
        // In the order of their ids.
        cancellableUntil:
          dates.size === 0 ? '' : subscriptions.map((id) => dateText(dates.get(id)) || 'unknown').join(' '),
        ...whyOf(reason),
      }),
    ];
  }
  return resultLines(record, orders).map((result) => {
    const { wanted, state: of, orderId, subscriptionId, cancellableUntil, ...line } = result;
    return row({
      ...about,
      ...line,
      cancellableUntil: dateText(cancellableUntil),
      state: of,
      orderIds: orderId ?? '',
      subscriptionIds: subscriptionId ?? '',
      externalOrderId: job.externalOrderId,
      line: String(wanted.line),
      product: wanted.product,
      sku: wanted.sku,
      quantity: String(wanted.quantity),
    });
  });
}

const dateText = (until: string | null | undefined): string => (until === null ? 'never' : (until ?? ''));

const whyOf = (reason: Reason | undefined): Fields =>
  reason === undefined ? {} : { code: reason.code, reason: reason.description, remedy: reason.remedy };

/** The header of a list of order lines, as `enqueue` reads it. */
export const listHeading = [
  'customerId',
  'externalOrderId',
  'line',
  'product',
  'sku',
  'segment',
  'quantity',
  'term',
  'billing',
  'promotionId',
  'reseller',
  'endDate',
  'maxTotal',
  'currency',
  'availability',
  'friendlyName',
  'attestation',
  'provisioningContext',
  'onBadLine',
  'partnerOnRecordAttestation',
  'reference',
  'notBefore',
  'notAfter',
  'requestedBy',
  'correlationId',
] as const;

/** The rows that send a job again; none where that would buy nothing, or needs a person's retry. */
export function listRows({ customerId, job, ...record }: CheckoutRecord): readonly (readonly string[])[] {
  const again = linesToSendAgain({ customerId, job, ...record });
  if (again === undefined || !isOrderJob(job)) return [];
  return again.lines.map((line) => {
    const { provisioningContext: context } = line;
    const fields: Readonly<Record<string, unknown>> = {
      ...job,
      ...line,
      customerId,
      externalOrderId: again.externalOrderId,
      notBefore: timeText(job.notBefore),
      notAfter: timeText(job.notAfter),
      provisioningContext: context === undefined ? '' : JSON.stringify(context),
    };
    return listHeading.map((name) => String(fields[name] ?? ''));
  });
}

const timeText = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString());

/**
 * RFC 4180. A spreadsheet takes a cell that begins with = + - @, a tab or a line break for a formula, quoted or not: an
 * apostrophe before it makes it text (OWASP, CSV injection).
 */
export const csvLine = (fields: readonly string[]): string => `${fields.map(csvCell).join(',')}\r\n`;

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

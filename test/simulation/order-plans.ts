import { decodeJobValue, type OrderJob } from '../../src/domain/message/job.ts';
import { orderContent } from '../../src/domain/message/order-lines.ts';
import { nameOfLine, type OrderPlan } from './made-carts.ts';
import { customer } from './plans.ts';
import type { LineWanted, OrderSend } from './setup.ts';

/** No number is a part of another text of a message. */
export const orderNumber = (n: number): string => `po-${String(n).padStart(4, '0')}`;

const base = { quantity: 2, term: 'P1Y', billing: 'annual' } as const;

/** What a producer may order, by what becomes of it: see `itemsOnSale`. */
export const wanted = {
  seats: { ...base, product: 'CFQ7TTC0AB12', sku: '0001' },
  /** Its order group is another one than that of `seats`. */
  phones: { ...base, product: 'CFQ7TTC0CD34', sku: '000P', quantity: 3, term: 'P1M', billing: 'monthly' },
  /** Its cart has an error on this line. */
  limited: { ...base, product: 'CFQ7TTC0EF56', sku: '0002' },
  unpriced: { ...base, product: 'CFQ7TTC0GH78', sku: '0003' },
  unknown: { ...base, product: 'CFQ7TTC0JK90', sku: '0004' },
  grown: { ...base, product: 'CFQ7TTC0LM12', sku: '0005' },
} as const satisfies Readonly<Record<string, LineWanted>>;

export const orderPlan = (n: number, plan: Partial<OrderPlan> = {}): OrderPlan => ({
  customerId: customer(1),
  externalOrderId: orderNumber(n),
  ...plan,
});

/** A message with these lines for the n-th order. */
export const sendOrder = (
  n: number,
  lines: readonly LineWanted[],
  plan: Partial<OrderSend> = {},
): OrderSend => ({
  customerId: customer(1),
  externalOrderId: orderNumber(n),
  lines,
  at: n * 1_500,
  ...plan,
});

/** In the words of the message contract. The name of a line says of which order it is. */
export const orderBody = ({ externalOrderId, lines, maxTotal, onBadLine }: OrderSend) => ({
  externalOrderId,
  lines: lines.map((line, index) => ({ ...line, friendlyName: nameOfLine(externalOrderId, index + 1) })),
  onBadLine,
  ...(maxTotal === undefined ? {} : { maxTotal, currency: 'USD' }),
});

/** Whether the message wants what the job wants. */
export function isSameOrder(send: OrderSend, job: OrderJob): boolean {
  const decoded = decodeJobValue({ customerId: send.customerId, ...orderBody(send) });
  return decoded.ok && 'lines' in decoded.job && orderContent(decoded.job) === orderContent(job);
}

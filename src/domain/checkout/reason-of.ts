import { isLacking } from '../order/order.ts';
import type { CheckoutRecord, Reason } from './record.ts';

/** Why a result lacks something. Orders can end without what was bought though no call failed. */
export function reasonOf(record: CheckoutRecord): Reason {
  if (record.reason !== undefined) return record.reason;
  const status = record.orders.find((order) => isLacking(order.status))?.status ?? 'cancelled';
  return {
    code: status,
    description: `Partner Center reports at least one order of this cart as ${status}.`,
    remedy: 'Look at the order in Partner Center. If the customer still wants it, create a new cart.',
    at: record.updatedAt,
  };
}

/** Whether the cart of a job may be changed and sent once more, after an offer in it was gone. Pure. */

import type { Times } from '../times.ts';
import { contentOf, groupsWithoutOrder } from './apply-result.ts';
import { listLagEnd } from './deadlines.ts';
import type { Evidence } from './reconcile-rules.ts';

/**
 * The cart may be repaired: its checkout was refused for a gone availability, and evidence allows another send. Undefined: not yet, or
 * never. Stricter than a repeat of the same content: an order of the old content must not be missed.
 */
export function mayRepair(
  { record, cart, groups = [], unowned }: Evidence,
  now: number,
  times: Times,
): 'now' | 'later' | 'never' {
  if (record.repeatAllowed === true) return 'now';
  // guard: Repair: nothing is changed before the order list has caught up
  if (now < listLagEnd(record, times)) return 'later';
  const mayBeOurs =
    unowned.length > 0 && groupsWithoutOrder(groups, unowned.map(contentOf)).length < groups.length;
  // guard: Repair: a cart of which something may be bought is left alone
  if (cart !== 'active' || record.orders.length > 0 || mayBeOurs) return 'never';
  return 'now';
}

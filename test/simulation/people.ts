import { decisionCopy } from '../../src/checkout/copies.ts';
import type { Decision } from '../../src/checkout/delivery.ts';
import type { Ledger } from '../../src/checkout/ledger.ts';
import type { CheckoutRecord } from '../../src/checkout/record.ts';
import type { StoredRow } from '../../src/storage/table.ts';
import type { CartTruth } from './truth.ts';
import type { World } from './world.ts';

/** Of the open rows, those whose jobs somebody may still retry. The others have a message, or are settled. */
const canRetry = ['failed', 'partial'];
const lookEvery = 25 * 60_000;

export interface People {
  /** Somebody is about to send a decision, or will be when they look next. */
  areBusy(): boolean;
}

/** People who look at the attention table now and then, and act on what they see. They know Partner Center's own books. */
export function startPeople(world: World, ledger: Ledger): People {
  const { timeline, random, setup, truth } = world;
  const people = random.fork();
  let retriesLeft = setup.people.retries;
  let sending = 0;

  const look = async (): Promise<void> => {
    for (const row of world.tables.attention.all()) {
      const key = openCart(row);
      // A record that cannot be read is mended by hand.
      if (key === undefined || !truth.carts.has(key.cartId)) continue;
      const found = await ledger.read(key);
      const cart = truth.carts.get(key.cartId);
      if (found === undefined || cart === undefined) continue;
      const decided = decide(found.value, cart);
      if (decided !== undefined) act(found.value, { ...decided, seen: found.value.state });
    }
    for (const cart of truth.carts.values()) await tire(cart);
    timeline.at(timeline.now() + lookEvery, () => void look());
  };
  timeline.at(timeline.now() + lookEvery, () => void look());

  function decide(
    record: CheckoutRecord,
    cart: CartTruth,
  ): Pick<Decision, 'decision' | 'orderIds'> | undefined {
    if (record.state === 'unresolved' && record.asked?.kind === 'needs-decision') {
      // Somebody who sees that Partner Center is still at it waits.
      if (cart.busyUntil > timeline.now()) return undefined;
      const orderIds = cart.orders.map(({ id }) => id);
      if (orderIds.length > 0 && people.happens(setup.people.rash(record.cartId))) {
        world.watch.abandoned.add(record.cartId);
        return { decision: 'give-up', orderIds: [] };
      }
      if (orderIds.length > 0 && people.happens(setup.people.wrong)) {
        // It is not sent again, so the wrong word ends it.
        if (
          record.repeated?.as === 'refused' ||
          record.job.notAfter !== undefined ||
          record.batches.length > 0
        )
          world.watch.abandoned.add(record.cartId);
        return { decision: 'not-bought', orderIds: [] };
      }
      if (orderIds.length > 0) return { decision: 'orders', orderIds };
      if (cart.plan.refused !== undefined || timeline.now() >= cart.goneAt)
        return { decision: 'give-up', orderIds: [] };
      return { decision: 'not-bought', orderIds: [] };
    }
    if ((record.state === 'failed' || record.state === 'partial') && retriesLeft > 0) {
      retriesLeft -= 1;
      return { decision: 'retry', orderIds: [] };
    }
    return undefined;
  }

  /** The message of a job without a record is its producer's own. */
  async function tire({ plan }: CartTruth): Promise<void> {
    if (!people.happens(setup.people.weary)) return;
    const { customerId, id: cartId } = plan;
    const found = await ledger.read({ customerId, cartId });
    const giveUp = { decision: 'give-up', orderIds: [] } as const;
    if (found?.value.state === 'waiting') act(found.value, { ...giveUp, seen: 'waiting' });
    const sent = setup.sends.find((send) => send.cartId === cartId);
    if (found !== undefined || sent === undefined) return;
    const body = JSON.stringify({ customerId, cartId });
    act({ cartId, body, ticket: 0, firstEnqueued: timeline.now() }, { ...giveUp, seen: 'nothing' });
  }

  function act(
    record: Pick<CheckoutRecord, 'cartId' | 'body' | 'ticket' | 'firstEnqueued'>,
    decided: Omit<Decision, 'who'>,
  ): void {
    const send = (who: string, after: number) => {
      const decision: Decision = { ...decided, who };
      const copy = decisionCopy(record, decision, people);
      sending += 1;
      timeline.at(timeline.now() + after, () => {
        sending -= 1;
        world.trace(who, `${decided.decision} for ${record.cartId}, ticket ${record.ticket + 1}`);
        world.broker.send(copy, timeline.now());
      });
    };
    send('ann', people.between(0, 20_000));
    if (people.happens(setup.people.twice)) send('ben', people.between(0, 400_000));
  }

  return {
    areBusy: () =>
      sending > 0 ||
      (retriesLeft > 0 &&
        world.tables.attention
          .all()
          .some((row) => openCart(row) !== undefined && canRetry.includes(String(row.properties['kind'])))),
  };
}

function openCart(row: StoredRow): { customerId: string; cartId: string } | undefined {
  if (row.partition !== 'cart' || row.properties['open'] !== true) return undefined;
  const [customerId, cartId] = row.key.split(':');
  return customerId === undefined || cartId === undefined ? undefined : { customerId, cartId };
}

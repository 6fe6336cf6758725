import { CredentialFailure, cachedTokens, type Token } from '../../src/adapters/partner-auth/token-source.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import type { Completed } from '../../src/checkout/run.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { readJobEntryKey } from '../../src/domain/schedule-entry.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';
import { oneWorker } from '../support/one-worker.ts';
import { leapingClock } from '../support/virtual-clock.ts';
import type { Fleet, Instance } from './fleet.ts';

export const guid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export interface Called {
  readonly what: string;
  readonly customerId: string;
  readonly at: number;
}

interface Options {
  /** One question to the authority. */
  readonly fetchToken?: () => Promise<Token>;
  /** What a call gets instead of an order that is completed. */
  readonly answer?: (call: Called, nth: number) => Exchange | undefined;
}

/** Jobs over the gates of a fleet, in virtual time; Partner Center asks for a token and for the fence as the real client does. */
export function jobBed({ clock }: Fleet, options: Options = {}) {
  const calls: Called[] = [];
  const { fetchToken = async () => ({ token: 'one', expiresAt: clock.now() + 3_600_000 }) } = options;
  const tokens = cachedTokens({ clock, fetchToken, telemetry: { event: () => {}, warn: () => {} } });

  async function send(
    what: string,
    customerId: string,
    { renewToken, mayLeave }: SendOptions,
    body: unknown,
  ): Promise<Exchange> {
    try {
      await tokens.token({ renew: renewToken === true });
    } catch (error) {
      if (!(error instanceof CredentialFailure)) throw error;
      return { kind: 'no-answer', executed: 'no', credential: true, failure: error.message, ms: 0 };
    }
    if (mayLeave?.() === false)
      return { kind: 'no-answer', executed: 'no', stale: true, failure: 'stale', ms: 0 };
    const call = { what, customerId, at: clock.now() };
    calls.push(call);
    await clock.sleep(300);
    return (
      options.answer?.(call, calls.length) ?? {
        kind: 'answer',
        status: 200,
        body: JSON.stringify(body),
        ms: 300,
      }
    );
  }
  const orderOf = (id: string) => ({
    id,
    status: 'completed',
    billingCycle: 'monthly',
    lineItems: [{ lineItemNumber: 0, offerId: 'offer-a', quantity: 1, termDuration: 'P1Y' }],
  });
  const partnerCenter: PartnerCenter = {
    checkout: (customerId, cartId, asked) =>
      send('checkout', customerId, asked, { orders: [orderOf(`order-${cartId}`)] }),
    cart: (customerId, cartId, asked) =>
      send('cart', customerId, asked, { id: cartId, status: 'Active', lineItems: [] }),
    order: (customerId, orderId, asked) => send('order', customerId, asked, orderOf(orderId)),
    orders: (customerId, asked) => send('orders', customerId, asked, { totalCount: 0, items: [] }),
  };
  const worker = oneWorker(partnerCenter, leapingClock(0), {
    clock,
    tokens,
  });

  /** When the jobs that wait are woken, by their entries. */
  const waiting = (): readonly number[] =>
    worker.tables.schedule
      .all()
      .filter(({ key }) => readJobEntryKey(key) !== undefined)
      .map(({ properties }) => Number(properties['dueAt']));

  /** One delivery of a job of its own cart. */
  function run(on: Pick<Instance, 'gate' | 'clock'>, n: number, customer = n): Promise<Completed> {
    const body = Buffer.from(JSON.stringify({ customerId: guid(customer), cartId: guid(n) }));
    return handleDelivery(
      { ...worker.deps, gate: on.gate, clock: on.clock },
      {
        messageId: `${n}`,
        body,
        properties: {},
        queue: 'standard',
        sequenceNumber: `${n}`,
        deliveryCount: 1,
        enqueuedAt: clock.now(),
      },
    );
  }

  return { ...worker, calls, waiting, run };
}

import { findRoute, respond } from '../../local/partner-center/api.ts';
import { createCarts } from '../../local/partner-center/bulk.ts';
import type { Call } from '../../local/partner-center/calls.ts';
import { makeWorld } from '../../local/partner-center/world.ts';
import { cartBody } from '../../src/adapters/partner-center/cart-body.ts';
import { offerCache } from '../../src/checkout/offer-cache.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import type { CallReport } from '../../src/domain/gate/permit.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { CartApi } from '../../src/ports/cart-api.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';
import { oneWorker, openGate } from '../support/one-worker.ts';
import { leapingClock } from '../support/virtual-clock.ts';
import { customerId } from './lines.ts';

/** What befalls a request: its answer is lost, or its worker dies before it leaves or after its answer. */
export type Blow = 'lost' | 'dies-before' | 'dies-after';

/** One worker over the sandbox's own rules, in virtual time: whole lives of orders, without a port. */
export function linesBed(
  options: { readonly start?: number; readonly onReport?: (report: CallReport) => void } = {},
) {
  const clock = leapingClock(options.start ?? Date.UTC(2026, 10, 30, 1));
  const world = makeWorld(clock, 'lines', 1, {
    tenantId: 'tenant',
    clientId: 'client',
    clientSecret: 'secret',
    refreshToken: 'refresh',
  });
  world.set({ listLag: [0, 60_000] });
  const blows: { readonly what: string; readonly blow: Blow }[] = [];
  const hooks = new Map<string, () => void>();
  const bodies = new Map<string, string>();
  let die: () => void = () => {};

  async function ask(
    what: string,
    method: string,
    path: string,
    body: string,
    { ids, mayLeave }: SendOptions,
  ): Promise<Exchange> {
    const index = blows.findIndex((one) => one.what === what);
    const blow = index < 0 ? undefined : blows.splice(index, 1)[0]?.blow;
    if (blow === 'dies-before') return dead();
    if (mayLeave?.() === false)
      return { kind: 'no-answer', executed: 'no', stale: true, failure: 'held back', ms: 0 };
    hooks.get(what)?.();
    const call: Call = {
      number: world.calls.length,
      arrivedAt: clock.now(),
      method,
      path,
      requestId: ids.requestId ?? ids.correlationId,
      correlationId: ids.correlationId,
      effect: 'none',
      throttled: false,
    };
    const route = findRoute(method, path);
    if (route !== undefined) call.operation = route.operation;
    world.calls.push(call);
    const now = clock.now();
    const token = world.tokens.issue({
      aud: 'https://api.partnercenter.microsoft.com',
      appid: 'client',
      idtyp: 'app',
      issuedAt: now,
      expiresAt: now + 3_600_000,
    });
    const { reply } = await respond(
      world,
      { headers: { authorization: `Bearer ${token}` } },
      route,
      body,
      call,
    );
    if (blow === 'dies-after') return dead();
    if (blow === 'lost' || reply === 'dropped')
      return {
        kind: 'no-answer',
        executed: 'unknown',
        failure: 'the answer was lost',
        ms: clock.now() - now,
      };
    call.status = reply.http;
    return {
      kind: 'answer',
      status: reply.http,
      body: bodies.get(what) ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)),
      ms: clock.now() - now,
    };
  }

  function dead(): Promise<never> {
    die();
    return new Promise(() => {});
  }

  const of = (id: string): string => `/v1/customers/${id}`;
  const cartApi: CartApi = {
    availabilities: (id, product, sku, send) =>
      ask('availabilities', 'GET', `${of(id)}/products/${product}/skus/${sku}/availabilities`, '', send),
    createCart: (id, content, send) => ask('create-cart', 'POST', `${of(id)}/carts`, cartBody(content), send),
    subscriptions: ({ customerId: id, orderId }, send) =>
      ask(
        'subscriptions',
        'GET',
        `${of(id)}/subscriptions${orderId === undefined ? '' : `?order_id=${orderId}`}`,
        '',
        send,
      ),
    putCart: (id, cartId, content, send) =>
      ask('put-cart', 'PUT', `${of(id)}/carts/${cartId}`, cartBody(content), send),
  };
  const partnerCenter: PartnerCenter = {
    checkout: (id, cartId, send) => ask('checkout', 'POST', `${of(id)}/carts/${cartId}/checkout`, '', send),
    cart: (id, cartId, send) => ask('cart', 'GET', `${of(id)}/carts/${cartId}`, '', send),
    order: (id, orderId, send) => ask('order', 'GET', `${of(id)}/orders/${orderId}`, '', send),
    orders: (id, send) => ask('orders', 'GET', `${of(id)}/orders`, '', send),
  };
  const open = openGate(clock);
  const gate: Gate = {
    ...open,
    report: (report) => {
      options.onReport?.(report);
      return open.report(report);
    },
  };
  const worker = oneWorker(partnerCenter, clock, { cartApi, offers: offerCache(clock), gate });

  return {
    world,
    cartApi,
    worker,
    clock,
    /** The next request of this kind meets this. */
    strike: (what: string, blow: Blow): void => void blows.push({ what, blow }),
    /** Runs whenever such a request reaches Partner Center. */
    on: (what: string, action: () => void): void => void hooks.set(what, action),
    /** The body of every answer to such a request, whatever Partner Center says. */
    answer: (what: string, body: string): void => void bodies.set(what, body),
    /** A cart that its producer made. */
    addCart: (cartId: string, items: readonly string[]): void =>
      void createCarts(world, {
        carts: [
          {
            customerId,
            cartId,
            lineItems: items.map((catalogItemId) => ({ catalogItemId, quantity: 1 })),
          },
        ],
      }),
    /** Deliveries and ticks until nothing is left to do, workers that die included. */
    async settle(most = 120): Promise<void> {
      for (let count = 0; count < most; count += 1) {
        const died = new Promise<true>((resolve) => {
          die = () => resolve(true);
        });
        if (!(await Promise.race([worker.step(), died]))) return;
      }
    },
    async record(externalOrderId: string): Promise<CheckoutRecord> {
      const found = await worker.stores.ledger.read(jobKeyOf({ customerId, externalOrderId }));
      if (found === undefined) throw new Error(`order ${externalOrderId} has no record`);
      return found.value;
    },
    count: (operation: string): number => world.calls.filter((call) => call.operation === operation).length,
    /** What Partner Center sold, line by line. */
    sold: (): readonly string[] =>
      [...world.orders.all()].flatMap(({ lines }) =>
        lines.map(({ line }) => `${line.quantity} × ${line.catalogItemId.split(':').slice(0, 2).join(':')}`),
      ),
    rejected: () => worker.tables.attention.all().filter(({ partition }) => partition === 'rejected'),
  };
}

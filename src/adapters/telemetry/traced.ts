/** Wraps the ports of a worker, so that each of their requests is a span. The composition root puts it around the adapters. */

import type { Exchange } from '../../domain/answer/exchange.ts';
import type { Call } from '../../domain/checkout/record.ts';
import type { CartApi } from '../../ports/cart-api.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';
import type { Gate } from '../../ports/gate.ts';
import type { PartnerCenter, SendOptions } from '../../ports/partner-center.ts';
import type { ChangeResult, Refusal, Table, TransactionResult } from '../../ports/table.ts';
import type { Tracing } from '../../ports/tracing.ts';

/**
 * Each request a span and two numbers; ids and outcome as the ledger's history has them. The method makes the exporter write status
 * and target into the row. Without a method it drops both. Source: azure-monitor-opentelemetry-exporter, spanUtils.
 */
function callWatcher(tracing: Tracing) {
  return (what: Call['what'], { ids }: SendOptions, send: () => Promise<Exchange>): Promise<Exchange> => {
    const name = `Partner Center ${what}`;
    return tracing.span(
      name,
      {
        kind: 'client',
        fields: {
          'http.request.method': methods[what],
          'peer.service': 'Partner Center',
          'checkout.correlation_id': ids.correlationId,
          'checkout.request_id': ids.requestId,
        },
      },
      async (span) => {
        const exchange = await send();
        const outcome = classOf(exchange);
        if (outcome === 'held-back') {
          // Nothing left: it must not look like a call, and least of all like a purchase.
          span.rename(`held back: ${name}`);
        } else {
          tracing.measure('checkout.calls', 1, { what, class: outcome });
          tracing.measure('checkout.call.duration', exchange.ms / 1_000, { what });
        }
        span.set({
          'checkout.class': outcome,
          'http.response.status_code': exchange.kind === 'answer' ? exchange.status : outcome,
          'checkout.cv': exchange.kind === 'answer' ? exchange.cv : undefined,
        });
        if (exchange.kind === 'no-answer') span.fail(exchange.failure);
        else if (exchange.status >= 400) span.fail(`HTTP ${exchange.status}`);
        return exchange;
      },
    );
  };
}

const methods: Readonly<Record<Call['what'], 'GET' | 'POST' | 'PUT'>> = {
  checkout: 'POST',
  cart: 'GET',
  order: 'GET',
  orders: 'GET',
  availabilities: 'GET',
  'create-cart': 'POST',
  'put-cart': 'PUT',
  subscriptions: 'GET',
};

export function tracedPartnerCenter(partnerCenter: PartnerCenter, tracing: Tracing): PartnerCenter {
  const watch = callWatcher(tracing);
  return {
    checkout: (customerId, cartId, options) =>
      watch('checkout', options, () => partnerCenter.checkout(customerId, cartId, options)),
    cart: (customerId, cartId, options) =>
      watch('cart', options, () => partnerCenter.cart(customerId, cartId, options)),
    order: (customerId, orderId, options) =>
      watch('order', options, () => partnerCenter.order(customerId, orderId, options)),
    orders: (customerId, options) =>
      watch('orders', options, () => partnerCenter.orders(customerId, options)),
  };
}

export function tracedCartApi(cartApi: CartApi, tracing: Tracing): CartApi {
  const watch = callWatcher(tracing);
  return {
    availabilities: (customerId, product, sku, options) =>
      watch('availabilities', options, () => cartApi.availabilities(customerId, product, sku, options)),
    createCart: (customerId, content, options) =>
      watch('create-cart', options, () => cartApi.createCart(customerId, content, options)),
    subscriptions: (of, options) => watch('subscriptions', options, () => cartApi.subscriptions(of, options)),
    putCart: (customerId, cartId, content, options) =>
      watch('put-cart', options, () => cartApi.putCart(customerId, cartId, content, options)),
  };
}

/** How a call ended. `no-token` and `held-back`: no request left; `none`: no answer came, so its effect is unknown. */
export const callClasses = [
  'ok',
  'throttled',
  'auth',
  'refused',
  'failed',
  'none',
  'no-token',
  'held-back',
] as const;
export type CallClass = (typeof callClasses)[number];

export function classOf(exchange: Exchange): CallClass {
  if (exchange.kind === 'no-answer') {
    // Held back, because its permit or claim had gone stale.
    if (exchange.stale === true) return 'held-back';
    return exchange.credential === true ? 'no-token' : 'none';
  }
  const { status } = exchange;
  if (status < 300) return 'ok';
  if (status === 429) return 'throttled';
  if (status === 401) return 'auth';
  return status < 500 ? 'refused' : 'failed';
}

/** What the Table service answers, where the port has only words for it. Source: Table service REST, status and error codes. */
const refusedStatus = { exists: 409, changed: 412, missing: 404 } as const satisfies Record<Refusal, number>;
const changeMethod = { insert: 'POST', replace: 'PUT', merge: 'PATCH', remove: 'DELETE' } as const;

/** Names table storage in spans. */
export const storageTarget = 'Table storage';

/** Each request to a table a span. `withoutQuickStorage` sends on only those that tell something. */
export function tracedTable(table: Table, name: string, tracing: Tracing): Table {
  const watch = <T>(
    what: string,
    method: string,
    statusOf: (result: T) => number,
    work: () => Promise<T>,
  ): Promise<T> =>
    tracing.span(
      `${name} ${what}`,
      { kind: 'client', fields: { 'http.request.method': method, 'peer.service': storageTarget } },
      async (span) => {
        try {
          const result = await work();
          const status = statusOf(result);
          span.set({
            'http.response.status_code': status,
            'checkout.class': status < 300 ? 'ok' : 'refused',
          });
          return result;
        } catch (error) {
          span.set({ 'http.response.status_code': 'failed', 'checkout.class': 'failed' });
          throw error;
        }
      },
    );
  const changed = (done: number) => (result: ChangeResult | TransactionResult) =>
    result.kind === 'done' ? done : refusedStatus[result.refusal];
  return {
    get: (partition, key) =>
      watch(
        'get',
        'GET',
        (row) => (row === undefined ? 404 : 200),
        () => table.get(partition, key),
      ),
    change: (change) =>
      watch(change.kind, changeMethod[change.kind], changed(204), () => table.change(change)),
    transact: (changes) => watch('transaction', 'POST', changed(202), () => table.transact(changes)),
    // Read page by page, between other work: a span around it would tell nothing.
    rows: (query) => table.rows(query),
  };
}

/** How long callers wait for their permits. */
export function tracedGate(gate: Gate, tracing: Tracing, clock: Clock): Gate {
  return {
    ...gate,
    async take(...asked) {
      const started = clock.now();
      const taken = await gate.take(...asked);
      tracing.measure('checkout.gate.wait', (clock.now() - started) / 1_000, { lane: asked[0] });
      return taken;
    },
  };
}

/** AMQP has no status code: `messaging.outcome` says whether the service accepted what was sent. */
function watchSend<T>(name: string, tracing: Tracing, send: () => Promise<T>): Promise<T> {
  return tracing.span(
    name,
    {
      kind: 'client',
      // The exporter knows a target for HTTP, RPC and databases alone, and takes this word as the type of the row.
      fields: { 'db.system.name': 'Azure Service Bus', 'peer.service': 'Service Bus' },
    },
    async (span) => {
      try {
        const sent = await send();
        span.set({ 'messaging.outcome': 'accepted', 'checkout.class': 'ok' });
        return sent;
      } catch (error) {
        span.set({ 'messaging.outcome': 'failed', 'checkout.class': 'failed' });
        throw error;
      }
    },
  );
}

export const tracedQueue = (queue: CheckoutQueue, tracing: Tracing): CheckoutQueue => ({
  send: (...asked) => watchSend('queue send', tracing, () => queue.send(...asked)),
});

export const tracedEvents = (events: Events, tracing: Tracing): Events => ({
  publish: (published) => watchSend('events send', tracing, () => events.publish(published)),
});

import type { Exchange } from '../../domain/answer/exchange.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';
import type { Gate } from '../../ports/gate.ts';
import type { PartnerCenter, SendOptions } from '../../ports/partner-center.ts';
import type { Table } from '../../ports/table.ts';
import type { Tracing } from '../../ports/tracing.ts';

/** Each request a span and two numbers; ids and outcome as the ledger's history has them. */
export function tracedPartnerCenter(partnerCenter: PartnerCenter, tracing: Tracing): PartnerCenter {
  const watch = (
    what: 'checkout' | 'cart' | 'order' | 'orders',
    { ids }: SendOptions,
    send: () => Promise<Exchange>,
  ) =>
    tracing.span(
      `Partner Center ${what}`,
      {
        kind: 'client',
        fields: {
          'peer.service': 'Partner Center',
          'checkout.correlation_id': ids.correlationId,
          'checkout.request_id': ids.requestId,
        },
      },
      async (span) => {
        const exchange = await send();
        // Held back, because its permit or claim had gone stale: no call was made.
        if (exchange.kind === 'no-answer' && exchange.stale === true) return exchange;
        const outcome = classOf(exchange);
        tracing.measure('checkout.calls', 1, { what, class: outcome });
        tracing.measure('checkout.call.duration', exchange.ms / 1_000, { what });
        span.set({
          'checkout.class': outcome,
          'http.response.status_code': exchange.kind === 'answer' ? exchange.status : undefined,
          'checkout.cv': exchange.kind === 'answer' ? exchange.cv : undefined,
        });
        if (exchange.kind === 'no-answer') span.fail(exchange.failure);
        else if (exchange.status >= 400) span.fail(`HTTP ${exchange.status}`);
        return exchange;
      },
    );
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

export function classOf(exchange: Exchange): string {
  if (exchange.kind === 'no-answer') return exchange.credential === true ? 'auth' : 'none';
  const { status } = exchange;
  if (status < 300) return 'ok';
  if (status === 429) return 'throttled';
  if (status === 401) return 'auth';
  return status < 500 ? 'refused' : 'failed';
}

/** Each request to a table a span. */
export function tracedTable(table: Table, name: string, tracing: Tracing): Table {
  const watch = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    tracing.span(`${name} ${what}`, { kind: 'client', fields: { 'peer.service': 'Table storage' } }, work);
  return {
    get: (partition, key) => watch('get', () => table.get(partition, key)),
    change: (change) => watch(change.kind, () => table.change(change)),
    transact: (changes) => watch('transaction', () => table.transact(changes)),
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

export const tracedQueue = (queue: CheckoutQueue, tracing: Tracing): CheckoutQueue => ({
  send: (...asked) =>
    tracing.span(
      'queue send',
      { kind: 'client', fields: { 'messaging.system': 'servicebus', 'peer.service': 'Service Bus' } },
      () => queue.send(...asked),
    ),
});

export const tracedEvents = (events: Events, tracing: Tracing): Events => ({
  publish: (published) =>
    tracing.span(
      'events send',
      { kind: 'client', fields: { 'messaging.system': 'servicebus', 'peer.service': 'Service Bus' } },
      () => events.publish(published),
    ),
});

/** What Microsoft's support needs to know about a job, and nothing secret. */
import type { Call, CheckoutRecord } from '../../domain/checkout/record.ts';
import { callsOf } from './story.ts';

/** The last calls are those that support asks about. */
const shown = 20;

/** What Microsoft support needs to find the calls of a job in its own logs. Ids, times and codes alone: nothing secret. */
export function supportText(record: CheckoutRecord): string {
  const { customerId, cartId, orders, reason } = record;
  const calls = callsOf(record);
  const deciding = calls.find((call) => call.correlationId === reason?.correlationId);
  const last = calls.filter((call) => call !== deciding).slice(-shown);
  return [
    'Partner Center API: checkout of a cart',
    `Customer tenant id: ${customerId}`,
    `Cart id: ${cartId}`,
    `Order ids: ${orders.length === 0 ? 'none known' : orders.map(({ id, status }) => `${id} (${status})`).join(', ')}`,
    ...(reason === undefined
      ? []
      : [`Problem: ${reason.status ?? 'no answer'} ${reason.code}: ${reason.description}`]),
    ...(deciding === undefined ? [] : ['', 'The call that decided', ...callText(deciding)]),
    ...(last.length === 0 ? [] : ['', `Calls (${last.length} of ${record.history.total}, UTC)`]),
    ...last.flatMap(callText),
    '',
  ].join('\n');
}

function callText({ what, at, correlationId, requestId, end }: Call): readonly string[] {
  const status = end?.status === undefined ? (end?.failure ?? 'no answer') : String(end.status);
  return [
    `- ${new Date(at).toISOString()} ${method[what]}`,
    `  MS-CorrelationId: ${correlationId}`,
    ...(requestId === undefined ? [] : [`  MS-RequestId: ${requestId}`]),
    ...(end?.cv === undefined ? [] : [`  MS-CV: ${end.cv}`]),
    ...(end?.serverId === undefined ? [] : [`  Server: ${end.serverId}`]),
    `  Status: ${status}${end?.code === undefined ? '' : `, code ${end.code}`}${end === undefined ? '' : `, ${Math.round(end.ms)} ms`}`,
  ];
}

const method: Readonly<Record<Call['what'], string>> = {
  checkout: 'POST /v1/customers/{customer}/carts/{cart}/checkout',
  cart: 'GET /v1/customers/{customer}/carts/{cart}',
  orders: 'GET /v1/customers/{customer}/orders',
  order: 'GET /v1/customers/{customer}/orders/{order}',
  availabilities: 'GET /v1/customers/{customer}/products/{product}/skus/{sku}/availabilities',
  'create-cart': 'POST /v1/customers/{customer}/carts',
  'put-cart': 'PUT /v1/customers/{customer}/carts/{cart}',
  subscriptions: 'GET /v1/customers/{customer}/subscriptions?order_id={order}',
};

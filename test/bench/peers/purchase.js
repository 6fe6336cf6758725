// What every peer does for a job: the calls of a plain client, as a quickstart has them.
const { PARTNER_CENTER_API, TOKEN } = process.env;

/** Partner Center answered 429. */
export class Throttled extends Error {
  constructor(retryAfterMs) {
    super(`Partner Center asks to wait ${retryAfterMs} ms.`);
    this.retryAfterMs = retryAfterMs;
  }
}

async function post(path, body) {
  const answer = await fetch(`${PARTNER_CENTER_API}/v1/customers/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status === 429) throw new Throttled(Number(answer.headers.get('retry-after')) * 1_000);
  if (!answer.ok) throw new Error(`Partner Center answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

const lineItem = ({ product, sku, availability, quantity, term, billing }, id) => ({
  id,
  catalogItemId: `${product}:${sku}:${availability}`,
  quantity,
  billingCycle: billing,
  termDuration: term,
});

/** Makes the cart of a job that carries lines, checks the cart out, and gives back the ids of its orders. */
export async function purchase({ customerId, cartId, lines }) {
  const cart = cartId ?? (await post(`${customerId}/carts`, { lineItems: lines.map(lineItem) })).id;
  const { orders } = await post(`${customerId}/carts/${cart}/checkout`, {});
  return orders.map(({ id }) => id);
}

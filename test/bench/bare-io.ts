/**
 * The requests of the worker's happy job, with the same clients and rows, and nothing that decides, guards or remembers anything:
 * insert, POST, one transaction, one send for two events; and the gate's share of the storage.
 */
import { TableClient, type TableEntity } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import * as z from 'zod/mini';

const job = z.object({ customerId: z.string(), cartId: z.string() });

/** What both ends of it are told by the environment. */
export const bareEnv = z.object({
  ServiceBusConnection: z.string(),
  CHECKOUT_QUEUE: z.string(),
  EVENTS_TOPIC: z.string(),
  TablesConnection: z.string(),
  PARTNER_CENTER_API: z.string(),
  BARE_TOKEN: z.string(),
  BARE_CONCURRENCY: z.coerce.number(),
  /** One gate request for so many jobs. */
  BARE_JOBS_PER_PERMIT_BATCH: z.coerce.number(),
});
type Env = z.infer<typeof bareEnv>;

export interface BareIo {
  readonly bus: ServiceBusClient;
  /** All but receive and complete. */
  handle(body: Uint8Array): Promise<void>;
}

export async function bareIo(env: Env): Promise<BareIo> {
  const table = (name: string) =>
    TableClient.fromConnectionString(env.TablesConnection, name, { allowInsecureConnection: true });
  const checkouts = table('Checkouts');
  const gate = table('Gate');
  const bus = new ServiceBusClient(env.ServiceBusConnection);
  const events = bus.createSender(env.EVENTS_TOPIC);
  const rows = await templates(checkouts);
  let done = 0;

  async function handle(body: Uint8Array): Promise<void> {
    const { customerId, cartId } = job.parse(JSON.parse(Buffer.from(body).toString()));
    done += 1;
    if (done % env.BARE_JOBS_PER_PERMIT_BATCH < 1)
      await gate.upsertEntity({ partitionKey: 'gate', rowKey: 'bare', done }, 'Replace');
    const cart = { ...rows.cart, partitionKey: customerId, rowKey: `cart:${cartId}` };
    const { etag = '*' } = await checkouts.createEntity(cart);
    const answer = await fetch(
      `${env.PARTNER_CENTER_API}/v1/customers/${customerId}/carts/${cartId}/checkout`,
      { method: 'POST', headers: { authorization: `Bearer ${env.BARE_TOKEN}` } },
    );
    const result = await answer.text();
    await checkouts.submitTransaction([
      ['update', cart, 'Replace', { etag }],
      ['create', { ...rows.order, partitionKey: customerId, rowKey: `order:${cartId}` }],
    ]);
    const batch = await events.createMessageBatch();
    for (const type of ['checkout.ordered', 'checkout.completed'])
      batch.tryAddMessage({ messageId: `${type}:${cartId}`, body: eventBody(type, cartId, result) });
    await events.sendMessages(batch);
  }
  return { bus, handle };
}

/** Rows as the worker wrote them for its own jobs. */
async function templates(checkouts: TableClient): Promise<{ cart: TableEntity; order: TableEntity }> {
  let cart: TableEntity | undefined;
  let order: TableEntity | undefined;
  for await (const entity of checkouts.listEntities<TableEntity>()) {
    const { odata: _, etag: __, timestamp: ___, ...rest } = entity as TableEntity & Record<string, unknown>;
    if (rest.rowKey.startsWith('cart:')) cart = rest;
    else order = rest;
    if (cart !== undefined && order !== undefined) return { cart, order };
  }
  throw new Error('The table Checkouts holds no cart with an order to take as a sample.');
}

/** As long as the worker's. */
const eventBody = (type: string, cartId: string, result: string): Buffer =>
  Buffer.from(JSON.stringify({ type, data: { cartId, filler: result.slice(0, 500) } }));

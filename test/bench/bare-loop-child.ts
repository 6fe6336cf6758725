/**
 * The floor: receive, insert, POST, one transaction, one send for two events, complete. The same requests with the same
 * clients and rows as the worker's happy job, and nothing that decides, guards or remembers anything.
 */
import { TableClient, type TableEntity } from '@azure/data-tables';
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import * as z from 'zod/mini';

const env = z
  .object({
    ServiceBusConnection: z.string(),
    CHECKOUT_QUEUE: z.string(),
    EVENTS_TOPIC: z.string(),
    TablesConnection: z.string(),
    PARTNER_CENTER_API: z.string(),
    BARE_TOKEN: z.string(),
    BARE_CONCURRENCY: z.coerce.number(),
    /** One gate request for so many jobs. */
    BARE_JOBS_PER_LOT: z.coerce.number(),
  })
  .parse(process.env);

const table = (name: string) =>
  TableClient.fromConnectionString(env.TablesConnection, name, { allowInsecureConnection: true });
const checkouts = table('Checkouts');
const gate = table('Gate');
const bus = new ServiceBusClient(env.ServiceBusConnection);
const events = bus.createSender(env.EVENTS_TOPIC);
const receiver = bus.createReceiver(env.CHECKOUT_QUEUE, {
  skipParsingBodyAsJson: true,
  maxAutoLockRenewalDurationInMs: 0,
});

const job = z.object({ customerId: z.string(), cartId: z.string() });
const rows = await templates();
let done = 0;

/** Rows as the worker wrote them for its own jobs. */
async function templates(): Promise<{ cart: TableEntity; order: TableEntity }> {
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

async function handle(message: ServiceBusReceivedMessage): Promise<void> {
  const { customerId, cartId } = job.parse(JSON.parse(Buffer.from(message.body).toString()));
  done += 1;
  if (done % env.BARE_JOBS_PER_LOT === 0)
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
  await receiver.completeMessage(message);
}

/** As long as the worker's. */
const eventBody = (type: string, cartId: string, result: string): Buffer =>
  Buffer.from(JSON.stringify({ type, data: { cartId, filler: result.slice(0, 500) } }));

receiver.subscribe(
  {
    processMessage: handle,
    processError: async ({ error }) => {
      process.stderr.write(`${error.message}\n`);
    },
  },
  { autoCompleteMessages: false, maxConcurrentCalls: env.BARE_CONCURRENCY },
);
process.send?.('ready');
process.once('SIGTERM', () => {
  void bus.close().then(() => process.exit(0));
});

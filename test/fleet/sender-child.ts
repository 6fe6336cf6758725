/**
 * Whoever sends jobs: a process of its own that knows the stack by what `npm run dev` printed, and the official client.
 * Arguments: connection string, address of the sandbox's admin port, how many jobs.
 */
import { ServiceBusClient } from '@azure/service-bus';

const [connectionString = '', admin = '', count = ''] = process.argv.slice(2);
const response = await fetch(`${admin}/admin/carts`, {
  method: 'POST',
  body: JSON.stringify({ count: Number(count), customers: Math.ceil(Number(count) / 5) }),
});
const carts: unknown = await response.json();
if (!response.ok || !Array.isArray(carts)) throw new Error(`No carts: ${JSON.stringify(carts)}`);
const client = new ServiceBusClient(connectionString);
const sender = client.createSender('checkout-jobs');
for (let sent = 0; sent < carts.length; sent += 100)
  await sender.sendMessages(
    carts.slice(sent, sent + 100).map((cart) => ({ body: cart, contentType: 'application/json' })),
  );
await client.close();

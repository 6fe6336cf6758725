// The quickstart of Azure Functions for Service Bus (azd), with a row in a table for each job. Bundled, and run by the host.
import { TableClient } from '@azure/data-tables';
// biome-ignore lint/style/noRestrictedImports: This file is a function app of its own.
import { app } from '@azure/functions';
import { purchase } from './purchase.js';

const orders = TableClient.fromConnectionString(process.env.TablesConnection, 'Purchases', {
  allowInsecureConnection: true,
});
const made = orders.createTable();

app.serviceBusQueue('checkout', {
  connection: 'ServiceBusConnection',
  queueName: '%CHECKOUT_QUEUE%',
  handler: async (job, context) => {
    const bought = await purchase(job);
    await made;
    await orders.upsertEntity({
      partitionKey: job.customerId,
      rowKey: job.cartId ?? job.externalOrderId,
      orders: JSON.stringify(bought),
    });
    context.log(`Bought ${bought.join()}`);
  },
});

// TypeScript, Service Bus: npm install @azure/service-bus @azure/identity, then, with Node 24: node send-job.ts
// Signs in with your own identity (role "Azure Service Bus Data Sender" on the queue), or with a connection string.
import { DefaultAzureCredential } from '@azure/identity';
import { ServiceBusClient } from '@azure/service-bus';

const job = {
  customerId: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  cartId: '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c701',
  batchId: 'night-2026-11-24',
  notAfter: '2099-11-24T06:00:00Z',
};

const connection = process.env.SERVICEBUS_CONNECTION;
const client = connection
  ? new ServiceBusClient(connection)
  : new ServiceBusClient(process.env.SERVICEBUS_NAMESPACE ?? '', new DefaultAzureCredential());
try {
  await client.createSender('checkout-jobs').sendMessages({ body: job, contentType: 'application/json' });
  console.log(`sent ${job.cartId}`);
} finally {
  await client.close();
}

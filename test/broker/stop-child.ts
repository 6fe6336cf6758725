/** Starts and stops a broker and two clients, a connection cut by each side; then nothing must keep the process alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import { startBroker } from '../../local/service-bus/broker.ts';
import { configOf } from './config-of.ts';

const broker = await startBroker({ config: configOf({ queues: ['q', 'empty'] }) });
const [cut, closed] = [
  new ServiceBusClient(broker.connectionString),
  new ServiceBusClient(broker.connectionString),
];
const sender = closed.createSender('q');
await sender.sendMessages({ body: 1, timeToLive: 600_000 });
await sender.scheduleMessages({ body: 2 }, new Date(Date.now() + 600_000));
const [locked] = await cut.createReceiver('q').receiveMessages(1);
if (locked === undefined) throw new Error('no message came');
await closed.close();
// A client that has not noticed the cut waits a minute for the answer to its farewell.
const noticed = cut
  .createReceiver('empty')
  .receiveMessages(1)
  .catch(() => {});
const { links } = broker.operations;
while (broker.operations.links === links) await sleep(5);
broker.dropConnections();
await noticed;
await cut.close();
await broker.stop();

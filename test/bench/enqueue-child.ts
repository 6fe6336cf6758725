/**
 * In a process of its own, so that the broker's work is not ours: sends the list again and again, in turn by the client
 * alone and by our use case, and prints the messages a second of each round as JSON.
 * `node test/bench/enqueue-child.ts <connection string> <queue> <list> <rounds>`
 */
import { createReadStream, readFileSync } from 'node:fs';
import { ServiceBusClient } from '@azure/service-bus';
import { jobSender } from '../../src/adapters/service-bus/service-bus-job-sender.ts';
import { enqueue } from '../../src/operator/enqueue.ts';
import { checkList } from '../../src/operator/list/check-list.ts';
import { readList } from '../../src/operator/list/read-list.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { systemRandom } from '../../src/ports/random.ts';

const [connection = '', queue = '', file = '', rounds = '5'] = process.argv.slice(2);
const client = new ServiceBusClient(connection);
const sender = client.createSender(queue);
const bodies = readFileSync(file, 'utf8')
  .split('\n')
  .slice(1)
  .filter((line) => line !== '')
  .map((line) => {
    const [customerId, cartId, reference] = line.split(',');
    const body = { reference, customerId, cartId, batchId: 'bench-of-enqueue', batchSize: 10_000 };
    return Buffer.from(JSON.stringify(body));
  });

/** What the client's documentation shows: a batch is filled, then sent. */
async function bare(): Promise<void> {
  let batch = await sender.createMessageBatch();
  for (const body of bodies) {
    if (batch.tryAddMessage({ body })) continue;
    await sender.sendMessages(batch);
    batch = await sender.createMessageBatch();
    batch.tryAddMessage({ body });
  }
  await sender.sendMessages(batch);
}

/** The list is read and checked first, as the command does; `sendOnly` is without that. */
async function ours(): Promise<{ whole: number; sendOnly: number }> {
  const began = performance.now();
  const list = await checkList(readList(createReadStream(file)), {});
  const checked = performance.now();
  await enqueue(jobSender(sender, systemClock, systemRandom), {
    list,
    signal: new AbortController().signal,
    onSent: () => undefined,
  });
  const ended = performance.now();
  return { whole: ended - began, sendOnly: ended - checked };
}

const perSecond = (ms: number): number => Math.round(bodies.length / (ms / 1_000));
const results: { bare: number; sendOnly: number; whole: number }[] = [];
// The first round opens the link and warms both.
for (let round = 0; round <= Number(rounds); round += 1) {
  const began = performance.now();
  await bare();
  const bareMs = performance.now() - began;
  const { whole, sendOnly } = await ours();
  if (round > 0)
    results.push({ bare: perSecond(bareMs), sendOnly: perSecond(sendOnly), whole: perSecond(whole) });
}
await client.close();
process.stdout.write(`${JSON.stringify(results)}\n`);

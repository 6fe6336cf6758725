/** `npm run record`: runs a good and a bad night on the local stack, and writes their telemetry to `test/telemetry/recorded`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import { startApplicationInsights } from '../../local/azure/application-insights.ts';
import { startManagedIdentity } from '../../local/azure/managed-identity.ts';
import { buildDist } from '../../local/build.ts';
import type { CartRef, Sandbox, SwitchesInput } from '../../local/partner-center/sandbox.ts';
import { queueName, startStack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { cli } from '../support/cli.ts';
import { type RunName, runs, signatureNow, type Truth, writeRecording } from './recording.ts';
import { rowOf, type Stretch, stretched } from './rows.ts';

const factor = 30;
const root = join(import.meta.dirname, '../..');
/** What the rows tell: the first night of a month. */
const tellFrom = Date.UTC(2026, 9, 1, 20);

interface Sent {
  readonly cart: CartRef;
  readonly batchId?: string;
  readonly batchSize?: number;
  readonly notAfter?: string;
}

interface Night {
  readonly sandbox: Sandbox;
  /** Waits until so many minutes of the night are over, and notes what happens then. */
  at(minute: number, what: string): Promise<void>;
  send(jobs: readonly Sent[]): Promise<void>;
  sendText(bodies: readonly string[]): Promise<void>;
  command(...args: string[]): Promise<void>;
  startWorker(): Promise<void>;
  killWorker(): Promise<void>;
  /** Real time in so many minutes of the night. */
  inMinutes(minutes: number): number;
}

const minutes = (count: number): number => (count * 60_000) / factor;

const nights: Readonly<Record<RunName, { switches: SwitchesInput; run(night: Night): Promise<void> }>> = {
  good: {
    switches: { listLag: [0, 60_000] },
    async run({ sandbox, at, send, startWorker }) {
      await startWorker();
      await at(2, 'sent');
      const carts = sandbox.createCarts({ count: 120, customers: 6, baskets: ['licence', 'licences'] });
      await send(carts.map((cart) => ({ cart, batchId: 'night', batchSize: 120 })));
      await at(45, 'ended');
    },
  },
  bad: {
    switches: {
      listLag: [0, 60_000],
      pending: {
        licence: [5_000, 60_000],
        reservation: [100 * 60_000, 105 * 60_000],
        software: [60_000, 120_000],
        saas: [60_000, 120_000],
      },
    },
    async run({ sandbox, at, send, sendText, command, startWorker, killWorker, inMinutes }) {
      const carts = (count: number, basket: 'licence' | 'reservation' = 'licence') =>
        sandbox.createCarts({ count, customers: 4, baskets: [basket] });
      await startWorker();
      await at(2, 'sent');
      const slow = carts(4, 'reservation').map((cart) => ({ cart, batchId: 'slow', batchSize: 4 }));
      const night = carts(60).map((cart) => ({ cart, batchId: 'night', batchSize: 60 }));
      await send([...slow, ...night]);
      await at(10, 'storm begins');
      sandbox.set({ storm: { until: inMinutes(14), retryAfter: 4 } });
      await at(11, 'late sent');
      const notAfter = new Date(inMinutes(6)).toISOString();
      await send(carts(12).map((cart) => ({ cart, batchId: 'late', batchSize: 12, notAfter })));
      await at(24, 'storm ends');
      await at(45, 'refused sent');
      const refused = carts(6);
      sandbox.set({
        faults: [{ kind: 'error', http: 400, code: 800009, carts: refused.map(({ cartId }) => cartId) }],
      });
      await send(refused.map((cart) => ({ cart })));
      await at(55, 'tokens refused');
      sandbox.set({ tokenEndpoint: 'invalid-client', tokensValidFrom: Date.now() });
      await send(carts(5).map((cart) => ({ cart })));
      await at(69, 'tokens given');
      sandbox.set({ tokenEndpoint: 'ok', tokensValidFrom: 0 });
      await at(85, 'poison sent');
      await sendText(['', 'no json', '{}', '[]', '{"customerId":"x"}']);
      await at(95, 'late closed');
      await command('attention', 'close', '--code', 'too-late', '--yes');
      await at(105, 'refused closed');
      await command('attention', 'close', '--code', '800009', '--yes');
      await at(112, 'poison closed');
      await command('attention', 'close', '--kind', 'rejected', '--yes');
      await at(152, 'worker killed');
      await killWorker();
      await send(carts(8).map((cart) => ({ cart })));
      await at(182, 'worker started');
      await startWorker();
      await at(232, 'ended');
    },
  },
};

async function record(name: RunName, appRoot: string): Promise<void> {
  const { switches, run } = nights[name];
  const stack = await startStack({ factor, appRoot, switches, seed: `record ${name}` });
  const insights = await startApplicationInsights(stack.sandbox.pem);
  const identity = await startManagedIdentity((resource) => `token for ${resource}`);
  const client = new ServiceBusClient(stack.broker.connectionString);
  const sender = client.createSender(queueName);
  const sent = new Map<string, Sent>();
  const marks: Record<string, number> = {};
  const began = Date.now();
  const stretch: Stretch = { began, tellFrom, factor };
  let worker: Awaited<ReturnType<typeof stack.startWorker>> | undefined;
  let trace = 0;
  const next = () => {
    trace += 1;
    return trace;
  };
  // Of a producer that keeps no span of its own: the worker keeps its own all the same.
  const traceparent = () => `00-${next().toString(16).padStart(32, '0')}-00000000000000aa-00`;
  const sendBodies = async (bodies: readonly string[]) => {
    for (let from = 0; from < bodies.length; from += 50)
      await sender.sendMessages(
        bodies.slice(from, from + 50).map((body) => ({
          body: Buffer.from(body),
          applicationProperties: { traceparent: traceparent() },
        })),
      );
  };
  try {
    await run({
      sandbox: stack.sandbox,
      async at(minute, what) {
        await sleep(Math.max(0, began + minutes(minute) - Date.now()));
        marks[what] = stretched(Date.now(), stretch);
        console.error(`${name}: minute ${minute}, ${what}; ${insights.envelopes.length} rows`);
      },
      async send(jobs) {
        for (const job of jobs) sent.set(jobKeyOf(job.cart), job);
        await sendBodies(
          jobs.map(({ cart, ...more }) =>
            JSON.stringify({ ...cart, ...more, reference: `PO ${cart.cartId}` }),
          ),
        );
      },
      sendText: sendBodies,
      async command(...args) {
        const { code, stdout, stderr } = await cli(stack.settings, args);
        if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
      },
      async startWorker() {
        worker = await stack.startWorker(undefined, {
          ...identity.env,
          AZURE_CLIENT_ID: '00000000-0000-4000-8000-00000000000a',
          APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
          PENDING_ALARM_HOURS: '1',
          WEBSITE_INSTANCE_ID: 'instance 1',
        });
      },
      async killWorker() {
        await worker?.kill();
      },
      inMinutes: (count) => Date.now() + minutes(count),
    });
    const truth = await truthOf(stack.sandbox, stack.tables.connectionString, sent);
    // The last rows leave with the drain.
    await worker?.stop();
    const rows = insights.envelopes.flatMap((envelope) => rowOf(envelope, stretch) ?? []);
    const bytes = insights.envelopes.reduce((sum, envelope) => sum + JSON.stringify(envelope).length, 0);
    const size = writeRecording(name, {
      signature: signatureNow(),
      began: tellFrom,
      ended: marks['ended'] ?? tellFrom,
      marks,
      truth,
      bytes,
      rows: rows.sort((one, other) => one.timestamp - other.timestamp),
    });
    console.error(`${name}: ${rows.length} rows, ${size} bytes packed, ${JSON.stringify(truth)}`);
  } finally {
    await client.close();
    await stack.stop();
    await insights.stop();
    await identity.stop();
  }
}

async function truthOf(
  sandbox: Sandbox,
  connectionString: string,
  sent: ReadonlyMap<string, Sent>,
): Promise<Truth> {
  const books = await booksReader(connectionString).read();
  const pending = books.orders.filter(({ status }) => status === 'pending');
  const batches: Record<
    string,
    { declared: number; states: Record<string, number>; tooLate: number; pendingOrders: number }
  > = {};
  for (const { customerId, cartId, state, reason } of books.carts) {
    const key = jobKeyOf({ customerId, cartId });
    const { batchId, batchSize = 0 } = sent.get(key) ?? {};
    if (batchId === undefined) continue;
    batches[batchId] ??= { declared: batchSize, states: {}, tooLate: 0, pendingOrders: 0 };
    const batch = batches[batchId];
    batch.states[state] = (batch.states[state] ?? 0) + 1;
    if (reason?.code === 'too-late') batch.tooLate += 1;
    batch.pendingOrders += pending.filter(({ jobKey }) => jobKey === key).length;
  }
  const calls = sandbox.calls();
  return {
    states: countBy(books.carts.map(({ state }) => state)),
    codes: countBy(
      books.carts.flatMap(({ state, reason }) =>
        state === 'failed' && reason !== undefined ? [reason.code] : [],
      ),
    ),
    batches,
    pendingOrders: pending.length,
    rejected: books.rejected.length,
    calls: countBy(calls.map(({ operation }) => operation ?? 'other')),
    throttled: calls.filter(({ throttled }) => throttled).length,
    failed: calls.filter(({ status }) => status !== undefined && status >= 500).length,
    jobs: sent.size,
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

const folder = await mkdtemp(join(tmpdir(), 'checkout-record-'));
try {
  const appRoot = join(folder, 'dist');
  await buildDist(root, appRoot);
  const wanted = process.argv.slice(2);
  for (const name of runs) if (wanted.length === 0 || wanted.includes(name)) await record(name, appRoot);
} finally {
  await rm(folder, { recursive: true, force: true });
}

import { execFile, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TableClient } from '@azure/data-tables';
import * as z from 'zod/mini';
import { startHost } from '../../local/functions-host/child.ts';
import { enqueue } from '../../local/night/run-night.ts';
import { queueName, type Stack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { bullmqPackages } from './bullmq.ts';
import { functionApp } from './function-app.ts';
import { missingPostgres, missingRedis, type PeerServer, startPostgres, startRedis } from './peer-servers.ts';
import type { Foreign } from './temporary-packages.ts';
import { root } from './workload.ts';

/** A job as it is sent: a cart, or lines to make one of. */
export type PeerJob = Readonly<Record<string, Serializable>> & { readonly customerId: string };

/** Where a peer works. */
export interface Site {
  readonly stack: Stack;
  /** Its packages and its code. */
  readonly folder: string;
  /** Jobs at once, in one process. */
  readonly concurrency: number;
  /** Divides the times of the stack, and those of a peer that can be set. */
  readonly factor: number;
  /** For a peer with a limiter of its own: calls in a minute, and how long that minute is here. */
  readonly limit?: { readonly calls: number; readonly minuteMs: number };
}

export interface PeerProcess {
  readonly pid: number | undefined;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface PeerBooks {
  /** Order ids that the peer itself kept, by customer. */
  readonly bought: ReadonlyMap<string, readonly string[]>;
  /** Jobs that it will not try again. */
  readonly failed: number;
}

/** A worker for the same jobs, with a queue and books of its own. */
export interface Peer {
  enqueue(jobs: readonly PeerJob[]): Promise<void>;
  start(): Promise<PeerProcess>;
  books(): Promise<PeerBooks>;
  /** What takes hours and cannot be set is over. */
  hoursPass?(): Promise<void>;
  close(): Promise<void>;
}

export interface PeerKind {
  /** Undefined: it is made of what the project has. */
  readonly foreign?: Foreign;
  open(site: Site): Promise<Peer>;
}

const code = (name: string): string => join(import.meta.dirname, 'peers', name);

export const peerKinds = {
  checkoutWorker: { open: checkoutWorker },
  azdQuickstart: { open: azdQuickstart },
  bullmq: {
    foreign: {
      packages: bullmqPackages,
      files: [code('bullmq.js'), code('purchase.js')],
      missing: missingRedis,
    },
    open: async (site) => inProcess(site, 'bullmq.js', await startRedis()),
  },
  pgBoss: {
    foreign: {
      packages: ['pg-boss@12.38.0'],
      files: [code('pg-boss.js'), code('purchase.js')],
      missing: missingPostgres,
    },
    open: async (site) => inProcess(site, 'pg-boss.js', await startPostgres()),
  },
  graphileWorker: {
    foreign: {
      packages: ['graphile-worker@0.18.0'],
      files: [code('graphile-worker.js'), code('purchase.js')],
      missing: missingPostgres,
    },
    async open(site) {
      const postgres = await startPostgres();
      return {
        ...inProcess(site, 'graphile-worker.js', postgres),
        // A job of a process that died stays locked for four hours, and no option changes that.
        hoursPass: () =>
          postgres.query(
            "update graphile_worker._private_jobs set locked_at = locked_at - interval '4 hours';" +
              "update graphile_worker._private_job_queues set locked_at = locked_at - interval '4 hours'",
          ),
      };
    },
  },
} as const satisfies Record<string, PeerKind>;
export type PeerName = keyof typeof peerKinds;

const send = ({ stack }: Site, jobs: readonly PeerJob[]): Promise<void> =>
  enqueue(
    stack,
    jobs.map((body, index) => ({ number: index + 1, body })),
  );

/** Ours, as it is deployed. */
async function checkoutWorker(site: Site): Promise<Peer> {
  const { stack } = site;
  const reader = booksReader(stack.tables.connectionString);
  return {
    enqueue: (jobs) => send(site, jobs),
    async start() {
      const worker = await stack.startWorker();
      return { pid: worker.pid, kill: async () => void (await worker.kill()) };
    },
    async books() {
      const { carts, orders } = await reader.standing();
      const customerOf = new Map(carts.map(({ jobKey, customerId }) => [jobKey, customerId]));
      const groups = Map.groupBy(orders, ({ jobKey }) => customerOf.get(jobKey) ?? '');
      return {
        bought: new Map(
          [...groups].map(([customer, rows]) => [customer, rows.map(({ orderId }) => orderId)]),
        ),
        failed: carts.filter(({ state }) => state === 'failed').length,
      };
    },
    close: async () => undefined,
  };
}

/** A function with the trigger of the quickstart, in the host that runs ours, as many at once as ours. */
async function azdQuickstart(site: Site): Promise<Peer> {
  const { stack, concurrency } = site;
  const appRoot = await functionApp(root, 'quickstart-', { entryPoints: [code('azd-quickstart.js')] });
  const serviceBus = { maxConcurrentCalls: concurrency };
  await writeFile(join(appRoot, 'host.json'), JSON.stringify({ version: '2.0', extensions: { serviceBus } }));
  const table = TableClient.fromConnectionString(stack.tables.connectionString, 'Purchases', {
    allowInsecureConnection: true,
  });
  const row = z.object({ partitionKey: z.string(), orders: z.string() });
  return {
    enqueue: (jobs) => send(site, jobs),
    async start() {
      const host = await startHost({ appRoot, env: { ...stack.settings, TOKEN: stack.sandbox.token() } });
      return { pid: host.pid, kill: async () => void (await host.kill()) };
    },
    async books() {
      const bought = new Map<string, readonly string[]>();
      for await (const entity of table.listEntities()) {
        const { partitionKey, orders } = row.parse(entity);
        bought.set(partitionKey, idList.parse(JSON.parse(orders)));
      }
      return { bought, failed: stack.broker.entity(queueName).counts().deadLettered };
    },
    close: () => rm(appRoot, { recursive: true, force: true }),
  };
}

const idList = z.array(z.string());
const printed = z.object({ bought: z.array(z.tuple([z.string(), idList])), failed: z.number() });

/** A program with the modes `enqueue`, `work` and `books`, beside its server. */
function inProcess(
  { stack, folder, concurrency, factor, limit }: Site,
  file: string,
  server: PeerServer,
): Peer {
  const env = {
    ...process.env,
    SERVER_PORT: String(server.port),
    PARTNER_CENTER_API: stack.sandbox.apiBase,
    TOKEN: stack.sandbox.token(),
    CONCURRENCY: String(concurrency),
    TIME_FACTOR: String(factor),
    ...(limit === undefined ? {} : { LIMIT: String(limit.calls), WINDOW_MS: String(limit.minuteMs) }),
  };
  const options = { cwd: folder, env, maxBuffer: 100_000_000 };
  const run = (mode: string) => promisify(execFile)(process.execPath, [file, mode], options);
  return {
    async enqueue(jobs) {
      await writeFile(join(folder, 'jobs.json'), JSON.stringify(jobs));
      await run('enqueue');
    },
    async start() {
      const child = fork(join(folder, file), ['work'], { cwd: folder, env, stdio: 'ignore' });
      const ended = once(child, 'exit');
      return {
        pid: child.pid,
        async kill() {
          child.kill('SIGKILL');
          await ended;
        },
      };
    },
    async books() {
      const { bought, failed } = printed.parse(JSON.parse((await run('books')).stdout));
      return { bought: new Map(bought), failed };
    },
    close: () => server.stop(),
  };
}

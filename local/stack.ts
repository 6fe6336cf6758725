import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Azurite, startAzurite } from './azurite.ts';
import { makeCertificate } from './certificate.ts';
import { type HostChild, startHost } from './functions-host/child.ts';
import type { StopMode } from './functions-host/host.ts';
import { hostSettings } from './host-settings.ts';
import { type Sandbox, type SwitchesInput, startSandbox } from './partner-center/sandbox.ts';
import { type Broker, startBroker } from './service-bus/broker.ts';

export const queueName = 'checkout-jobs';
export const urgentQueueName = 'checkout-urgent';
export const topicName = 'checkout-events';

/** Settings of a worker whose timer does not run. */
export const withoutTimer = { 'AzureWebJobs.pollPendingOrders.Disabled': '1' };

/** As in local.settings.json.example. */
export const examplePorts = { bus: 5672, tables: 10_002, api: 8080, authority: 8443 };

export interface StackOptions {
  /** Divides every time of the worker, the queue and the sandbox. */
  readonly factor: number;
  /** The folder with host.json and package.json: the one that is deployed. */
  readonly appRoot: string;
  readonly switches?: SwitchesInput;
  readonly seed?: string;
  /** Settings of the worker, on top of the stack's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** How its workers stop; `drain` when absent. */
  readonly stops?: StopMode;
  /** Free ones when absent. */
  readonly ports?: typeof examplePorts;
}

/** Everything that the worker needs, on free ports of this machine; workers are started and stopped one by one. */
export interface Stack {
  readonly broker: Broker;
  readonly sandbox: Sandbox;
  readonly tables: Azurite;
  /** What a worker is started with. */
  readonly settings: Readonly<Record<string, string>>;
  /** Opens the workers' HTTP functions. */
  readonly functionKey: string;
  /** Starts one more worker: the Functions host as a process of its own, with the built bundle. */
  startWorker(onLine?: (line: string) => void, env?: Readonly<Record<string, string>>): Promise<HostChild>;
  stop(): Promise<void>;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { factor, appRoot, ports } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const state = await mkdtemp(join(tmpdir(), 'checkout-worker-'));
    stops.push(() => rm(state, { recursive: true, force: true }));
    // One for all: who trusts the stack's certificate can use each of its doors.
    const certificate = await makeCertificate();
    const broker = await startBroker({
      config: entities(factor),
      tls: certificate,
      ...(ports === undefined ? {} : { port: ports.bus }),
    });
    stops.push(broker.stop);
    const tables = await startAzurite(ports === undefined ? {} : { port: ports.tables });
    stops.push(tables.stop);
    const sandbox = await startSandbox({
      factor,
      certificate,
      ...(ports === undefined ? {} : { ports }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.switches === undefined ? {} : { switches: options.switches }),
    });
    stops.push(sandbox.stop);
    const { tenantId, clientId, clientSecret } = sandbox.credentials;
    const settings = {
      ServiceBusConnection: broker.connectionString,
      CHECKOUT_QUEUE: queueName,
      URGENT_QUEUE: urgentQueueName,
      EVENTS_TOPIC: topicName,
      TablesConnection: tables.connectionString,
      PARTNER_CENTER_API: sandbox.apiBase,
      PARTNER_CENTER_AUTHORITY: sandbox.authority,
      PARTNER_TENANT_ID: tenantId,
      PARTNER_CLIENT_ID: clientId,
      PARTNER_CREDENTIAL: 'secret',
      PARTNER_CLIENT_SECRET: clientSecret,
      CHECKOUT_TIME_FACTOR: String(factor),
      NODE_EXTRA_CA_CERTS: sandbox.caFile,
      ...options.env,
    };
    const functionKey = randomBytes(24).toString('base64url');
    const workers = new Set<HostChild>();
    stops.push(() => Promise.all([...workers].map((worker) => worker.stop())));
    const startWorker: Stack['startWorker'] = async (onLine, env) => {
      const worker = await startHost({
        appRoot,
        env: { ...settings, ...hostSettings, LOCAL_FUNCTION_KEY: functionKey, ...env },
        stateFolder: state,
        ...(options.stops === undefined ? {} : { stops: options.stops }),
        ...(onLine === undefined ? {} : { onLine }),
      });
      workers.add(worker);
      void worker.exited.then(() => workers.delete(worker));
      return worker;
    };
    return { broker, sandbox, tables, settings, functionKey, startWorker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The queues and the topic as they are deployed, their times divided by the factor. */
function entities(factor: number): unknown {
  const seconds = (value: number) => `PT${value / factor}S`;
  const day = 86_400;
  return {
    UserConfig: {
      Namespaces: [
        {
          Name: 'local',
          Queues: [queueName, urgentQueueName].map((Name) => ({
            Name,
            Properties: {
              LockDuration: seconds(300),
              MaxDeliveryCount: 10,
              DefaultMessageTimeToLive: seconds(14 * day),
              DeadLetteringOnMessageExpiration: true,
              RequiresDuplicateDetection: false,
              RequiresSession: false,
            },
          })),
          Topics: [
            {
              Name: topicName,
              Properties: { DefaultMessageTimeToLive: seconds(14 * day) },
              Subscriptions: [{ Name: 'all' }],
            },
          ],
        },
      ],
    },
  };
}

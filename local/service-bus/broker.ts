import type { AddressInfo, Server } from 'node:net';
import rhea, { type Connection, type Container, type EventContext, type Receiver, type Sender } from 'rhea';
import { type BrokerClock, systemClock } from './clock.ts';
import { decodeConfig } from './config.ts';
import { type Consumer, internal, openConsumer } from './consumer.ts';
import { buildEntities, normalized } from './entities.ts';
import { AmqpError, notAllowed } from './errors.ts';
import { answerManagement } from './management.ts';
import type { Inspected, QueueCounts } from './message-queue.ts';
import { noOperations, type Operations } from './operations.ts';
import { maxMessageSize, openProducer } from './producer.ts';
import { openRequestNode } from './request-node.ts';
import { addressesOf, socketOf, tuneConnection, tuneSender } from './rhea-private.ts';
import { types } from './typed.ts';

export interface BrokerOptions {
  /** The format of Microsoft's emulator. */
  readonly config: unknown;
  /** A free one when absent. */
  readonly port?: number;
  readonly clock?: BrokerClock;
}

export interface EntityCounts extends QueueCounts {
  readonly deadLettered: number;
}

export interface Broker {
  /** For the official client: plain TCP to this machine. */
  readonly connectionString: string;
  readonly port: number;
  readonly operations: Readonly<Operations>;
  /** A queue (`jobs`) or subscription (`events/Subscriptions/all`), as it is now. */
  entity(name: string): {
    counts(): EntityCounts;
    messages(): readonly Inspected[];
    deadLetters(): readonly Inspected[];
  };
  /** Cuts the TCP connections of clients: all of them, or those with a link to this entity. Returns how many. */
  dropConnections(entity?: string): number;
  /** Ends every lock of this entity now; its messages come again. Returns how many. */
  loseLocks(entity: string): number;
  stop(): Promise<void>;
}

/** Starts a Service Bus broker on 127.0.0.1 that the official client takes for the real one. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const config = decodeConfig(options.config);
  const operations = noOperations();
  const consumers = new Map<string, Set<Consumer>>();
  const connections = new Map<Connection, Set<string>>();
  const repliers = new Set<Sender>();
  const stirred = new Set<string>();
  const entities = buildEntities(config, options.clock ?? systemClock, stir);

  /** Messages may be ready: hand them out in turn, once for all that came in this tick. */
  function stir(address: string): void {
    if (stirred.has(address)) return;
    stirred.add(address);
    queueMicrotask(() => {
      stirred.delete(address);
      const waiting = consumers.get(address);
      if (waiting === undefined) return;
      let handed = true;
      while (handed) {
        handed = false;
        for (const consumer of waiting) handed = consumer.handOne() || handed;
      }
    });
  }

  function openSource(sender: Sender): void {
    const { source, target } = addressesOf(sender);
    tuneSender(sender);
    const isNode = normalized(source) === '$cbs' || normalized(source).endsWith('/$management');
    if (isNode) {
      repliers.add(sender);
      sender.on('sender_close', () => repliers.delete(sender));
    } else {
      if (asksForSession(sender)) throw notAllowed('Sessions are not supported by this broker.');
      const entity = entities.source(source);
      const consumer = openConsumer(sender, entity, operations);
      const mine = consumers.get(entity.address) ?? new Set();
      consumers.set(entity.address, mine.add(consumer));
      const gone = () => mine.delete(consumer);
      sender.on('sender_close', gone);
      sender.session.on('session_close', gone);
      sender.connection.on('disconnected', gone);
      linkOf(sender, entity.address);
    }
    sender.set_source({ address: source });
    sender.set_target({ address: target });
  }

  function openTarget(receiver: Receiver): void {
    const { source, target } = addressesOf(receiver);
    const node = normalized(target);
    if (node === '$cbs') openRequestNode(receiver, repliers, () => ({ properties: accepted202 }));
    else if (node.endsWith('/$management')) {
      const entity = target.replace(/\/\$management$/i, '');
      mustExist(entity);
      openRequestNode(receiver, repliers, (request) =>
        answerManagement(entities, entity, operations, request),
      );
    } else {
      openProducer(receiver, entities.target(target), operations);
      linkOf(receiver, normalized(target));
    }
    receiver.set_source({ address: source });
    receiver.set_target({ address: target });
  }

  function mustExist(address: string): void {
    try {
      entities.source(address);
    } catch {
      entities.target(address);
    }
  }

  const linkOf = (link: Sender | Receiver, address: string) => connections.get(link.connection)?.add(address);

  const container = rhea.create_container({ id: 'service-bus' });
  listen(container, {
    connected: (connection) => {
      connections.set(connection, new Set());
      tuneConnection(connection);
    },
    gone: (connection) => {
      connections.delete(connection);
      for (const sender of repliers) if (sender.connection === connection) repliers.delete(sender);
    },
    openSource,
    openTarget,
  });
  const server: Server = container.listen({
    host: '127.0.0.1',
    port: options.port ?? 0,
    tcp_no_delay: true,
    session_buffer_size: { incoming: 2_048, outgoing: 65_536 },
    receiver_options: { autoaccept: false, credit_window: 1_000, max_message_size: maxMessageSize },
    sender_options: { treat_modified_as_released: false },
  } as Parameters<Container['listen']>[0]);
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as AddressInfo;

  return {
    connectionString: `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true;`,
    port,
    operations,
    entity(name) {
      const { queue } = entities.source(name);
      const dead = entities.source(`${name}/$DeadLetterQueue`).queue;
      return {
        counts: () => ({ ...queue.counts(), deadLettered: dead.counts().active + dead.counts().locked }),
        messages: queue.inspect,
        deadLetters: dead.inspect,
      };
    },
    dropConnections(entity) {
      const wanted = entity === undefined ? undefined : normalized(entity);
      const dropped = [...connections].filter(([, links]) => wanted === undefined || links.has(wanted));
      for (const [connection] of dropped) socketOf(connection).destroy();
      return dropped.length;
    },
    loseLocks: (entity) => entities.source(entity).queue.loseLocks(),
    async stop() {
      entities.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections.keys()) socketOf(connection).destroy();
      await closed;
    },
  };
}

/** `$cbs` spells its status in kebab case, the management nodes in camel case. Every token is as good as another here. */
const accepted202 = { 'status-code': types.wrap_int(202), 'status-description': 'Accepted' };

function asksForSession(sender: Sender): boolean {
  const filter: unknown = sender.source?.filter;
  return typeof filter === 'object' && filter !== null && 'com.microsoft:session-filter' in filter;
}

interface Handlers {
  connected(connection: Connection): void;
  gone(connection: Connection): void;
  openSource(sender: Sender): void;
  openTarget(receiver: Receiver): void;
}

/** An exception in a handler would close the connection: each becomes a refusal of the link. */
function listen(container: Container, handlers: Handlers): void {
  container.on('connection_open', ({ connection }: EventContext) => handlers.connected(connection));
  container.on('disconnected', ({ connection }: EventContext) => handlers.gone(connection));
  container.on('sender_open', ({ sender }: EventContext) => {
    if (sender !== undefined) orRefuse(sender, () => handlers.openSource(sender));
  });
  container.on('receiver_open', ({ receiver }: EventContext) => {
    if (receiver !== undefined) orRefuse(receiver, () => handlers.openTarget(receiver));
  });
  // Each of them would be thrown out of a socket's callback if nobody listened.
  for (const event of [
    'error',
    'protocol_error',
    'connection_error',
    'connection_close',
    'session_error',
    'session_close',
    'sender_error',
    'sender_close',
    'receiver_error',
    'receiver_close',
  ])
    container.on(event, () => {});
}

function orRefuse(link: Sender | Receiver, open: () => void): void {
  try {
    open();
  } catch (error) {
    const { condition, message } = error instanceof AmqpError ? error : internal(error);
    link.close({ condition, description: message });
  }
}

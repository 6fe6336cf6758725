import type { AddressInfo, Socket } from 'node:net';
import rhea, { type Container, type EventContext, type Receiver, type Sender } from 'rhea';
import { answerAdmin } from './admin.ts';
import { type BrokerClock, systemClock } from './clock.ts';
import { decodeConfig } from './config.ts';
import { buildEntities, type EntityMap, normalized } from './entities.ts';
import { asAmqpError } from './errors.ts';
import { frontDoor, type Tls } from './front-door.ts';
import type { Inspected } from './held.ts';
import { createLinks, type Links } from './links.ts';
import type { QueueCounts } from './message-queue.ts';
import { noOperations, type Operations } from './operations.ts';
import { acceptSocket, letEveryoneIn, socketOf, tuneConnection } from './rhea-private.ts';

export interface BrokerOptions {
  /** The format of Microsoft's emulator: https://learn.microsoft.com/azure/service-bus-messaging/test-locally-with-service-bus-emulator */
  readonly config: unknown;
  /** A free one when absent. */
  readonly port?: number;
  /** Serves TLS too, for clients that insist on it, such as the administration client. Plain connections go on. */
  readonly tls?: Tls;
  readonly clock?: BrokerClock;
}

export interface EntityCounts extends QueueCounts {
  readonly deadLettered: number;
}

export interface Broker {
  /** For the official client: plain TCP to this machine. The administration client takes it too, where there is TLS. */
  readonly connectionString: string;
  /** For clients that insist on TLS and trust the certificate. */
  readonly secureConnectionString: string;
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
  /** Ends the locks of this entity now, all or those of one message id; the messages come again. Returns how many. */
  loseLocks(entity: string, messageId?: string): number;
  /** From now on tokens are refused with 401, or taken again, as while a role or a key is being changed. */
  refuseTokens(refused: boolean): void;
  stop(): Promise<void>;
}

/**
 * Starts a Service Bus broker on 127.0.0.1 that the official clients take for the real one (`npm run check:clients`). Its
 * management API creates, reads, lists and deletes queues, topics and subscriptions. Left out, and refused where they are
 * asked for: sessions, rules, duplicate detection, forwarding, transactions. Nothing is kept on disk, and every key is as
 * good as another. Throws `BrokerConfigError` for a wrong configuration.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const config = decodeConfig(options.config);
  const operations = noOperations();
  let tokensRefused = false;
  const links: Links = createLinks(
    () => entities,
    operations,
    () => tokensRefused,
  );
  const entities: EntityMap = buildEntities(config, options.clock ?? systemClock, links.stir);
  const container = rhea.create_container({ id: 'service-bus' });
  letEveryoneIn(container);
  handle(container, links);

  const sockets = new Set<Socket>();
  const doors = {
    amqp: (socket: Socket) => acceptSocket(container, socket),
    http: answerAdmin(entities, links.detach),
    tls: options.tls,
  };
  const server = frontDoor(doors, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1');
  });
  const { port } = server.address() as AddressInfo;

  const secureConnectionString = `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=local;SharedAccessKey=local;`;
  return {
    connectionString: `${secureConnectionString}UseDevelopmentEmulator=true;`,
    secureConnectionString,
    port,
    operations,
    entity(name) {
      const { queue } = entities.source(name);
      const dead = entities.source(`${name}/$DeadLetterQueue`).queue;
      return {
        counts: () => ({ ...queue.counts(), deadLettered: dead.size() }),
        messages: queue.inspect,
        deadLetters: dead.inspect,
      };
    },
    dropConnections(entity) {
      const dropped =
        entity === undefined
          ? [...sockets]
          : [...links.connectionsOf(entities.known(normalized(entity)))].map(socketOf);
      for (const socket of dropped) socket.destroy();
      return dropped.length;
    },
    loseLocks: (entity, messageId) => entities.source(entity).queue.loseLocks(messageId),
    refuseTokens(refused) {
      tokensRefused = refused;
    },
    async stop() {
      entities.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function handle(container: Container, links: Links): void {
  container.on('connection_open', ({ connection }: EventContext) =>
    tuneConnection(connection, () => links.ended({ connection })),
  );
  container.on('sender_open', ({ sender }: EventContext) => {
    if (sender !== undefined) orRefuse(sender, () => links.openSource(sender));
  });
  container.on('receiver_open', ({ receiver }: EventContext) => {
    if (receiver !== undefined) orRefuse(receiver, () => links.openTarget(receiver));
  });
  container.on('sender_close', ({ sender }: EventContext) => {
    if (sender !== undefined) links.ended({ link: sender });
  });
  container.on('receiver_close', ({ receiver }: EventContext) => {
    if (receiver !== undefined) links.ended({ link: receiver });
  });
  container.on('session_close', ({ session }: EventContext) => {
    if (session !== undefined) links.ended({ session });
  });
  // Each of them would be thrown out of a socket's callback, or printed, if nobody listened.
  for (const event of [
    'error',
    'protocol_error',
    'disconnected',
    'connection_error',
    'connection_close',
    'session_error',
    'sender_error',
    'receiver_error',
  ])
    container.on(event, () => {});
}

/** An exception in a handler would close the connection: each becomes a refusal of the link. */
function orRefuse(link: Sender | Receiver, open: () => void): void {
  try {
    open();
  } catch (error) {
    const { condition, message } = asAmqpError(error);
    link.close({ condition, description: message });
  }
}

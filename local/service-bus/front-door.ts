import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** What the broker serves TLS with, in PEM. */
export interface Tls {
  readonly key: string;
  readonly certificate: string;
}

export interface Doors {
  /** A client that speaks AMQP, or nobody knows what. */
  readonly amqp: (socket: Socket) => void;
  readonly http: RequestListener;
  /** Without it nobody gets TLS. */
  readonly tls?: Tls | undefined;
}

const tlsHandshake = 0x16;

/**
 * One port for everything, as the namespace has one name: the first byte of a connection tells AMQP (`AMQP…`), HTTP (a method)
 * and TLS, inside which is again one of the two. `seen` hears of every connection before that.
 */
export function frontDoor({ amqp, http, tls }: Doors, seen: (socket: Socket) => void): Server {
  const httpServer = createHttpServer(http);
  const plain = (socket: Socket, first: number): void => {
    // No method of HTTP begins as AMQP does.
    const isMethod = first >= 0x42 && first <= 0x5a;
    if (isMethod) httpServer.emit('connection', socket);
    else amqp(socket);
  };
  const tlsServer = tls && createTlsServer({ key: tls.key, cert: tls.certificate });
  tlsServer?.on('secureConnection', (socket) => onFirstByte(socket, (first) => plain(socket, first)));
  // A client that does not trust the certificate says so and goes.
  tlsServer?.on('tlsClientError', (_, socket) => socket.destroy());

  return createServer((socket) => {
    seen(socket);
    onFirstByte(socket, (first) => {
      if (first !== tlsHandshake) plain(socket, first);
      else if (tlsServer === undefined) socket.destroy();
      else tlsServer.emit('connection', socket);
    });
  });
}

/** Calls `act` with the first byte that the client sends, which stays there to be read. */
function onFirstByte(socket: Socket, act: (first: number) => void): void {
  const gone = () => socket.destroy();
  socket.on('error', gone);
  const look = (): void => {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk) || chunk[0] === undefined) {
      socket.once('readable', look);
      return;
    }
    socket.unshift(chunk);
    act(chunk[0]);
    // Whoever has it now hears of its errors first; a socket without a listener would throw them.
  };
  look();
}

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A door in front of a TCP server of this machine, which a test can slam. */
export interface TcpGate {
  readonly port: number;
  /** Cuts every connection that is open. Returns how many. */
  cut(): number;
  /** Refuses new connections, and cuts the open ones, for so long. */
  closedFor(ms: number): void;
  stop(): Promise<void>;
}

export async function tcpGate(targetPort: number): Promise<TcpGate> {
  const open = new Set<Socket>();
  let closedUntil = 0;
  const server = createServer((client) => {
    if (Date.now() < closedUntil) {
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): number => {
    const cutNow = open.size / 2;
    for (const socket of open) socket.destroy();
    return Math.round(cutNow);
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    closedFor(ms) {
      closedUntil = Date.now() + ms;
      cut();
    },
    stop() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

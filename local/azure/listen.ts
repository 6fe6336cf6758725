import type { Server } from 'node:http';

export interface Listening {
  readonly port: number;
  /** Closes the port and every connection. */
  stop(): Promise<void>;
}

/** A free port of 127.0.0.1. */
export function listen(server: Server): Promise<Listening> {
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port.'));
      else resolve({ port: address.port, stop });
    });
  });
}

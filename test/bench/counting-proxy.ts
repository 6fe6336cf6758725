import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  /** host:port, in place of the server's own. */
  readonly host: string;
  /** Requests since the last reset by method and table: `POST Checkouts`, `POST $batch`, `GET Schedule query`, `PUT Gate heartbeat` … */
  counts(): ReadonlyMap<string, number>;
  reset(): void;
  stop(): Promise<void>;
}

/** Counts the requests to table storage on their way: what the worker asks, not what it thinks that it asks. */
export async function countingProxy(target: URL): Promise<CountingProxy> {
  const counts = new Map<string, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const server = createServer((incoming, outgoing) => {
    const key = `${incoming.method} ${nameOf(incoming.url ?? '')}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const forward = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers: incoming.headers,
        agent,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forward.on('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => counts,
    reset: () => counts.clear(),
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A read without a row key is a query; of the table Gate the row of the ticks is one, and the gate another. */
function nameOf(url: string): string {
  const table = /^\/[^/]+\/([A-Za-z$]+)/.exec(url)?.[1] ?? '?';
  if (url.includes(`${table}()`)) return `${table} query`;
  return table === 'Gate' && decodeURIComponent(url).includes("RowKey='heartbeat'")
    ? 'Gate heartbeat'
    : table;
}

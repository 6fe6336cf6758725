import { createServer } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { listen } from './listen.ts';

/** One row as the exporter sends it ("Breeze"): `RemoteDependencyData`, `RequestData`, `EventData`, `MessageData`, `MetricData`. */
export interface Envelope {
  readonly time: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly sampleRate?: number;
  readonly data: {
    readonly baseType: string;
    readonly baseData: Readonly<Record<string, unknown>>;
  };
}

export interface ApplicationInsights {
  readonly connectionString: string;
  /** All that came, in its order. */
  readonly envelopes: readonly Envelope[];
  stop(): Promise<void>;
}

/** The ingestion endpoint of Application Insights (`POST /v2.1/track`, lines of JSON, gzipped or not): it takes everything. */
export async function startApplicationInsights(pem: {
  readonly key: string;
  readonly certificate: string;
}): Promise<ApplicationInsights> {
  const envelopes: Envelope[] = [];
  const server = createServer({ key: pem.key, cert: pem.certificate }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
      const received = request.url?.includes('/track') === true ? rowsIn(text) : [];
      envelopes.push(...received);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify({ itemsReceived: received.length, itemsAccepted: received.length, errors: [] }),
      );
    });
  });
  const { port, stop } = await listen(server);
  const endpoint = `https://127.0.0.1:${port}/`;
  return {
    connectionString: `InstrumentationKey=00000000-0000-4000-8000-00000000000b;IngestionEndpoint=${endpoint};LiveEndpoint=${endpoint}`,
    envelopes,
    stop,
  };
}

/** The rows of a request's body: a list, or a row on each line. */
export function rowsIn(text: string): Envelope[] {
  const rows: unknown = text.startsWith('[')
    ? JSON.parse(text)
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line): unknown => JSON.parse(line));
  return rows as Envelope[];
}

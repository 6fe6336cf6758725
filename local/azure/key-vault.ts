import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import * as z from 'zod/mini';
import { listen } from './listen.ts';

export interface SecretVersion {
  readonly version: string;
  readonly value: string;
  enabled: boolean;
  /** Epoch ms. */
  readonly created: number;
}

export interface KeyVault {
  /** `https://127.0.0.1:port`. */
  readonly address: string;
  /** The versions of a secret, oldest first. */
  versions(name: string): readonly SecretVersion[];
  put(name: string, value: string, created: number): void;
  /** While set, every write is answered with it. */
  refuseWrites(status: number | undefined): void;
  /** While set, every read is answered with it. */
  refuseReads(status: number | undefined): void;
  stop(): Promise<void>;
}

const newValue = z.object({ value: z.string() });
const newAttributes = z.object({ attributes: z.object({ enabled: z.boolean() }) });

/**
 * The secrets of a Key Vault, as far as getting, setting and disabling a version goes (Key Vault REST, "Secrets"). Who it
 * is that asks is not looked at, but that somebody signed in is: without a token it answers with the challenge.
 */
export async function startKeyVault(pem: {
  readonly key: string;
  readonly certificate: string;
}): Promise<KeyVault> {
  const secrets = new Map<string, SecretVersion[]>();
  const refusals: { write?: number | undefined; read?: number | undefined } = {};
  const put = (name: string, value: string, created: number): SecretVersion => {
    const added = { version: randomUUID().replaceAll('-', ''), value, enabled: true, created };
    secrets.set(name, [...(secrets.get(name) ?? []), added]);
    return added;
  };

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const { pathname } = new URL(request.url ?? '/', 'https://localhost');
    const [, , name = '', version = ''] = pathname.split('/');
    const bundle = ({ version: id, value, enabled, created }: SecretVersion) => ({
      id: `https://${request.headers.host}/secrets/${name}/${id}`,
      value,
      attributes: { enabled, created: Math.floor(created / 1_000), updated: Math.floor(created / 1_000) },
    });
    const kind = request.method === 'GET' ? 'read' : 'write';
    const { [kind]: status } = refusals;
    if (status !== undefined)
      return { status, body: { error: { code: 'Refused', message: `The ${kind} is refused.` } } };
    if (request.method === 'PUT') {
      const { value } = newValue.parse(JSON.parse(await readAll(request)));
      return { status: 200, body: bundle(put(name, value, Date.now())) };
    }
    const known = secrets.get(name) ?? [];
    const found = version === '' ? known.at(-1) : known.find((one) => one.version === version);
    if (found === undefined)
      return { status: 404, body: { error: { code: 'SecretNotFound', message: `No secret ${name}.` } } };
    if (request.method === 'PATCH')
      found.enabled = newAttributes.parse(JSON.parse(await readAll(request))).attributes.enabled;
    return { status: 200, body: bundle(found) };
  }

  const server = createServer({ key: pem.key, cert: pem.certificate }, (request, response) => {
    if (request.headers.authorization === undefined) {
      const challenge = 'Bearer authorization="https://login.microsoftonline.com/local"';
      response.writeHead(401, { 'WWW-Authenticate': `${challenge}, resource="https://vault.azure.net"` });
      response.end();
      return;
    }
    answer(request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(body));
      },
      (error: unknown) => {
        response.writeHead(400, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ error: { code: 'BadParameter', message: String(error) } }));
      },
    );
  });
  const { port, stop } = await listen(server);
  return {
    address: `https://127.0.0.1:${port}`,
    versions: (name) => secrets.get(name) ?? [],
    put,
    refuseWrites(status) {
      refusals.write = status;
    },
    refuseReads(status) {
      refusals.read = status;
    },
    stop,
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

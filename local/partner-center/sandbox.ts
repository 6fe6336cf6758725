import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/ports/clock.ts';
import { type Certificate, makeCertificate } from '../certificate.ts';
import { makeAdminServer } from './admin-server.ts';
import { audience } from './api.ts';
import { makeApiServer } from './api-server.ts';
import { type CartRef, type CartsRequest, createCarts } from './bulk.ts';
import type { Call } from './calls.ts';
import { exchangeAudience } from './client-proof.ts';
import { serverClock } from './clock.ts';
import { type BookEntry, orderBook } from './order-book.ts';
import { seededDraw } from './random.ts';
import type { SwitchesInput } from './switches.ts';
import { makeTokenServer } from './token-server.ts';
import { type Credentials, makeWorld } from './world.ts';

export type { CartRef } from './bulk.ts';
export { type Call, tooEarly } from './calls.ts';
export type { FaultInput } from './faults.ts';
export type { SwitchesInput } from './switches.ts';

export interface SandboxOptions {
  /** Same seed, same ids, times and faults for each cart. Default: "sandbox". */
  readonly seed?: string;
  /** All lengths of time are divided by it, Retry-After headers excepted. Default: 1. */
  readonly factor?: number;
  readonly clock?: Clock;
  readonly switches?: SwitchesInput;
  /** Of the token endpoint; one of its own when absent. */
  readonly certificate?: Certificate;
  /** Free ones when absent. */
  readonly ports?: { readonly api: number; readonly authority: number };
}

export interface Sandbox {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly apiBase: string;
  /** `https://127.0.0.1:port`: the `authorityHost` of @azure/identity, with `disableInstanceDiscovery`. */
  readonly authority: string;
  /** The authority's certificate in PEM, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** `http://127.0.0.1:port`; the paths begin with `/admin`. */
  readonly admin: string;
  readonly credentials: Credentials;
  /** A bearer token for calls that tests make themselves. */
  token(kind?: 'app' | 'user'): string;
  /** What a managed identity would say of itself, for a federated credential of the app registration. */
  assertion(): string;
  /** The app registration takes assertions that are signed with this certificate (PEM). */
  trustCertificate(pem: string): void;
  /** Key and certificate of the authority, for other servers that the same clients shall trust. */
  readonly pem: { readonly key: string; readonly certificate: string };
  createCarts(request: CartsRequest): CartRef[];
  /** Customers of a name of their own, the same ones for the same seed. */
  customerIds(count: number, name: string): string[];
  /** The carts that clients made through the API. */
  postedCarts(): string[];
  orderBook(): BookEntry[];
  calls(): readonly Call[];
  set(switches: SwitchesInput): void;
  /** How many checkouts have made their orders while their client has no answer yet. */
  awaitingAnswer(): number;
  /** Resolves as soon as there are `n` of them. The caller sets a limit to its wait. */
  whenAwaitingAnswer(n: number): Promise<void>;
  /** Resolves as soon as a cart was made whose client has no answer yet. The caller sets a limit to its wait. */
  whenCartAwaitsAnswer(): Promise<void>;
  /** Closes the ports and all connections and removes the certificate. The book and the log can still be read. */
  stop(): Promise<void>;
}

const listen = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port.'));
      else resolve(address.port);
    });
  });

const close = (server: Server & { closeAllConnections(): void }): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Starts a Partner Center of one's own on free ports of 127.0.0.1. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { seed = 'sandbox', factor = 1, clock = serverClock, switches = {}, ports } = options;
  const draw = seededDraw(seed);
  const credentials: Credentials = {
    // The same for every seed: local.settings.json.example has them too.
    tenantId: '00000000-0000-4000-8000-000000000001',
    clientId: '00000000-0000-4000-8000-000000000002',
    clientSecret: 'secret-of-the-sandbox',
    refreshToken: draw.orderId('refresh token'),
  };
  const world = makeWorld(clock, seed, factor, credentials);
  world.set(switches);
  const pem = options.certificate ?? (await makeCertificate());
  const folder = await mkdtemp(join(tmpdir(), 'partner-center-sandbox-'));
  const caFile = join(folder, 'authority.pem');
  await writeFile(caFile, pem.certificate);
  const servers = {
    api: makeApiServer(world),
    token: makeTokenServer(world, pem),
    admin: makeAdminServer(world),
  };
  const [apiPort, tokenPort, adminPort] = await Promise.all([
    listen(servers.api, ports?.api),
    listen(servers.token, ports?.authority),
    listen(servers.admin),
  ]);
  return {
    apiBase: `http://127.0.0.1:${apiPort}`,
    authority: `https://127.0.0.1:${tokenPort}`,
    caFile,
    admin: `http://127.0.0.1:${adminPort}`,
    credentials,
    token(kind = 'app') {
      const issuedAt = clock.now();
      const expiresAt = issuedAt + world.scaled(world.switches.tokenLife);
      return world.tokens.issue({
        aud: audience,
        appid: credentials.clientId,
        idtyp: kind,
        issuedAt,
        expiresAt,
      });
    },
    assertion() {
      const issuedAt = clock.now();
      return world.tokens.issue({
        aud: exchangeAudience,
        appid: 'the managed identity',
        idtyp: 'app',
        issuedAt,
        expiresAt: issuedAt + 3_600_000,
      });
    },
    trustCertificate: (certificate) => world.certificates.push(certificate),
    pem,
    createCarts: (request) => createCarts(world, request),
    customerIds: (count, name) =>
      Array.from({ length: count }, (_, index) => world.draw.guid('customer', name, index)),
    postedCarts: () => [...world.carts.all()].filter(({ posted }) => posted === true).map(({ id }) => id),
    orderBook: () => orderBook(world),
    calls: () => world.calls,
    set: (change) => world.set(change),
    awaitingAnswer: () => world.awaiting.count,
    whenAwaitingAnswer: (n) => world.awaiting.atLeast(n),
    whenCartAwaitsAnswer: () => world.creating.atLeast(1),
    async stop() {
      await Promise.all([close(servers.api), close(servers.token), close(servers.admin)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

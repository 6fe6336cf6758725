import { createServer } from 'node:http';
import { type Listening, listen } from './listen.ts';

export interface ManagedIdentity extends Listening {
  /** What App Service sets for an app with an identity; `ManagedIdentityCredential` reads it. */
  readonly env: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
}

/**
 * The endpoint that hands an app the tokens of its managed identity, as App Service has it ("Connect to Azure services
 * in app code", REST endpoint reference). `issue` makes a token for a resource.
 */
export async function startManagedIdentity(issue: (resource: string) => string): Promise<ManagedIdentity> {
  const header = crypto.randomUUID();
  const server = createServer((request, response) => {
    const resource = new URL(request.url ?? '/', 'http://localhost').searchParams.get('resource');
    const known = request.headers['x-identity-header'] === header && resource !== null;
    response.writeHead(known ? 200 : 400, { 'Content-Type': 'application/json' });
    const expiresOn = String(Math.floor(Date.now() / 1_000) + 3_600);
    response.end(
      JSON.stringify(
        known
          ? { access_token: issue(resource), expires_on: expiresOn, resource, token_type: 'Bearer' }
          : { statusCode: 400, message: 'No identity for this request.' },
      ),
    );
  });
  const { port, stop } = await listen(server);
  return {
    port,
    stop,
    env: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: header },
  };
}

/** The name that a person's actions carry. */
import { hostname, userInfo } from 'node:os';
import { azureIdentity } from '../../adapters/azure-tables/azure-identity.ts';
import type { Connection } from '../../config/config.ts';
import { cutText } from '../../domain/text.ts';
import { CommandFailure, exit } from './cli-failure.ts';

/** Who gives an order, for the ledger: the identity that signs in; on the local stack the user of this machine. */
export async function whoAmI(connection: Connection): Promise<string> {
  if (connection.kind === 'connection-string') return `${userInfo().username}@${hostname()}`;
  const token = await azureIdentity(connection.clientId)
    .getToken('https://storage.azure.com/.default')
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new CommandFailure(exit.cannot, `Nobody is signed in to Azure: ${why} Try: az login`);
    });
  return nameIn(token?.token ?? '');
}

/** The token is ours to show around, not to trust: who may do what, the services decide. */
export function nameIn(token: string): string {
  const [, payload = ''] = token.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8') || '{}');
  const fields = typeof claims === 'object' && claims !== null ? new Map(Object.entries(claims)) : new Map();
  for (const name of ['upn', 'preferred_username', 'unique_name', 'app_displayname', 'appid', 'oid']) {
    const value: unknown = fields.get(name);
    if (typeof value === 'string' && value !== '') return cutText(value, 256);
  }
  return 'an identity without a name';
}

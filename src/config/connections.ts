import { describeValue } from '../domain/looks-like.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { isLoopback, type Reader, toAddress } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';

/** How to reach a service: with a secret, or at `address` with an identity: the managed one of that client id, or whichever is there. */
export type Connection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'identity'; readonly address: string; readonly clientId?: string };

/** `address` is the host name of the namespace. */
export function readServiceBus(reader: Reader, clientId: string | undefined): Connection | undefined {
  return readConnection(
    reader,
    clientId,
    'ServiceBusConnection',
    'ServiceBusConnection__fullyQualifiedNamespace',
    {
      wrongString: wrongServiceBusString,
      address: (text) => (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(text) ? text.toLowerCase() : undefined),
      expected: 'the host name of a namespace alone, like contoso.servicebus.windows.net',
    },
  );
}

/** `address` is the table service's URI. */
export function readTables(reader: Reader, clientId: string | undefined): Connection | undefined {
  return readConnection(reader, clientId, 'TablesConnection', 'TablesConnection__tableServiceUri', {
    wrongString: wrongTablesString,
    address: toAddress,
    expected: 'an https address, like https://account.table.core.windows.net',
  });
}

interface Kind {
  /** What a connection string should be and is not; undefined when it is right. */
  readonly wrongString: (text: string) => string | undefined;
  readonly address: (text: string) => string | undefined;
  readonly expected: string;
}

function readConnection(
  reader: Reader,
  clientId: string | undefined,
  stringName: SettingName,
  addressName: SettingName,
  kind: Kind,
): Connection | undefined {
  const before = reader.problems.length;
  const text = reader.text(stringName);
  const address = reader.parsed(addressName, kind.expected, kind.address);
  if (reader.problems.length > before) return undefined;
  if (text !== undefined && address !== undefined) {
    reader.problems.push(`${stringName} and ${addressName} are both set; expected is one of them.`);
    return undefined;
  }
  if (address !== undefined) return omitUndefined({ kind: 'identity', address, clientId } as const);
  if (text === undefined) {
    reader.problems.push(
      `Neither ${addressName} nor ${stringName} is set; expected is ${kind.expected}, or for local work a connection string.`,
    );
    return undefined;
  }
  const wrong = kind.wrongString(text);
  if (wrong !== undefined) reader.wrong(stringName, describeValue(text), wrong);
  return wrong === undefined ? { kind: 'connection-string', connectionString: text } : undefined;
}

function wrongServiceBusString(text: string): string | undefined {
  const parts = partsOf(text);
  const endpoint = parts.get('endpoint') ?? '';
  const signed = parts.has('sharedaccesskey') || parts.has('sharedaccesssignature');
  if (!/^sb:\/\/[^/]+\/?$/i.test(endpoint) || !signed)
    return 'a connection string: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…';
  if (parts.has('entitypath'))
    return 'a connection string of the namespace: without EntityPath, because the worker uses a queue and a topic';
  if (parts.get('usedevelopmentemulator') === 'true' && !isLoopback(hostOf(endpoint)))
    return 'no UseDevelopmentEmulator for another machine: it would send without TLS';
  return undefined;
}

function wrongTablesString(text: string): string | undefined {
  const parts = partsOf(text);
  if (parts.get('usedevelopmentstorage') === 'true') return undefined;
  const endpoint = parts.get('tableendpoint');
  const signed = parts.has('sharedaccesssignature') || (parts.has('accountname') && parts.has('accountkey'));
  if (!signed || (endpoint === undefined && !parts.has('accountname')))
    return 'a connection string: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net';
  const secure =
    endpoint === undefined
      ? parts.get('defaultendpointsprotocol') !== 'http'
      : toAddress(endpoint) !== undefined;
  return secure ? undefined : 'a connection string with https: plain http is for this machine alone';
}

/** Names in lower case; a value may hold `=`. */
function partsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(';').flatMap((part) => {
      const [name, ...value] = part.split('=');
      return name === undefined || value.length === 0
        ? []
        : [[name.trim().toLowerCase(), value.join('=').trim()] as const];
    }),
  );
}

/** `[::1]:5672` and `127.0.0.1:5672` without the port. */
const hostOf = (endpoint: string): string => endpoint.replace(/^sb:\/\//i, '').replace(/(:\d+)?\/?$/, '');

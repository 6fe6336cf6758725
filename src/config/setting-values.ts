/**
 * What the text of one setting may be. The schema of the settings is built of these; each says in words what it expects, and that
 * ends the sentence about a text that it refuses.
 */
import { existsSync } from 'node:fs';
import * as z from 'zod/mini';

/** A reference that Azure could not resolve reaches the worker as it stands. */
export const isReference = (value: string): boolean => value.startsWith('@Microsoft.KeyVault(');

/** A setting's text, without the space around it. */
export const text = z.string().check(
  z.refine((value) => value.trim() !== '' && !isReference(value), { error: 'a value', abort: true }),
  z.trim(),
);

/** A text that `parse` can read; it answers `undefined` for one that it cannot. */
const parsed = <T>(expected: string, parse: (value: string) => T | undefined) =>
  z.pipe(
    text,
    z.transform((value, { issues }): T => {
      const result = parse(value);
      if (result !== undefined) return result;
      issues.push({ code: 'custom', message: expected, input: value });
      return z.NEVER;
    }),
  );

/** One of these words; `expected` may depend on the word that was found instead. */
export const oneOf = <const Word extends string>(
  words: readonly Word[],
  expected: string | ((found: unknown) => string),
) =>
  z.pipe(
    text,
    z.enum(words, { error: ({ input }) => (typeof expected === 'string' ? expected : expected(input)) }),
  );

/** A text that may stand as it is; `wrong` answers what it should be and is not. */
const checked = (wrong: (value: string) => string | undefined) =>
  text.check(({ value, issues }) => {
    const expected = wrong(value);
    if (expected !== undefined) issues.push({ code: 'custom', message: expected, input: value });
  });

export const wholeNumber = (least: number, most: number, why = '') =>
  parsed(`a whole number from ${least} to ${most}${why}`, (value) => within(/^\d{1,9}$/, value, least, most));

export const decimal = (least: number, most: number, what = 'a number') =>
  parsed(`${what} from ${least} to ${most}`, (value) => within(/^\d{1,9}(\.\d{1,9})?$/, value, least, most));

function within(shape: RegExp, value: string, least: number, most: number): number | undefined {
  const number = shape.test(value) ? Number(value) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

/** In lower case. */
export const guid = (what = 'a GUID, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10') =>
  text.check(z.guid(what), z.toLowerCase());

/** Source: Service Bus, naming rules of queues and topics. */
export const entityName = () =>
  text.check(
    z.regex(
      /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/,
      'the name of a queue or topic: letters, digits and . - _ /, up to 260',
    ),
  );

export const namespaceHost =
  'the host name of a namespace alone, like contoso.servicebus.windows.net' as const;
export const hostName = () =>
  text.check(z.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, namespaceHost), z.toLowerCase());

/** Without a slash at its end. */
export const address = (expected: string) => parsed(expected, toAddress);

/** As `address`, of a service whose paths are its own: one after the host would be dropped. */
export const origin = (expected: string) =>
  parsed(expected, (value) => {
    const found = toAddress(value);
    return found !== undefined && found === new URL(found).origin ? found : undefined;
  });

/** https, or plain http on this machine alone. */
function toAddress(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!secure || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    return undefined;
  let end = url.href.length;
  while (url.href[end - 1] === '/') end -= 1;
  return url.href.slice(0, end);
}

/**
 * A webhook's whole address, or that of its secret in a vault, `https://NAME.vault.azure.net/secrets/notify-url`. https, or plain
 * http on this machine alone.
 */
export const webhook = () =>
  parsed(
    'an https address (plain http for this machine alone) without a user name',
    (value): Webhook | undefined => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
      if (url === undefined || !secure || url.username !== '' || url.password !== '') return undefined;
      const inVault = url.pathname === '/secrets/notify-url' && url.search === '';
      return inVault ? { kind: 'vault', vault: url.origin } : { kind: 'address', address: url.href };
    },
  );

/** Where the webhook's address is. */
export type Webhook =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'vault'; readonly vault: string };

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

/** PEM, its line ends perhaps written as \n, as a one-line setting has them; or the path of such a file. */
export const certificate = () =>
  parsed('PEM with the certificate and its private key, or the path of such a file', (value) => {
    const pem = value.replaceAll('\\n', '\n');
    if (!pem.includes('-----BEGIN')) return existsSync(value) ? value : undefined;
    return pem.includes('BEGIN CERTIFICATE') && pem.includes('PRIVATE KEY') ? pem : undefined;
  });

export const applicationInsightsString = () =>
  checked((value) =>
    /(^|;)InstrumentationKey=[0-9a-f-]{36}(;|$)/i.test(value) &&
    !/IngestionEndpoint=(?!https:\/\/)/i.test(value)
      ? undefined
      : 'a connection string: InstrumentationKey=…;IngestionEndpoint=https://…',
  );

export const serviceBusString = () =>
  checked((value) => {
    const parts = partsOf(value);
    const endpoint = parts.get('endpoint') ?? '';
    const signed = parts.has('sharedaccesskey') || parts.has('sharedaccesssignature');
    if (!/^sb:\/\/[^/]+\/?$/i.test(endpoint) || !signed)
      return 'a connection string: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…';
    if (parts.has('entitypath'))
      return 'a connection string of the namespace: without EntityPath, because the worker uses a queue and a topic';
    // The host of `sb://[::1]:5672/`.
    const host = endpoint.replace(/^sb:\/\//i, '').replace(/(:\d+)?\/?$/, '');
    if (parts.get('usedevelopmentemulator') === 'true' && !isLoopback(host))
      return 'no UseDevelopmentEmulator for another machine: it would send without TLS';
    return undefined;
  });

export const tablesString = () =>
  checked((value) => {
    const parts = partsOf(value);
    if (parts.get('usedevelopmentstorage') === 'true') return undefined;
    const endpoint = parts.get('tableendpoint');
    const named = parts.has('accountname');
    const signed = parts.has('sharedaccesssignature') || (named && parts.has('accountkey'));
    if (!signed || (endpoint === undefined && !named))
      return 'a connection string: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net';
    const secure =
      endpoint === undefined
        ? parts.get('defaultendpointsprotocol') !== 'http'
        : toAddress(endpoint) !== undefined;
    return secure ? undefined : 'a connection string with https: plain http is for this machine alone';
  });

/** Names in lower case; a value may hold `=`. */
const partsOf = (value: string): ReadonlyMap<string, string> =>
  new Map(
    value.split(';').flatMap((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const];
    }),
  );

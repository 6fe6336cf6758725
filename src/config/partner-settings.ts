import { existsSync } from 'node:fs';
import { describeValue } from '../domain/looks-like.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { type Reader, toAddress, toGuid, toOrigin } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';
import { readSignIn, type SignIn } from './sign-in-settings.ts';

interface Cloud {
  /** Base of the API, and the audience of its tokens. */
  readonly api: string;
  readonly authority: string;
  /** What a federated credential of an app registration expects as the audience of its assertion. */
  readonly exchangeAudience: string;
}

/**
 * Source: "Partner Center for national clouds" and "Partner Center authentication" (learn.microsoft.com/partner-center);
 * "Configure an application to trust a managed identity" (learn.microsoft.com/entra).
 * The US Government cloud has its own sign-in and the global API.
 */
const clouds: Readonly<Record<string, Cloud>> = {
  global: {
    api: 'https://api.partnercenter.microsoft.com',
    authority: 'https://login.microsoftonline.com',
    exchangeAudience: 'api://AzureADTokenExchange',
  },
  china: {
    api: 'https://partner.partnercenterapi.microsoftonline.cn',
    authority: 'https://login.partner.microsoftonline.cn',
    exchangeAudience: 'api://AzureADTokenExchangeChina',
  },
  usgovernment: {
    api: 'https://api.partnercenter.microsoft.com',
    authority: 'https://login.microsoftonline.us',
    exchangeAudience: 'api://AzureADTokenExchangeUSGov',
  },
};

/** The app registration, and how it proves who it is. */
export type CredentialConfig = {
  readonly tenantId: string;
  readonly clientId: string;
  /** Where tokens come from, like `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
} & (
  | { readonly kind: 'secret'; readonly clientSecret: string }
  /** PEM with the private key, or the path of such a file. */
  | { readonly kind: 'certificate'; readonly certificate: string }
  | {
      readonly kind: 'federated';
      readonly exchangeAudience: string;
      readonly managedIdentityClientId?: string;
    }
);

export interface PartnerCenterConfig {
  /** Without a slash at its end. */
  readonly api: string;
  /** What tokens are asked for: the cloud's API, whatever `api` is. */
  readonly audience: string;
  readonly credential: CredentialConfig;
  readonly signIn: SignIn;
}

export function readPartnerCenter(
  reader: Reader,
  managedIdentityClientId: string | undefined,
): PartnerCenterConfig | undefined {
  const cloud = readCloud(reader);
  const expected =
    'an https address (plain http for this machine alone) without a path, like https://api.partnercenter.microsoft.com';
  const api = reader.parsed('PARTNER_CENTER_API', expected, toOrigin) ?? cloud?.api;
  const authorityHost = reader.parsed('PARTNER_CENTER_AUTHORITY', expected, toAddress) ?? cloud?.authority;
  const tenantId = readGuid(reader, 'PARTNER_TENANT_ID');
  const clientId = readGuid(reader, 'PARTNER_CLIENT_ID');
  const proof = readProof(reader, cloud, managedIdentityClientId);
  const signIn = readSignIn(reader, managedIdentityClientId);
  if (cloud === undefined || api === undefined || authorityHost === undefined) return undefined;
  if (tenantId === undefined || clientId === undefined || proof === undefined) return undefined;
  if (signIn === undefined) return undefined;
  return { api, audience: cloud.api, credential: { tenantId, clientId, authorityHost, ...proof }, signIn };
}

function readCloud(reader: Reader): Cloud | undefined {
  const name = reader.text('PARTNER_CENTER_CLOUD');
  if (name === undefined) return undefined;
  const cloud = Object.hasOwn(clouds, name) ? clouds[name] : undefined;
  if (cloud === undefined) {
    const closed =
      name === 'germany'
        ? ' (Microsoft has closed the German cloud: its customers are in the global one)'
        : '';
    reader.wrong('PARTNER_CENTER_CLOUD', describeValue(name), `global, china or usgovernment${closed}`);
  }
  return cloud;
}

export function readGuid(reader: Reader, name: SettingName): string | undefined {
  if (reader.required(name) === undefined) return undefined;
  return reader.parsed(name, 'a GUID, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10', toGuid);
}

type Proof =
  | { readonly kind: 'secret'; readonly clientSecret: string }
  | { readonly kind: 'certificate'; readonly certificate: string }
  | {
      readonly kind: 'federated';
      readonly exchangeAudience: string;
      readonly managedIdentityClientId?: string;
    };

function readProof(
  reader: Reader,
  cloud: Cloud | undefined,
  managedIdentityClientId: string | undefined,
): Proof | undefined {
  const kind = reader.text('PARTNER_CREDENTIAL');
  refuseLeftover(reader, kind, 'secret', 'PARTNER_CLIENT_SECRET');
  refuseLeftover(reader, kind, 'certificate', 'PARTNER_CLIENT_CERTIFICATE');
  switch (kind) {
    case 'federated':
      if (cloud === undefined) return undefined;
      return omitUndefined({ kind, exchangeAudience: cloud.exchangeAudience, managedIdentityClientId });
    case 'secret': {
      const clientSecret = reader.required('PARTNER_CLIENT_SECRET');
      return clientSecret === undefined ? undefined : { kind, clientSecret };
    }
    case 'certificate': {
      const certificate = readCertificate(reader);
      return certificate === undefined ? undefined : { kind, certificate };
    }
    case undefined:
      return undefined;
    default:
      reader.wrong('PARTNER_CREDENTIAL', describeValue(kind), 'federated, certificate or secret');
      return undefined;
  }
}

const credentialKinds: readonly string[] = ['federated', 'certificate', 'secret'];

/** A secret that nobody uses is a secret that nobody renews or removes. */
function refuseLeftover(reader: Reader, kind: string | undefined, owner: string, name: SettingName): void {
  if (kind === undefined || kind === owner || reader.text(name) === undefined) return;
  // Any other text is told once, by its length and kind: it may be the secret itself.
  if (!credentialKinds.includes(kind)) return;
  reader.problems.push(
    `${name} is set, but PARTNER_CREDENTIAL is ${kind}; expected is no ${name}, or PARTNER_CREDENTIAL = ${owner}.`,
  );
}

function readCertificate(reader: Reader): string | undefined {
  const name = 'PARTNER_CLIENT_CERTIFICATE';
  if (reader.required(name) === undefined) return undefined;
  return reader.parsed(
    name,
    'PEM with the certificate and its private key, or the path of such a file',
    (text) => {
      // A PEM in a one-line setting has its line ends written as \n.
      const pem = text.replaceAll('\\n', '\n');
      if (!pem.includes('-----BEGIN')) return existsSync(text) ? text : undefined;
      return pem.includes('BEGIN CERTIFICATE') && pem.includes('PRIVATE KEY') ? pem : undefined;
    },
  );
}

/** How the worker reaches Partner Center and proves who it is: made from the settings, with what each cloud of Microsoft's is like. */
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { PartnerSettings } from './setting-rules.ts';

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
const clouds: Readonly<Record<PartnerSettings['PARTNER_CENTER_CLOUD'], Cloud>> = {
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

type Proof =
  | { readonly kind: 'secret'; readonly clientSecret: string }
  /** PEM with the private key, or the path of such a file. */
  | { readonly kind: 'certificate'; readonly certificate: string }
  | {
      readonly kind: 'federated';
      readonly exchangeAudience: string;
      readonly managedIdentityClientId?: string;
    };

interface InVault {
  readonly kind: 'vault';
  readonly holds: 'secret' | 'certificate';
}

interface App {
  readonly tenantId: string;
  readonly clientId: string;
  /** Where tokens come from, like `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
}

/** The app registration, and what proves who it is. */
export type Credential = App & Proof;

/** As the settings have it: what proves it may be in the vault. */
export type CredentialConfig = App & (Proof | InVault);

export interface PartnerCenterConfig {
  /** Without a slash at its end. */
  readonly api: string;
  /** What tokens are asked for: the cloud's API, whatever `api` is. */
  readonly audience: string;
  readonly credential: CredentialConfig;
  /** For whom the tokens are: the app alone, or the app and the person who consented, whose refresh token the vault keeps. */
  readonly signIn: PartnerSettings['PARTNER_SIGN_IN'];
  /** There if anything is read from it. */
  readonly vault?: { readonly address: string; readonly managedIdentityClientId: string | undefined };
}

export function toPartnerCenterConfig(settings: PartnerSettings): PartnerCenterConfig {
  const { AZURE_CLIENT_ID: managedIdentityClientId, PARTNER_VAULT: address } = settings;
  const cloud = clouds[settings.PARTNER_CENTER_CLOUD];
  return {
    api: settings.PARTNER_CENTER_API ?? cloud.api,
    audience: cloud.api,
    credential: {
      tenantId: settings.PARTNER_TENANT_ID,
      clientId: settings.PARTNER_CLIENT_ID,
      authorityHost: settings.PARTNER_CENTER_AUTHORITY ?? cloud.authority,
      ...toProof(settings, cloud),
    },
    signIn: settings.PARTNER_SIGN_IN,
    ...(address === undefined ? {} : { vault: { address, managedIdentityClientId } }),
  };
}

function toProof(settings: PartnerSettings, { exchangeAudience }: Cloud): Proof | InVault {
  const { AZURE_CLIENT_ID: managedIdentityClientId, PARTNER_CREDENTIAL: kind } = settings;
  const { PARTNER_CLIENT_SECRET: clientSecret, PARTNER_CLIENT_CERTIFICATE: certificate } = settings;
  switch (kind) {
    case 'federated':
      return omitUndefined({ kind, exchangeAudience, managedIdentityClientId });
    case 'secret':
      return clientSecret === undefined ? { kind: 'vault', holds: kind } : { kind, clientSecret };
    case 'certificate':
      return certificate === undefined ? { kind: 'vault', holds: kind } : { kind, certificate };
  }
}

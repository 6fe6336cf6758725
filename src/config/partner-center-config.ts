/** How the worker reaches Partner Center and proves who it is: made from the settings, with what each cloud of Microsoft's is like. */
import { omitUndefined } from '../domain/omit-undefined.ts';
import { type PartnerSettings, required } from './setting-rules.ts';

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

/** The app registration, and how it proves who it is. */
export type CredentialConfig = Proof & {
  readonly tenantId: string;
  readonly clientId: string;
  /** Where tokens come from, like `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
};

/** For whom the tokens are: the app alone, or the app and the person who consented, whose refresh token a vault keeps. */
export type SignIn =
  | { readonly kind: 'app' }
  | {
      readonly kind: 'app+user';
      readonly vault: string;
      readonly managedIdentityClientId: string | undefined;
    };

export interface PartnerCenterConfig {
  /** Without a slash at its end. */
  readonly api: string;
  /** What tokens are asked for: the cloud's API, whatever `api` is. */
  readonly audience: string;
  readonly credential: CredentialConfig;
  readonly signIn: SignIn;
}

export function toPartnerCenterConfig(settings: PartnerSettings): PartnerCenterConfig {
  const { AZURE_CLIENT_ID: managedIdentityClientId, PARTNER_SIGN_IN: kind } = settings;
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
    signIn:
      kind === 'app'
        ? { kind }
        : {
            kind,
            vault: required('PARTNER_TOKEN_VAULT', settings.PARTNER_TOKEN_VAULT),
            managedIdentityClientId,
          },
  };
}

function toProof(settings: PartnerSettings, { exchangeAudience }: Cloud): Proof {
  const { AZURE_CLIENT_ID: managedIdentityClientId, PARTNER_CREDENTIAL: kind } = settings;
  switch (kind) {
    case 'federated':
      return omitUndefined({ kind, exchangeAudience, managedIdentityClientId });
    case 'secret':
      return { kind, clientSecret: required('PARTNER_CLIENT_SECRET', settings.PARTNER_CLIENT_SECRET) };
    case 'certificate':
      return {
        kind,
        certificate: required('PARTNER_CLIENT_CERTIFICATE', settings.PARTNER_CLIENT_CERTIFICATE),
      };
  }
}

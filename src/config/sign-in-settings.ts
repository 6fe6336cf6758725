import { type Reader, toAddress } from './setting-reader.ts';

/** For whom the tokens are: the app alone, or the app and the person who consented, whose refresh token a vault keeps. */
export type SignIn =
  | { readonly kind: 'app' }
  | {
      readonly kind: 'app+user';
      readonly vault: string;
      readonly name: string;
      readonly managedIdentityClientId: string | undefined;
    };

export function readSignIn(reader: Reader, managedIdentityClientId: string | undefined): SignIn | undefined {
  const kind = reader.parsed('PARTNER_SIGN_IN', 'app or app+user', (text) =>
    text === 'app' || text === 'app+user' ? text : undefined,
  );
  const vault = reader.parsed(
    'PARTNER_TOKEN_VAULT',
    'the https address of a Key Vault, like https://contoso.vault.azure.net',
    toAddress,
  );
  const name = reader.parsed(
    'PARTNER_TOKEN_SECRET',
    'the name of a Key Vault secret: letters, digits and -, up to 127',
    (text) => (/^[0-9A-Za-z-]{1,127}$/.test(text) ? text : undefined),
  );
  if (kind === 'app') {
    if (vault === undefined) return { kind };
    reader.problems.push(
      'PARTNER_TOKEN_VAULT is set, but PARTNER_SIGN_IN is app; expected is no PARTNER_TOKEN_VAULT, or PARTNER_SIGN_IN = app+user.',
    );
    return undefined;
  }
  if (kind === undefined || name === undefined) return undefined;
  if (reader.required('PARTNER_TOKEN_VAULT') === undefined || vault === undefined) return undefined;
  return { kind, vault, name, managedIdentityClientId };
}

/** What the refusals of Microsoft Entra mean for this worker, each with its remedy. */

import { cutText } from '../../domain/text.ts';

/**
 * What Microsoft Entra's refusals mean for this worker, by AADSTS code, with the remedy. Source: "Microsoft Entra
 * authentication and authorization error codes" (learn.microsoft.com/entra/identity-platform).
 */
const words: Readonly<Record<string, string>> = {
  AADSTS500011:
    'the resource is not in this tenant. Check PARTNER_TENANT_ID, and the scope of the app registration.',
  AADSTS50034: 'the user who consented no longer exists. Consent again as another Admin agent.',
  AADSTS50057:
    'the account of the user who consented is disabled. Enable it, or consent again as another user.',
  AADSTS50076: 'multi-factor authentication is needed. Consent again, and sign in with it.',
  AADSTS50078: 'the multi-factor sign-in has expired by policy. Consent again.',
  AADSTS50079: 'the user must enrol in multi-factor authentication. Enrol, then consent again.',
  AADSTS50173: 'the grant was revoked, often by a change of password. Consent again.',
  AADSTS53000:
    'a Conditional Access policy wants a compliant device. Exempt the app registration, or consent again from where the policy allows it.',
  AADSTS53003:
    'a Conditional Access policy blocks it. Exempt the app registration, or consent again from where the policy allows it.',
  AADSTS54005: 'the authorization code was used twice. Consent again.',
  AADSTS65001: 'nobody has consented for this app registration. Grant admin consent.',
  AADSTS70000: 'the refresh token is not valid for this app registration or scope. Consent again.',
  AADSTS70008: 'the refresh token has expired. Consent again.',
  AADSTS700016: 'the app registration is not in this tenant. Check PARTNER_CLIENT_ID and PARTNER_TENANT_ID.',
  AADSTS700024:
    'the assertion is not in its time. Check the clock of the machine and the end of the certificate.',
  AADSTS700027: 'the certificate is not one of the app registration. Upload its public part there.',
  AADSTS700082: 'the refresh token was not used for 90 days. Consent again.',
  AADSTS700084: 'the refresh token is of a single-page app and lives a day. Consent with a web platform.',
  AADSTS700213:
    'no federated credential of the app registration matches the managed identity. Check issuer, subject and audience.',
  AADSTS70021:
    'no federated credential of the app registration matches the managed identity. Check issuer, subject and audience.',
  AADSTS7000112: 'the app registration is disabled. Enable it in its tenant.',
  AADSTS7000215: 'the client secret is wrong: often its id was copied in place of its value. Set the value.',
  AADSTS7000222: 'the client secret has expired. Make a new one, or better a federated credential.',
  AADSTS7000229: 'the app registration has no service principal in this tenant. Grant admin consent.',
  AADSTS90002: 'there is no such tenant. Check PARTNER_TENANT_ID and PARTNER_CENTER_CLOUD.',
  AADSTS900023: 'the tenant id is not one. Check PARTNER_TENANT_ID.',
  AADSTS90033: 'Microsoft Entra is unavailable for a moment. The worker tries again.',
};

/** The refusal with what it means and what to do, where its code is known; else the text as it came, shortened. */
export function refusalInWords(text: string): string {
  const code = /AADSTS\d{5,7}/.exec(text)?.[0];
  const known = code === undefined ? undefined : words[code];
  // What follows are ids of this one request: with them, each refusal would be an incident of its own.
  const said = cutText((text.split(/[\r\n]| Trace ID/, 1)[0] ?? '').trim(), 300);
  return known === undefined ? said : `${code}: ${known}`;
}

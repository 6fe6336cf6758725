import { Unavailable } from '../unavailable.ts';

/** What a failed send says: `code` is the client's (`MessagingEntityNotFound`, `QuotaExceeded` …), never a secret. */
export function sendFailure(what: 'queue' | 'events', tried: string, error: unknown): Unavailable {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new Unavailable(
    what,
    `Service Bus did not take ${tried}, after the client's own retries: ${code === '' ? '' : `${code}, `}${message.slice(0, 300)}${advice(code)}`,
  );
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

function advice(code: string): string {
  switch (code) {
    case 'MessagingEntityNotFound':
      return ' Create it, or correct its name in the settings.';
    case 'MessagingEntityDisabled':
      return ' Enable it in the portal.';
    case 'QuotaExceeded':
      return ' It is full: look for a subscription that nobody reads.';
    case 'UnauthorizedAccess':
      return ' The worker needs the role "Azure Service Bus Data Sender" on it.';
    default:
      return '';
  }
}

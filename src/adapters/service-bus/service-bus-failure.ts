/** Says in words what a failed send tried, what came back, and what the reader can do. */

import { cutText } from '../../domain/text.ts';
import { Unavailable } from '../../ports/unavailable.ts';

/** What a failed send says: `code` is the client's (`MessagingEntityNotFound`, `QuotaExceeded` …), never a secret. */
export function sendFailure(what: 'queue' | 'events', tried: string, error: unknown): Unavailable {
  // After its last retry the client tells of every try, most often the same.
  const tries: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const code = tries.map(codeOf).find((found) => found !== '') ?? '';
  const words = [...new Set(tries.map(messageOf))].join('; ');
  return new Unavailable(
    what,
    `Service Bus did not take ${tried}, after the client's own retries: ${code === '' ? '' : `${code}, `}${cutText(words, 300)}${advice(code)}`,
  );
}

/** The client's timeout comes without a message. */
const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

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

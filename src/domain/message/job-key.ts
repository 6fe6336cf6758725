import type { CartKey } from './job.ts';

/**
 * Names one job in its record, its schedule entries, wake-ups, events, addresses and commands. Code treats it as opaque:
 * only this file knows what it is made of. Both ids are GUIDs in lower case, so a key is safe in a table key and a URL.
 */
export type JobKey = `${string}:cart:${string}`;

const guid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const pattern = new RegExp(`^(${guid}):cart:(${guid})$`);

export const jobKeyOf = ({ customerId, cartId }: CartKey): JobKey => `${customerId}:cart:${cartId}`;

/** The customer whose partition of the ledger holds the job's record. */
export const customerOf = (key: JobKey): string => key.slice(0, key.indexOf(':'));

/** The key of the job's row inside its customer's partition of the ledger. */
export const recordKeyOf = (key: JobKey): string => key.slice(key.indexOf(':') + 1);

/** The customer and the cart of a job. */
export function cartOf(key: JobKey): CartKey {
  const [customerId = '', , cartId = ''] = key.split(':');
  return { customerId, cartId };
}

/** A job key as a message, a person or another program writes it, in any case; undefined: it is not one. */
export function readJobKey(text: unknown): JobKey | undefined {
  if (typeof text !== 'string') return undefined;
  const [, customerId, cartId] = pattern.exec(text.toLowerCase()) ?? [];
  return customerId === undefined || cartId === undefined ? undefined : jobKeyOf({ customerId, cartId });
}

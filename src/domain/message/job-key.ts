/** The key of a job: what names it in tables, messages, events and commands. */

/**
 * Names one job in its record, its schedule entries, wake-ups, events, addresses and commands. Code treats it as opaque: only this file
 * knows what it is made of. A job that carries a cart has the customer and the cart, one that carries lines the customer and the
 * producer's own number. All parts are in lower case and safe in a table key and a URL.
 */
export type JobKey = `${string}:cart:${string}` | `${string}:order:${string}`;

/** What makes the key of a job: its customer, and its cart or the producer's number. */
export type JobIdentity =
  | { readonly customerId: string; readonly cartId: string }
  | { readonly customerId: string; readonly externalOrderId: string };

const guid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Every character is safe in table keys, addresses, file names and spreadsheets; none is escaped anywhere. */
export const externalOrderIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const cartKey = new RegExp(`^(${guid}):cart:(${guid})$`);
const orderKey = new RegExp(`^(${guid}):order:([a-z0-9][a-z0-9._-]{0,63})$`);

/** Two numbers that differ in the case of letters alone are one number: a list that was typed anew does not buy again. */
export const jobKeyOf = (job: JobIdentity): JobKey =>
  'cartId' in job
    ? `${job.customerId}:cart:${job.cartId}`
    : `${job.customerId}:order:${job.externalOrderId.toLowerCase()}`;

/** The customer whose partition of the ledger holds the job's record. */
export const customerOf = (key: JobKey): string => key.slice(0, key.indexOf(':'));

/**
 * The key of the job's row inside its customer's partition of the ledger. Rows `order:…` are Partner Center's orders, so the row
 * of a job with lines is `job:…`; `cart:…` is the row of a job with a cart, or points to the job that made this cart.
 */
export function recordKeyOf(key: JobKey): string {
  const rest = key.slice(key.indexOf(':') + 1);
  return rest.startsWith('order:') ? `job:${rest.slice('order:'.length)}` : rest;
}

/** The job whose row this is; undefined: it is no key of a record. */
export const jobKeyOfRow = (customerId: string, rowKey: string): JobKey | undefined =>
  readJobKey(`${customerId}:${rowKey.startsWith('job:') ? `order:${rowKey.slice('job:'.length)}` : rowKey}`);

/** What a job key was made of. */
export function identityOf(key: JobKey): JobIdentity {
  const [customerId = '', kind, id = ''] = key.split(':');
  return kind === 'order' ? { customerId, externalOrderId: id } : { customerId, cartId: id };
}

/** A job in words for people: `cart …` or `order number …`. */
export function jobInWords(key: JobKey): string {
  const identity = identityOf(key);
  return 'cartId' in identity ? `cart ${identity.cartId}` : `order number ${identity.externalOrderId}`;
}

/** A job key as a message, a person or another program writes it, in any case; undefined: it is not one. */
export function readJobKey(text: unknown): JobKey | undefined {
  if (typeof text !== 'string') return undefined;
  const key = text.toLowerCase();
  const [, customerId, cartId] = cartKey.exec(key) ?? [];
  if (customerId !== undefined && cartId !== undefined) return jobKeyOf({ customerId, cartId });
  const [, customer, externalOrderId] = orderKey.exec(key) ?? [];
  if (customer === undefined || externalOrderId === undefined) return undefined;
  return jobKeyOf({ customerId: customer, externalOrderId });
}

/** The cart id or the number alone, where the customer is known and the kind does not matter. */
export const idIn = (key: JobKey): string => key.slice(key.lastIndexOf(':') + 1);

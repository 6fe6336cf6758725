/** The orders of Partner Center: statuses, content and ids. */

import { createHash } from 'node:crypto';

/** The statuses that Partner Center documents, in lower case. `unknown`: a word that it does not document, so still pending. */
export const orderStatuses = ['pending', 'completed', 'cancelled', 'unknown'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export interface OrderLine {
  readonly offerId: string;
  readonly quantity: number;
  /** '' when the line has no term (perpetual software). */
  readonly term: string;
  readonly subscriptionId?: string;
  readonly name?: string;
}

/** What is kept of an order: ids, status, totals, subscription ids. */
export interface Order {
  /** Case-sensitive. */
  readonly id: string;
  readonly alternateId?: string;
  readonly customerId?: string;
  readonly status: OrderStatus;
  /** The word on the wire, when it is none that we know. */
  readonly rawStatus?: string;
  readonly billingCycle: string;
  readonly currency?: string;
  readonly totalPrice?: number;
  /** As written on the wire: three forms are known, never compare them as text. */
  readonly creationDate?: string;
  /** Epoch ms of `creationDate`, without a zone as UTC; absent when it cannot be read. */
  readonly createdAt?: number;
  /** The bounds that `creationDate` sets; absent when it proves nothing. */
  readonly created?: { readonly earliest: number; readonly latest: number };
  readonly lines: readonly OrderLine[];
}

const terminal: Readonly<Record<OrderStatus, boolean>> = {
  pending: false,
  completed: true,
  cancelled: true,
  unknown: false,
};

export const isTerminal = (status: OrderStatus): boolean => terminal[status];

/** Whether an order of this status leaves its cart without something that the customer was to get. */
const lacking: Readonly<Record<OrderStatus, boolean>> = {
  pending: false,
  completed: false,
  cancelled: true,
  unknown: false,
};

export const isLacking = (status: OrderStatus): boolean => lacking[status];

/** Status moves forward only: pending to terminal. A terminal order keeps its status whatever a late read says. */
export function forward(known: OrderStatus, read: OrderStatus): OrderStatus {
  // guard: Poll: a status only moves forward
  if (isTerminal(known)) return known;
  return read;
}

/**
 * Order ids are the API's, and may hold any character. Where an id becomes part of a key or of a list, the characters that
 * have no place there are written as `!` and four hex digits. The usual ids, letters and digits, stay as they are.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a key of the Table service holds none of them
const unsafe = /[/\\#?%,!\u0000-\u001f\u007f-\u009f]/g;
const escaped = /!([0-9a-f]{4})/g;

export const escapeOrderId = (id: string): string =>
  id.replace(unsafe, (character) => `!${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const unescapeOrderId = (text: string): string =>
  text.replace(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

/** With the 16 characters of a due time before it, an id of this length fits into a key. */
const maxKeyPart = 180;

/** The id as part of a key: two ids never share one. Of an id that is too long it is a hash. */
export function orderIdKey(id: string): string {
  const text = escapeOrderId(id);
  return text.length <= maxKeyPart ? text : `!sha256:${createHash('sha256').update(id).digest('hex')}`;
}

/** The longest id that is kept. Nobody can name an order by a longer one: an address holds some thousand characters. */
export const maxOrderId = 1_000;

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

/** One request to Partner Center and what came back, as the decoders read it. */

import type { Order } from '../order/order.ts';

/** The ids that one request carries. `requestId` is MS-RequestId, kept in the ledger; `correlationId` is new for every call. */
export interface CallIds {
  readonly correlationId: string;
  readonly requestId?: string;
}

/** How one request ended, before anybody judged it. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** The body as text, a leading BOM removed; `undefined` when it was larger than allowed, cut, or not UTF-8. */
      readonly body: string | undefined;
      /** Why it could not be read, like `it was cut short`. */
      readonly unread?: string;
      /** Retry-After in ms from now, when the header was there and could be read. */
      readonly retryAfterMs?: number;
      readonly cv?: string;
      readonly serverId?: string;
      readonly ms: number;
    }
  | {
      readonly kind: 'no-answer';
      /** `no`: the request's headers were never written (DNS, connect, TLS, no token). */
      readonly executed: 'no' | 'unknown';
      /** In words, without a secret. */
      readonly failure: string;
      /** No token could be had: the credential failed, Partner Center was not asked. */
      readonly credential?: boolean;
      /** `mayLeave` said no: its time had passed while a token was fetched, or a connection made. */
      readonly stale?: boolean;
      readonly ms: number;
    };

/** One order group of a cart: what one order will hold. */
export interface CartGroup {
  readonly group: string;
  readonly billingCycle: string;
  readonly lines: readonly { readonly offerId: string; readonly quantity: number; readonly term: string }[];
}

export interface Cart {
  readonly id: string;
  readonly status: 'active' | 'ordered';
  readonly groups: readonly CartGroup[];
  /** Epoch ms; absent when the cart does not say, or says what cannot be: an old sample has the year 1. */
  readonly expiresAt?: number;
  /** What is wrong with lines and add-ons: such a line is not bought. */
  readonly lineErrors: readonly LineError[];
}

export interface LineError {
  readonly line: string;
  readonly code: string;
  readonly description: string;
}

export interface GroupError {
  readonly group: string;
  readonly code: string;
  readonly description: string;
}

/** `{ code, description }` as services and gateways write it; numbers and strings as codes are one. */
export interface ApiError {
  readonly code: string | undefined;
  readonly description: string;
}

/** What a body of the checkout call, read defensively, says. */
export type CheckoutBody =
  | { readonly kind: 'result'; readonly orders: readonly Order[]; readonly errors: readonly GroupError[] }
  | { readonly kind: 'error'; readonly error: ApiError }
  | { readonly kind: 'unreadable'; readonly why: string };

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  /** `incomplete`: it can be read, and says that it is not the whole. */
  | { readonly ok: false; readonly why: string; readonly incomplete?: boolean };

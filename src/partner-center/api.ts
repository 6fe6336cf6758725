import type { Order } from '../orders/order.ts';

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
      /** The first bytes of the body, for the books, when it could not be read. At most 4 KiB. */
      readonly raw?: Uint8Array;
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

export interface SendOptions {
  readonly ids: CallIds;
  /** Asks the credential for a token that is not the cached one: the last one was refused. */
  readonly renewToken?: boolean;
  /** Asked when token and connection are at hand, in the instant before the request leaves: nothing is awaited after it says yes. */
  readonly mayLeave?: () => boolean;
}

/** The four requests that the worker makes. None of them throws for what the network or the API does. */
export interface PartnerCenter {
  /** `POST /v1/customers/{customer}/carts/{cart}/checkout`: the paid call. Never retried inside. */
  checkout(customerId: string, cartId: string, options: SendOptions): Promise<Exchange>;
  cart(customerId: string, cartId: string, options: SendOptions): Promise<Exchange>;
  order(customerId: string, orderId: string, options: SendOptions): Promise<Exchange>;
  orders(customerId: string, options: SendOptions): Promise<Exchange>;
}

/** The token that the requests need. */
export interface Tokens {
  /**
   * Resolves when a token is at hand, so that the request that follows leaves at once; to be asked before a slot is taken, because
   * a slot does not live as long as a token may take. `renew`: the last token was refused. False: the request itself has to ask for
   * one, and tells why there is none. Never throws.
   */
  ready(options: { readonly renew: boolean }): Promise<boolean>;
}

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

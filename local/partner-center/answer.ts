import { errorBody, gatewayBody, type Json } from './wire.ts';

/** What goes back to the client, before its shape is spoiled by faults. */
export interface Answer {
  readonly http: number;
  readonly body?: Json;
  readonly code?: number | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The connection is cut instead. */
export const dropped = 'dropped';

export type Reply = Answer | typeof dropped;

export const ok = (body: Json, http = 200): Answer => ({ http, body });

export const refusal = (http: number, code: number | string, description: string): Answer => ({
  http,
  code,
  body: errorBody(code, description),
});

/** An answer of the gateway: it has no code. */
export const gatewayRefusal = (
  http: number,
  message: string,
  headers: Record<string, string> = {},
): Answer => ({
  http,
  body: gatewayBody(http, message),
  headers,
});

/** 401 as the reference prints it: the realm names the partner. */
export const unauthorized = (tenantId: string, code?: number, description = 'Unauthorized'): Answer => ({
  ...(code === undefined
    ? gatewayRefusal(401, 'Access denied due to invalid or expired token.')
    : refusal(401, code, description)),
  headers: { 'WWW-Authenticate': `OAuth realm=urn:cpsvc:cpid:{${tenantId}}` },
});

export const cartNotFound = (cartId: string): Answer =>
  refusal(404, 800008, `Cart ${cartId} cannot be retrieved.`);

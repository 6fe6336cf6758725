import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Sandbox } from '../../local/partner-center/sandbox.ts';

/** A body as the tests look at it: of the fields of all bodies those that they name. */
export interface Body {
  readonly id: string;
  readonly alternateId: string;
  readonly status: string;
  readonly creationDate: string;
  readonly totalCount: number;
  readonly code: number | string;
  readonly orders: readonly Body[];
  readonly orderErrors: readonly { orderGroupId: string; code: number }[];
  readonly items: readonly Body[];
  readonly lineItems: readonly Line[];
  readonly links: object;
}

interface Line {
  readonly catalogItemId: string;
  readonly quantity: number;
  readonly orderGroup: string;
  readonly error?: { errorCode: number };
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** Switches of a Partner Center that answers at once and shows everything at once. */
export const instant = {
  latency: { checkoutBase: 0, perGroup: [0, 0], sigma: 0, read: [0, 0] },
  listLag: [0, 0],
} satisfies Parameters<Sandbox['set']>[0];

export async function call(
  sandbox: Sandbox,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: unknown; signal?: AbortSignal } = {},
): Promise<Got> {
  const response = await fetch(`${sandbox.apiBase}${path}`, {
    method,
    redirect: 'manual',
    signal: options.signal ?? AbortSignal.timeout(10_000),
    headers: {
      Authorization: `Bearer ${sandbox.token()}`,
      'MS-RequestId': randomUUID(),
      'MS-CorrelationId': randomUUID(),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = Buffer.from(await response.arrayBuffer()).toString();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** The body when it is JSON; when it is not, one without fields, whose text the test looks at. */
function parsed(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse('{}');
  }
}

export const cartPath = (cart: { customerId: string; cartId: string }): string =>
  `/v1/customers/${cart.customerId}/carts/${cart.cartId}`;

export const checkout = (
  sandbox: Sandbox,
  cart: { customerId: string; cartId: string },
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Got> =>
  call(sandbox, 'POST', `${cartPath(cart)}/checkout`, { headers, ...(signal ? { signal } : {}) });

export async function fixture(name: string): Promise<Body> {
  return JSON.parse(await readFile(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** The shape of a value: the names of its fields, the types of its leaves, the shapes of a list's items in order. */
export function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shape(field)]));
}

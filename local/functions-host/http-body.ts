import type { IncomingMessage } from 'node:http';
import { HostStartError } from './errors.ts';
import { type Environment, setting } from './settings.ts';

export type Body = Uint8Array;

/** What the host takes without this setting: 100 MiB. */
const defaultLimit = 104_857_600;

/** The app setting by which Azure's host bounds a request's body, in bytes. */
export function bodyLimit(env: Environment): number {
  const text = setting(env, 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT');
  if (text === undefined) return defaultLimit;
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new HostStartError(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is "${text}"; expected: a number of bytes.`);
  return Number(text);
}

/**
 * The body, as far as the worker gets it: one that comes in chunks, without a length, arrives empty there. One that is too
 * large is refused by its length, unread.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Body | 'too-large'> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limit) return 'too-large';
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not end the connection: the answer goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) return 'too-large';
    chunks.push(bytes);
  }
  return request.headers['content-length'] === undefined ? new Uint8Array() : Buffer.concat(chunks);
}

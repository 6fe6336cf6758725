import { subscribe } from 'node:diagnostics_channel';

/**
 * Whether the headers of a request were written to its socket: the one sure sign that Partner Center may have acted on it.
 * Error codes cannot tell: ECONNRESET comes before and after. Source: undici's diagnostics channels, which Node's own fetch
 * publishes on.
 */
const waiting = new Map<string, { written: boolean }>();
let subscribed = false;

function onHeaders(message: unknown): void {
  if (typeof message !== 'object' || message === null || !('headers' in message)) return;
  const id = /\r\nms-correlationid: ([0-9a-f-]{36})\r\n/i.exec(`\r\n${String(message.headers)}\r\n`)?.[1];
  const watched = id === undefined ? undefined : waiting.get(id.toLowerCase());
  if (watched !== undefined) watched.written = true;
}

/** Watches the request with this MS-CorrelationId until `stop` is called. */
export function watchHeaders(correlationId: string): {
  readonly written: () => boolean;
  readonly stop: () => void;
} {
  if (!subscribed) subscribe('undici:client:sendHeaders', onHeaders);
  subscribed = true;
  const watched = { written: false };
  waiting.set(correlationId.toLowerCase(), watched);
  return { written: () => watched.written, stop: () => waiting.delete(correlationId.toLowerCase()) };
}

/** Reads the body of an answer up to a limit, and says why where it is no text. */

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { cutText } from '../../domain/text.ts';

/** A body that came whole and is text, or else why it cannot be read. */
export type ReadBody = { readonly text: string } | { readonly text: undefined; readonly why: string };

/**
 * Reads a body up to a limit; one that is longer, ends early or is no UTF-8 is not read to its end, or not believed.
 * `encoding` is its Content-Encoding: no compressed answer is asked for, and some proxies compress all the same. The limit
 * holds before and after.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  encoding = '',
): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const unread = (why: string): ReadBody => ({ text: undefined, why });
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.byteLength;
      // Leaving the loop cancels the body, and so ends the connection.
      if (size > maxBytes) return unread(`it is larger than ${maxBytes} bytes`);
    }
  } catch {
    return unread('it was cut short');
  }
  let bytes: Uint8Array = Buffer.concat(chunks);
  // The last encoding was applied last. An empty body has nothing to undo.
  for (const name of bytes.byteLength === 0 ? [] : encodingsIn(encoding)) {
    const decode = decoders.get(name);
    if (decode === undefined)
      return unread(`it has the content encoding ${cutText(name, 64)}, which nobody asked for`);
    try {
      bytes = await decode(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      const isLarger = error instanceof RangeError;
      return unread(
        isLarger ? `it is larger than ${maxBytes} bytes` : `its content encoding ${name} cannot be undone`,
      );
    }
  }
  try {
    // Takes a leading BOM off: the API has been seen to send one.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return unread('it is not UTF-8 text');
  }
}

/** More than a proxy or two in a row would add is not an answer. */
const maxEncodings = 3;

const encodingsIn = (header: string): readonly string[] =>
  header
    .split(',', maxEncodings + 1)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();

type Decoder = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const gunzipped: Decoder = promisify(gunzip);
const inflated: Decoder = promisify(inflate);
const inflatedRaw: Decoder = promisify(inflateRaw);

const decoders: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', gunzipped],
  ['x-gzip', gunzipped],
  // RFC 9110, 8.4.1.2: some send it without the zlib header.
  ['deflate', (bytes, options) => (isZlib(bytes) ? inflated : inflatedRaw)(bytes, options)],
  ['br', promisify(brotliDecompress) satisfies Decoder],
]);

/** RFC 1950, 2.2. */
const isZlib = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;

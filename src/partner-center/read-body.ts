/** A body that came whole and is text, or else what it began with. */
export type ReadBody =
  | { readonly text: string }
  | { readonly text: undefined; readonly raw: Uint8Array; readonly why: string };

const keptRaw = 4 * 1024;

/** Reads a body up to a limit; one that is longer, ends early or is no UTF-8 is not read to its end, or not believed. */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const unread = (why: string): ReadBody => ({
    text: undefined,
    raw: Buffer.concat(chunks).subarray(0, keptRaw),
    why,
  });
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
  try {
    // Takes a leading BOM off: the API has been seen to send one.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch {
    return unread('it is not UTF-8 text');
  }
}

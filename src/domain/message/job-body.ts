/** What a body is that holds no job, in words for the producer who has to change it. */

const expected = 'expected: one JSON object, like {"customerId": "…", "cartId": "…"}';

/** Of a JSON value that is no object. */
export function notAnObject(value: unknown): string {
  if (value === null) return `the body is null; ${expected}`;
  if (Array.isArray(value))
    return `the body is a JSON list of ${value.length}; ${expected}: one message is one job`;
  if (typeof value !== 'string') return `the body is the JSON ${typeof value} ${String(value)}; ${expected}`;
  if (isJsonObject(value))
    return `the body is a JSON text that holds a JSON object: it was written as JSON twice; ${expected}`;
  return `the body is a JSON text${textLooksLike(value)}; ${expected}`;
}

/** Of a text that is not JSON. Empty: nobody knows. */
export function textLooksLike(text: string): string {
  const start = text.slice(0, 200).trimStart();
  if (holdsNetPrefix(start)) return netPrefix;
  if (start.startsWith('<')) return ' but XML or HTML';
  if (text.includes('\0')) return ' but UTF-16 or a binary format: send it as UTF-8';
  if (isBase64(text) && isJsonObject(Buffer.from(text, 'base64').toString('utf8')))
    return ' but base64 of a JSON object: send the JSON itself';
  if (/^[\w.-]+=/.test(start)) return ' but a form (name=value)';
  return '';
}

/** Of bytes that are no UTF-8. */
export function bytesLookLike(body: Uint8Array): string {
  if (body[0] === 0x1f && body[1] === 0x8b) return ' but compressed with gzip: send it as it is';
  if ((body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff))
    return ' but UTF-16: send it as UTF-8';
  return holdsNetPrefix(Buffer.from(body.subarray(0, 200)).toString('latin1')) ? netPrefix : '';
}

/** What BrokeredMessage of the old .NET library writes before a body that it was given as an object and not as a stream. */
const holdsNetPrefix = (start: string): boolean =>
  /^@.{0,80}schemas\.microsoft\.com\/2003\/10\/Serialization/s.test(start);
const netPrefix =
  ' but begins with the prefix of the DataContractSerializer of .NET (@string … Serialization/): send the JSON as a stream or as bytes, not as an object';

const isBase64 = (text: string): boolean => {
  const bare = text.trim();
  return bare.length >= 8 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(bare);
};

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

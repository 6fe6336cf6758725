import { createHash } from 'node:crypto';

/**
 * Order ids are the API's, and may hold any character. Where an id becomes part of a key or of a list, the characters that
 * have no place there are written as `!` and four hex digits. The usual ids, letters and digits, stay as they are.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a key of the Table service holds none of them
const unsafe = /[/\\#?%,!\u0000-\u001f\u007f-\u009f]/g;
const escaped = /!([0-9a-f]{4})/g;

export const escapeOrderId = (id: string): string =>
  id.replace(unsafe, (character) => `!${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const unescapeOrderId = (text: string): string =>
  text.replace(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

/** With the 16 characters of a due time before it, an id of this length fits into a key. */
const maxKeyPart = 180;

/** The id as part of a key: two ids never share one. Of an id that is too long it is a hash. */
export function orderIdKey(id: string): string {
  const text = escapeOrderId(id);
  return text.length <= maxKeyPart ? text : `!sha256:${createHash('sha256').update(id).digest('hex')}`;
}

/** The longest id that is kept. Nobody can name an order by a longer one: an address holds some thousand characters. */
export const maxOrderId = 1_000;

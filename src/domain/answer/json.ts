import { cutText } from '../text.ts';

/** An object of the API with its keys in lower case: the documentation and the samples spell them in several ways. */
export type Fields = ReadonlyMap<string, unknown>;

/** Undefined when the text is no JSON object. One BOM in front is taken off: the API has been seen to send it. */
export function parseObject(body: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.startsWith('\uFEFF') ? body.slice(1) : body);
  } catch {
    return undefined;
  }
  return fieldsOf(value);
}

export function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) fields.set(key.toLowerCase(), field);
  return fields;
}

/** Absent and null are one. */
export const has = (fields: Fields, key: string): boolean => (fields.get(key) ?? undefined) !== undefined;

/** Well-formed, whatever came: what is kept goes on into keys, headers and events. */
export function textIn(fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

/** Numbers and strings as one: error codes and ids come as both. */
export function codeIn(fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value.trim() !== '' ? cutText(value.trim(), 64) : undefined;
}

export function numberIn(fields: Fields, key: string): number | undefined {
  const value = fields.get(key);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** An absent list is an empty one; undefined: it is there and no list. */
export function listIn(fields: Fields, key: string): readonly unknown[] | undefined {
  if (!has(fields, key)) return [];
  const value = fields.get(key);
  return Array.isArray(value) ? value : undefined;
}

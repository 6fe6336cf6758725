/** Splits long texts and bytes over several properties of a row, and joins them again. */

import type { Properties } from '../../ports/table.ts';

/** One property holds 64 KiB: 32,768 UTF-16 units, or 65,536 bytes. Source: Table service data model, property limits. */
const unitsPerChunk = 32_768;
const bytesPerChunk = 65_536;
/** A row holds 1 MiB; the rest is left for its columns. */
export const maxRowBytes = 900 * 1024;

/** Bytes that a text takes in a row: strings are kept as UTF-16. */
export const storedBytes = (text: string): number => text.length * 2;

/** `text` over the properties `name`, `name1`, `name2` …; a surrogate pair is never split. */
export function splitText(name: string, text: string): Record<string, string> {
  const chunks: Record<string, string> = {};
  let start = 0;
  for (let index = 0; index === 0 || start < text.length; index++) {
    let end = Math.min(start + unitsPerChunk, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    chunks[chunkName(name, index)] = text.slice(start, end);
    start = end;
  }
  return chunks;
}

/** `undefined` when the first property is missing or one of them is no text. */
export function joinText(name: string, properties: Properties): string | undefined {
  let text = '';
  for (let index = 0; ; index++) {
    const chunk = properties[chunkName(name, index)];
    if (chunk === undefined) return index === 0 ? undefined : text;
    if (typeof chunk !== 'string') return undefined;
    text += chunk;
  }
}

export function splitBytes(name: string, bytes: Uint8Array): Record<string, Uint8Array> {
  const chunks: Record<string, Uint8Array> = {};
  for (let index = 0; index === 0 || index * bytesPerChunk < bytes.byteLength; index++)
    chunks[chunkName(name, index)] = bytes.subarray(index * bytesPerChunk, (index + 1) * bytesPerChunk);
  return chunks;
}

export function joinBytes(name: string, properties: Properties): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  for (let index = 0; ; index++) {
    const chunk = properties[chunkName(name, index)];
    if (chunk === undefined) break;
    if (!(chunk instanceof Uint8Array)) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

const chunkName = (name: string, index: number): string => (index === 0 ? name : `${name}${index}`);
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

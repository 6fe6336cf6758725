/** Promise: a body is read whole, or the reason is kept. */

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readBody } from '../../src/adapters/http/read-body.ts';

const text = '{"id":"Order-1","name":"é"}';
async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.byteLength; at += 7) yield bytes.subarray(at, at + 7);
}
const read = (bytes: Uint8Array, encoding: string | undefined, most = 1_000) =>
  readBody(pieces(bytes), most, encoding);

test.each<[string, Uint8Array]>([
  ['gzip', gzipSync(text)],
  ['GZIP', gzipSync(text)],
  ['x-gzip', gzipSync(text)],
  ['deflate', deflateSync(text)],
  ['deflate', deflateRawSync(text)],
  ['br', brotliCompressSync(text)],
  ['identity', Buffer.from(text)],
  ['', Buffer.from(text)],
  ['deflate, gzip', gzipSync(deflateSync(text))],
])('an answer that is compressed though nobody asked for it is read: %s', async (encoding, bytes) => {
  expect(await read(bytes, encoding)).toEqual({ text });
});

test('an empty body has nothing to undo', async () => {
  expect(await read(new Uint8Array(), 'gzip')).toEqual({ text: '' });
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const)('a few bytes of %s that would become many are not undone', async (encoding, compress) => {
  const bomb = compress(Buffer.alloc(20_000_000));
  expect(bomb.byteLength).toBeLessThan(100_000);
  expect(await read(bomb, encoding, 100_000)).toMatchObject({
    text: undefined,
    why: 'it is larger than 100000 bytes',
  });
});

test('what cannot be undone is no text, and says why', async () => {
  expect(await read(gzipSync(text).subarray(0, 20), 'gzip')).toMatchObject({
    text: undefined,
    why: expect.stringContaining('gzip'),
  });
  expect(await read(Buffer.from(text), 'gzip')).toMatchObject({ text: undefined });
  expect(await read(Buffer.from(text), 'zstd')).toMatchObject({
    text: undefined,
    why: expect.stringContaining('zstd'),
  });
  expect(await read(Buffer.from(text), 'gzip, gzip, gzip, gzip, gzip')).toMatchObject({ text: undefined });
});

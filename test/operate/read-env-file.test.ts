/** Promise: a settings file is read as people's tools write it; nothing of it is lost without a word. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvFile } from '../../src/cli/session/read-env-file.ts';
import { findSettings } from '../../src/cli/session/settings-file.ts';

const text = 'CHECKOUT_QUEUE="night jobs"\r\nTablesConnection=UseIt\r\n';
const settings = { CHECKOUT_QUEUE: 'night jobs', TablesConnection: 'UseIt' };

test.each([
  ['UTF-8 and lines of Windows', Buffer.from(text)],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
  ['UTF-16 of Windows PowerShell', Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ['lines of Unix, no line end at the end', Buffer.from(text.replaceAll('\r', '').trimEnd())],
])('%s', (_, bytes) => {
  expect(readEnvFile(bytes)).toEqual(settings);
});

test.each([
  ['A="a \\"b\\" \\$c \\`d\\` \\!e \\\\f"', 'a "b" $c `d` !e \\f'],
  ['A="one\\ntwo"', 'one\ntwo'],
  ["A='$c \\n'", '$c \\n'],
  ['A=Endpoint=sb://x/;SharedAccessKey=ab+/=#c==', 'Endpoint=sb://x/;SharedAccessKey=ab+/=#c=='],
  ['A=b # what it is', 'b'],
  ['A="b # c" # what it is', 'b # c'],
  ['export A = b', 'b'],
  ['A=', ''],
  ['# A=no\n\nA=b', 'b'],
])('%s', (line, value) => {
  expect(readEnvFile(Buffer.from(line))).toEqual({ A: value });
});

test.each([
  ['UTF-16 without its mark', Buffer.from(text, 'utf16le'), /without a byte order mark/],
  ['Windows-1252', Buffer.from('A=M\xfcller', 'latin1'), /not UTF-8/],
])('%s is refused', (_, bytes, words) => {
  expect(() => readEnvFile(bytes)).toThrow(words);
});

test('a settings file that is not there, and a folder in its place, are told in words', () => {
  const find = (file: string) => () => findSettings(file, {}, import.meta.dirname, () => false);
  expect(find(join(import.meta.dirname, 'no.env'))).toThrow(
    /can be read \(there is no such file or folder\)/,
  );
  expect(find(import.meta.dirname)).toThrow(/can be read \(it is a folder\)/);
});

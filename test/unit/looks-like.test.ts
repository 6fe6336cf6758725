/** Promise: no error shows a piece of a value that may be secret. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeValue, withoutValues } from '../../src/domain/looks-like.ts';

test.each([
  ['', 'empty'],
  ['   ', 'blank (3 characters)'],
  ['x', 'a text of 1 character that looks like a single letter (not shown)'],
  ['7', 'a single digit'],
  ['7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10', 'a GUID'],
  ['{7C1F0A52-6D0E-4B7E-9A43-5E2F8B6F1D10}', 'a GUID'],
  ['-----BEGIN PRIVATE KEY-----MII', 'a private key in PEM'],
  ['-----BEGIN CERTIFICATE-----MII', 'a PEM'],
  ['{"a":1}', 'JSON'],
  ['Endpoint=sb://c.servicebus.windows.net/;SharedAccessKeyName=w;SharedAccessKey=k=', 'a connection string'],
  ['DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b', 'a connection string'],
  ['https://u:p@gw.contoso.com', 'a URL with credentials'],
  ['https://a.table.core.windows.net/?sv=1&sig=x', 'a URL with credentials'],
  ['https://a.net/?a=b', 'a URL with a query'],
  ['ftp://a.net', 'a URL'],
  ['eyJhbGciOi.eyJzdWIi.c2ln', 'a token (JWT)'],
  ['TRUE', 'true or false in other letters'],
  ['180', 'a whole number'],
  ['1e2', 'a number'],
  ['3 minutes', 'a length of time'],
  ['contoso.onmicrosoft.com', 'a host name'],
  ['mars', 'one word'],
  ['Zq8Q~S3cr3tValue.OfTheApp_Registration012', 'a text of 41 characters (not shown)'],
])('%s: %s', (text, expected) => {
  expect(describeValue(text)).toContain(expected);
});

test('no piece of six characters of a value is shown, whatever it looks like', () => {
  const random = fc.string({ minLength: 6, unit: fc.constantFrom(...'QZXJKVW0123456789+/=~_.;:@-') });
  const shape = fc.constantFrom(
    (text: string) => text,
    (text: string) => `https://user:${text}@host.net`,
    (text: string) => `-----BEGIN PRIVATE KEY-----${text}`,
    (text: string) => `{"key":"${text}"}`,
    (text: string) => `Endpoint=sb://h/;SharedAccessKey=${text}`,
  );
  fc.assert(
    fc.property(random, shape, (text, shaped) => {
      const shown = describeValue(shaped(text));
      for (let at = 0; at + 6 <= text.length; at += 1) expect(shown).not.toContain(text.slice(at, at + 6));
    }),
  );
});

test('a library’s sentence loses what it quotes of a value, in part and in other letters', () => {
  const values = ['Endpoint=sb://h.net/;SharedAccessKey=S3cr3tKeyS3cr3tKey=', 'short'];
  expect(withoutValues('The key s3cr3tkeys3cr is malformed: short.', values)).toBe(
    'The key (not shown) is malformed: short.',
  );
  expect(withoutValues('Nothing of it.', values)).toBe('Nothing of it.');
});

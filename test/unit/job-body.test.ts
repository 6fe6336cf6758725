/** Promise: the producer of a bad body is told what it is. */

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readSubmission } from '../../src/api/submission.ts';
import { checkJob, decodeJob } from '../../src/domain/message/job.ts';
import { repeatedField } from '../../src/domain/message/repeated-field.ts';
import { checkList } from '../../src/operator/list/check-list.ts';
import { readList } from '../../src/operator/list/read-list.ts';

const job = {
  customerId: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  cartId: '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
};
const json = JSON.stringify(job);
const netPrefix = '@\u0006string\b3http://schemas.microsoft.com/2003/10/Serialization/';

/** What a producer is told, in a message and over HTTP. */
function reasons(body: Uint8Array): readonly string[] {
  const decoded = decodeJob(body);
  const submitted = readSubmission(body);
  return [
    decoded.ok ? 'taken' : decoded.rejection.reason,
    submitted.ok ? 'taken' : (submitted.problems[0]?.reason ?? ''),
  ];
}

describe('a field that stands twice is refused by its path: the last one would count, and buy', () => {
  const { customerId, cartId } = job;
  const twice = `{"customerId":"${customerId}","cartId":"${cartId}", "cart\\u0049d" : "${customerId}"}`;
  test('in a message, over HTTP and in a list', async () => {
    const told = { path: 'cartId', reason: 'the field "cartId" stands twice: write it once' };
    const body = Buffer.from(twice);
    expect(decodeJob(body)).toMatchObject({ ok: false, rejection: { kind: 'not-valid', ...told } });
    expect(readSubmission(body)).toMatchObject({ ok: false, problems: [told] });
    const listed = readSubmission(Buffer.from(`[${json},${twice}]`));
    expect(listed).toMatchObject({ ok: false, problems: [{ path: '[1].cartId' }] });
    const list = await checkList(
      readList(
        (async function* () {
          yield Buffer.from(`${json}\n${twice}\n`);
        })(),
      ),
      {},
    );
    expect(list.problems).toMatchObject([{ line: 2, field: 'cartId', reason: told.reason }]);
  });
  test.each([
    ['{"a":{"b":1,"b":2}}', 'a.b'],
    ['{"lines":[{"sku":"1"},{"sku":"2","sku":"3"}]}', 'lines[1].sku'],
    ['{"":1,"":2}', ''],
    ['{"a":"\\\\","a":1}', 'a'],
  ])('%s', (text, path) => {
    expect(repeatedField(text)).toBe(path);
  });
  test.each([
    '{"a":"a","b":{"a":["a",{"a":1},{"a":2}]}}',
    '["a","a"]',
    '{"":"a","a":1}',
    '{"a":"\\"a\\":","b":"a"}',
    '"a"',
    '[[],[]]',
  ])('%s has none', (text) => {
    JSON.parse(text);
    expect(repeatedField(text)).toBeUndefined();
  });
});

describe('a body that is no job: its producer is told what it is', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['JSON written twice', JSON.stringify(json), /JSON text.*written as JSON twice.*one JSON object/],
    ['a JSON text', '"hello"', /a JSON text; expected: one JSON object/],
    ['a JSON text of base64', JSON.stringify(Buffer.from(json).toString('base64')), /JSON text but base64/],
    ['null', 'null', /the body is null/],
    ['a number', '42', /the JSON number 42/],
    ['true', 'true', /the JSON boolean true/],
    ['base64', Buffer.from(json).toString('base64'), /base64 of a JSON object/],
    ['the prefix of .NET', `${netPrefix}\u009a\u0001${json}\u0001`, /DataContractSerializer/],
    [
      'the prefix of .NET with its length as a byte',
      Buffer.concat([Buffer.from(netPrefix), Buffer.from([0x9a, 0x01]), Buffer.from(json)]),
      /DataContractSerializer/,
    ],
    ['XML', '<?xml version="1.0"?><job/>', /XML/],
    ['a form', 'customerId=1&cartId=2', /a form/],
    ['gzip', gzipSync(json), /gzip/],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${json}`, 'utf16le'), /UTF-16/],
    ['UTF-16 without one', Buffer.from(json, 'utf16le'), /UTF-16/],
  ])('%s', (_name, body, reason) => {
    for (const told of reasons(Buffer.from(body))) {
      expect(told).toMatch(reason);
      expect(told).not.toContain('Invalid input');
    }
  });
  test('a list is refused in a message, and told what it is within a list', () => {
    expect(reasons(Buffer.from(`[${json}]`))[0]).toMatch(/a JSON list of 1.*one message is one job/);
    expect(reasons(Buffer.from(`[[${json}]]`))[1]).toMatch(/a JSON list of 1/);
  });
  test('nothing that a JSON value may be is "Invalid input"', () => {
    for (const value of [
      undefined,
      null,
      0,
      '',
      [],
      {},
      true,
      { customerId: null, cartId: {} },
      { ...job, batchSize: 'x' },
    ]) {
      const checked = checkJob(value);
      if (checked.ok) throw new Error('it is no job');
      for (const { reason } of checked.problems) expect(reason).not.toContain('Invalid');
    }
  });
});

describe('null in an optional field counts as absent', () => {
  const nulls = {
    batchId: null,
    batchSize: null,
    reference: null,
    notBefore: null,
    notAfter: null,
    requestedBy: null,
    correlationId: null,
  };
  const body = Buffer.from(JSON.stringify({ ...job, ...nulls }));
  test('in a message', () => {
    expect(decodeJob(body)).toEqual({ ok: true, job });
  });
  test('over HTTP', () => {
    expect(readSubmission(body)).toMatchObject({ ok: true, jobs: [{ job }] });
  });
  test('in a list, whose jobs are the same as without', async () => {
    const check = async (line: unknown) => {
      const bytes = async function* () {
        yield Buffer.from(JSON.stringify(line));
      };
      return checkList(readList(bytes()), {});
    };
    expect(await check({ ...job, ...nulls })).toEqual(await check(job));
  });
  test('but in an id it is an error that says so', () => {
    expect(checkJob({ ...job, cartId: null })).toMatchObject({
      ok: false,
      problems: [{ path: 'cartId', reason: expect.stringContaining('null') }],
    });
  });
});

test.each(['reference', 'requestedBy'])('half of a character in %s is refused', (field) => {
  expect(
    decodeJob(
      Buffer.from(`{"customerId":"${job.customerId}","cartId":"${job.cartId}","${field}":"Contoso \\ud83d"}`),
    ),
  ).toMatchObject({
    ok: false,
    rejection: { path: field, reason: expect.stringContaining('half of a character') },
  });
  expect(checkJob({ ...job, [field]: 'Contoso \u{1f600}' })).toMatchObject({ ok: true });
});

test('what a rejection says is well-formed, though the body is not and the reason is cut', () => {
  for (const name of ['\\ud83d', `${'a'.repeat(127)}\u{1f600}`]) {
    const decoded = decodeJob(Buffer.from(`{"${name}":1}`));
    if (decoded.ok) throw new Error('it is no job');
    expect(decoded.rejection.path.isWellFormed() && decoded.rejection.reason.isWellFormed()).toBe(true);
  }
  for (let before = 0; before < 40; before += 1) {
    const decoded = decodeJob(Buffer.from(`${' '.repeat(before)}{"a":\u{1f600}\u{1f600}\u{1f600}`));
    expect(!decoded.ok && decoded.rejection.reason.isWellFormed()).toBe(true);
  }
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lookUpGroup } from '../../src/checkout/error-codes.ts';
import { answeredWithCode, judge, judgeRead } from '../../src/checkout/judge.ts';
import type { Exchange } from '../../src/partner-center/api.ts';
import { decodeOrder } from '../../src/partner-center/decode.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
const sent = { ids: { correlationId: 'c', requestId: 'r' }, at: 100 };
const answer = (status: number, body?: string, more: Partial<Exchange> = {}): Exchange =>
  ({ kind: 'answer', status, body, ms: 7, ...more }) as Exchange;
const judged = (exchange: Exchange) => judge(exchange, sent);
const silence = (executed: 'no' | 'unknown', credential = false): Exchange => ({
  kind: 'no-answer',
  executed,
  failure: 'ECONNRESET',
  ms: 7,
  ...(credential ? { credential } : {}),
});

interface CodeRow {
  readonly http: number;
  readonly code: number | null;
  readonly class: string;
  readonly scope: string;
  readonly note?: string;
}

/** The classes as the facts were collected, against what the worker makes of them. */
function expected(row: CodeRow): readonly string[] {
  switch (row.class) {
    case 'in-progress':
      return [row.code === 800060 || row.code === 800064 ? 'in-progress' : 'slow'];
    case 'transient':
      return [row.scope === 'read' ? 'permanent' : 'unknown'];
    case 'auth':
      return ['renew-token', 'credential'];
    case 'permanent':
      return [row.scope === 'partner' ? 'partner-wide' : 'permanent'];
    default:
      return [row.class];
  }
}

describe('every documented pair of status and code', () => {
  const rows: readonly CodeRow[] = JSON.parse(fixture('error-codes'));
  for (const row of rows)
    test(`${row.http}/${row.code} is ${expected(row).join(' or ')}, with a cure`, () => {
      for (const code of [row.code, String(row.code)]) {
        const body = row.code === null ? '' : JSON.stringify({ code, description: 'as Microsoft says it' });
        const outcome = judged(answer(row.http, body));
        expect(expected(row)).toContain(outcome.kind);
        if (outcome.kind === 'result') throw new Error('no result');
        expect(outcome.reason.cure).toMatch(/^[A-Z].{20,}\.$/);
        expect(outcome.reason).toMatchObject({
          status: row.http,
          requestId: 'r',
          correlationId: 'c',
          at: 107,
        });
        expect(answeredWithCode(outcome)).toBe(row.code !== null);
      }
    });
});

describe('what no table names', () => {
  test('another 4xx is refused for good, but evidence comes first', () => {
    expect(judged(answer(422, '{"code":1}'))).toMatchObject({ kind: 'permanent', reconcileFirst: true });
  });
  test('another 5xx may have been executed', () => {
    expect(judged(answer(599, 'x')).kind).toBe('unknown');
    expect(judged(answer(500, '{"code":123456}')).kind).toBe('unknown');
  });
  test('a redirect is nobody’s failure: the gate closes for it', () => {
    expect(judged(answer(302)).kind).toBe('credential');
  });
  test('one code, two statuses, two meanings', () => {
    expect(judged(answer(403, '{"code":2006}'))).toMatchObject({
      reason: { cure: expect.stringContaining('partner type') },
    });
    expect(judged(answer(400, '{"code":2006}'))).toMatchObject({
      reason: { cure: expect.stringContaining('through a cart') },
    });
  });
});

describe('no answer', () => {
  test('before the headers were written: not executed; after: unknown', () => {
    expect(judged(silence('no')).kind).toBe('not-executed');
    expect(judged(silence('unknown')).kind).toBe('unknown');
    expect(answeredWithCode(judged(silence('unknown')))).toBe(false);
  });
  test('no token', () => {
    expect(judged(silence('no', true)).kind).toBe('credential');
  });
});

describe('2xx', () => {
  test('orders, and groups that were refused', () => {
    const outcome = judged(answer(201, fixture('checkout-partial')));
    expect(outcome).toMatchObject({
      kind: 'result',
      errors: [{ group: '0', code: '800010', retryable: false }],
    });
    expect(answeredWithCode(outcome)).toBe(true);
  });
  test('that cannot be read: done, details unknown, the request id is kept', () => {
    for (const body of ['<html>', undefined, '{}']) {
      const outcome = judged(answer(200, body));
      expect(outcome.kind).toBe('unreadable');
      expect(answeredWithCode(outcome)).toBe(false);
    }
  });
});

test('a code inside a 2xx is retryable when all its rows are', () => {
  expect(lookUpGroup('800060').retryable).toBe(true);
  expect(lookUpGroup('800003').retryable).toBe(true);
  expect(lookUpGroup('800010').retryable).toBe(false);
  expect(lookUpGroup('no such code').retryable).toBe(false);
});

describe('reads', () => {
  const read = (exchange: Exchange) => judgeRead(exchange, decodeOrder, sent).kind;
  test('each class', () => {
    expect(read(answer(200, fixture('order-pending')))).toBe('value');
    expect(read(answer(200, '<html>'))).toBe('unavailable');
    expect(read(answer(404, '{"code":20000}'))).toBe('gone');
    expect(read(answer(404))).toBe('gone');
    expect(read(answer(429))).toBe('throttled');
    expect(read(answer(401))).toBe('renew-token');
    expect(read(answer(403, '{"code":900308}'))).toBe('credential');
    expect(read(answer(403, '{"code":20002}'))).toBe('refused');
    expect(read(answer(500))).toBe('unavailable');
    expect(read(answer(408))).toBe('unavailable');
    expect(read(silence('unknown'))).toBe('unavailable');
    expect(read(silence('no', true))).toBe('credential');
  });
});

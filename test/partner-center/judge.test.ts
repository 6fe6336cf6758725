/** Promise: each documented pair of status and code leads to its outcome. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeOrder, decodeOrders } from '../../src/domain/answer/decode-order.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { lookUpGroup } from '../../src/domain/checkout/api-errors.ts';
import { answeredWithCode, judge, judgeRead, reportOf } from '../../src/domain/checkout/call-outcome.ts';

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
    test(`${row.http}/${row.code} is ${expected(row).join(' or ')}, with a remedy`, () => {
      for (const code of [row.code, String(row.code)]) {
        const body = row.code === null ? '' : JSON.stringify({ code, description: 'as Microsoft says it' });
        const outcome = judged(answer(row.http, body));
        expect(expected(row)).toContain(outcome.kind);
        if (outcome.kind === 'result') throw new Error('no result');
        expect(outcome.reason.remedy).toMatch(/^[A-Z].{20,}\.$/);
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
      reason: { remedy: expect.stringContaining('partner type') },
    });
    expect(judged(answer(400, '{"code":2006}'))).toMatchObject({
      reason: { remedy: expect.stringContaining('through a cart') },
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
    expect(read(answer(404, '{"statusCode":404,"message":"Resource not found"}'))).toBe('unavailable');
    expect(read(answer(429))).toBe('throttled');
    expect(read(answer(401))).toBe('renew-token');
    expect(read(answer(403, '{"code":900308}'))).toBe('credential');
    expect(read(answer(403, '{"code":20002}'))).toBe('refused');
    expect(read(answer(500))).toBe('unavailable');
    expect(read(answer(408))).toBe('unavailable');
    expect(read(silence('unknown'))).toBe('unavailable');
    expect(read(silence('no', true))).toBe('credential');
  });
  test('a list that is not whole is refused, and says why', () => {
    const outcome = judgeRead(
      answer(200, '{"totalCount":2,"items":[]}'),
      (body) => decodeOrders(body, { since: 0 }),
      sent,
    );
    expect(outcome).toMatchObject({ kind: 'refused', reason: { code: 'incomplete-list' } });
  });
});

describe('a proxy or an edge answers in place of the API', () => {
  const page = '<html><head><title>Blocked</title></head><body>This site is blocked</body></html>';
  test.each([
    [403, page],
    [404, page],
    [404, ''],
    [403, undefined],
    [404, '[]'],
    [407, '{"message":"Proxy Authentication Required"}'],
  ])('%i %s: unknown for the job, and the gate closes as for a redirect', (status, body) => {
    for (const outcome of [
      judge(answer(status, body), sent),
      judgeRead(answer(status, body), decodeOrder, sent),
    ]) {
      expect(outcome).toMatchObject({ kind: 'intercepted' });
      expect(reportOf(outcome, 'customer').kind).toBe('auth');
    }
    expect(answeredWithCode(judge(answer(status, body), sent))).toBe(false);
  });
  test('its title tells which one', () => {
    expect(judge(answer(403, page), sent)).toMatchObject({
      reason: { description: expect.stringContaining('"Blocked"') },
    });
  });
  test.each([
    [403, '{"code":20002}'],
    [404, '{"code":800008,"description":"expired"}'],
    [403, '{"error":{"code":"AuthorizationFailed"}}'],
    [400, page],
  ])('%i %s is another answer', (status, body) => {
    expect(judge(answer(status, body), sent).kind).toBe('permanent');
  });
});

test('Retry-After of a 5xx reaches the gate, and the outcome stays unknown', () => {
  const busy: Exchange = { kind: 'answer', status: 503, body: '', retryAfterMs: 120_000, ms: 1 };
  for (const outcome of [judge(busy, sent), judgeRead(busy, decodeOrder, sent)])
    expect(reportOf(outcome, 'customer')).toMatchObject({ kind: 'unknown', retryAfterMs: 120_000 });
  expect(judge(busy, sent).kind).toBe('unknown');
  expect(reportOf(judge({ ...busy, status: 429 }, sent), 'customer').kind).toBe('throttled');
});

test('an answer whose body could not be read says why', () => {
  const exchange = {
    kind: 'answer',
    status: 201,
    body: undefined,
    unread: 'it is larger than 10 bytes',
    ms: 1,
  } as const;
  const ids = { requestId: 'r', correlationId: 'c' };
  const description = expect.stringContaining('it is larger than 10 bytes');
  expect(judge(exchange, { ids, at: 0 })).toMatchObject({ kind: 'unreadable', reason: { description } });
  const read = judgeRead(exchange, () => ({ ok: false, why: 'never asked' }), { ids, at: 0 });
  expect(read).toMatchObject({ kind: 'unavailable', reason: { description } });
});

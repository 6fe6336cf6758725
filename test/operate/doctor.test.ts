/** Promise: doctor finds what the protocol depends on and is not so, and names the cause of a failure. */

import { describe, expect, test } from 'vitest';
import type { Cause } from '../../src/domain/gate/closure-cause.ts';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { initialState } from '../../src/domain/gate/gate-state.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { jobEntry } from '../../src/domain/schedule-entry.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { clockCheck, gateCheck, judgeQueue, webhookCheck } from '../../src/operator/doctor.ts';
import { causeOf, failureCauses, remedyFor } from '../../src/operator/failure-cause.ts';
import { mostCounted, pendingByAge } from '../../src/operator/pending.ts';
import { judgeCart } from '../../src/operator/preflight.ts';
import { readStatus } from '../../src/operator/status.ts';
import type { QueueSettings } from '../../src/ports/queue-status.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';

const minute = 60_000;
const queue: QueueSettings = {
  lock: 5 * minute,
  maxDeliveryCount: 10,
  timeToLive: 14 * 24 * 60 * minute,
  deadLettersExpired: true,
  duplicateDetection: false,
  sessions: false,
  enabled: true,
};
const wrong = (change: Partial<QueueSettings>, factor = 1) =>
  judgeQueue({ ...queue, ...change }, factor)
    .filter(({ status }) => status === 'wrong')
    .map(({ name }) => name);

test('each setting of the queue that the protocol leans on is looked at', () => {
  expect(wrong({})).toEqual([]);
  expect(wrong({ timeToLive: Number.POSITIVE_INFINITY })).toEqual([]);
  expect(wrong({ lock: 3_000, timeToLive: 14 * 24 * 36 * 1_000 }, 100)).toEqual([]);
  expect(wrong({ lock: minute })).toEqual(['lock']);
  expect(wrong({ maxDeliveryCount: 5 })).toEqual(['max delivery count']);
  expect(wrong({ timeToLive: 60 * minute })).toEqual(['time to live']);
  expect(wrong({ deadLettersExpired: false })).toEqual(['dead-letters what expires']);
  expect(wrong({ duplicateDetection: true, sessions: true })).toEqual(['duplicate detection', 'sessions']);
  expect(wrong({ enabled: false })).toEqual(['enabled']);
  for (const { status, remedy } of judgeQueue({ ...queue, lock: 1 }, 1))
    if (status === 'wrong') expect(remedy).toContain('5 min');
});

test('a clock that is seconds off is told, in both directions', () => {
  const skewed = (ahead: number) =>
    clockCheck({
      now: () => 1_000_000 + ahead,
      storageClock: { now: () => ({ earliest: 999_500, latest: 1_000_500 }), skew: () => undefined },
    });
  expect(skewed(0).status).toBe('ok');
  expect(skewed(4_000).status).toBe('ok');
  expect(skewed(60_000)).toMatchObject({ status: 'wrong', found: "60 s from the storage's" });
  expect(skewed(-60_000).status).toBe('wrong');
});

test('a gate that is closed until somebody puts something right is wrong; one that opens by itself is not', async () => {
  const settings = defaultGateSettings;
  const checked = (cause: Cause) => {
    const closure = { cause, since: 0, until: 5_000, reason: 'the reason', pauses: 1 };
    const read = async () => ({ ...initialState(0, settings), closure });
    return gateCheck({ read, now: () => ({ earliest: 0, latest: 0 }) }, { gate: settings });
  };
  for (const cause of ['auth', 'partner-wide'] as const) {
    const [check] = await checked(cause);
    expect(check, cause).toMatchObject({
      status: 'wrong',
      found: expect.stringContaining('closed: the reason'),
    });
    expect(check?.remedy, cause).toContain('npx partner-checkout resume');
  }
  expect(await checked('throttled')).toMatchObject([{ status: 'ok' }]);
});

test('a clock that was never compared is not called right', () => {
  const storageClock = { now: () => ({ earliest: 5, latest: 5 }), skew: () => undefined };
  expect(clockCheck({ now: () => 5, storageClock }).status).toBe('unknown');
});

test('a webhook that accepts nothing is wrong, with the reason; one that was never used is not', () => {
  expect(webhookCheck({}).status).toBe('ok');
  expect(webhookCheck({ acceptedAt: 0 })).toMatchObject({
    status: 'ok',
    found: expect.stringContaining('1970'),
  });
  const trouble = { since: 0, failures: 3, nextAt: 1, why: 'hooks.example answered 404.' };
  expect(webhookCheck({ acceptedAt: 0, trouble })).toMatchObject({
    status: 'wrong',
    found: 'accepts nothing since 1970-01-01 00:00 UTC: hooks.example answered 404.',
  });
});

describe('a failure is named for what it is', () => {
  const named = (name: string, message: string, fields: object = {}) =>
    Object.assign(new Error(message), { name, ...fields });
  test.each<[string, Error, string]>([
    [
      'a name that does not resolve',
      named('Error', 'getaddrinfo ENOTFOUND x.table.core.windows.net'),
      'name',
    ],
    [
      'nobody listens',
      named('MessagingError', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }),
      'network',
    ],
    [
      'no answer',
      new Error('Table storage did not read rows of table T. No answer: nothing within the time limit.'),
      'network',
    ],
    [
      'a call that was given up',
      new Error('queue q could not be read: The operation was aborted.'),
      'network',
    ],
    [
      'a sign-in service that is out of reach',
      new Error('No token could be had: endpoints_resolution_error: See https://aka.ms/msal.js.errors'),
      'network',
    ],
    ['nobody signed in', named('CredentialUnavailableError', 'Please run az login'), 'sign-in'],
    ['a refused sign-in', named('AuthenticationError', 'AADSTS700016: Application was not found'), 'sign-in'],
    [
      'a missing role at the tables',
      new Error('Answer 403 AuthorizationPermissionMismatch: This request is not authorized'),
      'role',
    ],
    [
      'a closed firewall',
      new Error('Answer 403 AuthorizationFailure: This request is not authorized'),
      'firewall',
    ],
    [
      'a missing role at the queue',
      named('MessagingError', 'Unauthorized access.', { code: 'UnauthorizedAccess' }),
      'role',
    ],
    ['a missing queue', named('MessagingError', 'not found', { code: 'MessagingEntityNotFound' }), 'missing'],
    ['a missing table', new Error('Answer 404 TableNotFound: The table does not exist.'), 'missing'],
    [
      'a proxy with its own certificate',
      named('Error', 'self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      'certificate',
    ],
    ['the errors of every try', new AggregateError([named('Error', 'getaddrinfo EAI_AGAIN x')]), 'name'],
    ['anything else', new Error('odd'), 'other'],
  ])('%s', (_, error, cause) => {
    expect(causeOf(error)).toBe(cause);
  });

  test('a role is advised only where a role is missing', () => {
    const asked = {
      service: 'the table service',
      setting: 'S',
      role: 'Give the role R.',
      missing: 'Make it.',
    };
    for (const cause of failureCauses)
      expect(remedyFor(cause, asked).includes('the role R'), cause).toBe(
        cause === 'role' || cause === 'firewall',
      );
  });
});

test('pending orders are counted by age, which the polls tell', async () => {
  const now = 100 * 24 * 60 * minute;
  async function* rows() {
    yield { dueAt: now + 2 * minute, polls: 0 }; // just ordered
    yield { dueAt: now, polls: 4 }; // 2 + 2 + 5 + 10 + 15 minutes
    yield { dueAt: now - 25 * 60 * minute, polls: 0 }; // the poller stood still for a day
    yield { dueAt: now + minute, polls: 20 };
  }
  const { total, ages } = await pendingByAge(rows(), now, defaultTimes, 1);
  expect(total).toBe(4);
  expect(ages.map(({ orders }) => orders)).toEqual([1, 1, 0, 0, 2]);
});

test('whoever counts what waits reads so many entries at most, and says that there are more', async () => {
  let read = 0;
  async function* endless<T>(row: T): AsyncGenerator<T> {
    for (; read <= 2 * mostCounted; read += 1) yield row;
  }
  const pending = await pendingByAge(endless({ dueAt: 0, polls: 0 }), 0, defaultTimes, 1);
  expect([pending.total, pending.isCut, read]).toEqual([mostCounted, true, mostCounted]);

  read = 0;
  const away = () => Promise.reject(new Unavailable('storage', 'away'));
  const jobKey = jobKeyOf({ customerId: 'c', cartId: 'k' });
  const entry = jobEntry({ jobKey, urgent: false, since: 0, state: 'waiting' }, 0);
  async function* noOrders() {}
  const { jobs } = await readStatus({
    config: { gate: defaultGateSettings, times: defaultTimes, timeFactor: 1 },
    clock: { now: () => 0, sleep: async () => {} },
    gateStore: { read: away, now: () => ({ earliest: 0, latest: 0 }) },
    queueStatus: { counts: away },
    urgentStatus: { counts: away },
    countOpen: away,
    pollerTrace: away,
    schedule: { due: noOrders, jobs: () => endless(entry) },
  });
  expect(jobs).toEqual({ waiting: mostCounted, due: mostCounted, oldestSince: 0, isCut: true });
});

test('a cart is judged by its status, its lines, and whether it lives until its turn', () => {
  const cart = {
    id: 'k',
    status: 'active',
    groups: [{ group: '0', billingCycle: '', lines: [] }],
    lineErrors: [],
  } as const;
  const key = { customerId: 'c', cartId: 'k' };
  const judged = (change: object, eta = 1_000) =>
    judgeCart({ ...cart, ...change }, eta, '', (kind, text) => ({ ...key, kind, text })).map(
      ({ kind }) => kind,
    );
  expect(judged({})).toEqual([]);
  expect(judged({ status: 'ordered' })).toEqual(['ordered']);
  expect(judged({ groups: [] })).toEqual(['line']);
  expect(judged({ expiresAt: 1_001 })).toEqual([]);
  expect(judged({ expiresAt: 1_000, lineErrors: [{ line: '0', code: '1', description: '' }] })).toEqual([
    'line',
    'expires',
  ]);
});

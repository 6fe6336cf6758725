/** Promise: a command says that all is well only if everything was checked. */

import { describe, expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { exitOfStatus } from '../../src/cli/commands/status-command.ts';
import { exitOf } from '../../src/cli/session/check-exit.ts';
import {
  type AuditCheck,
  auditResult,
  type PreflightCheck,
  preflightResult,
  repairResult,
} from '../../src/operator/check-result.ts';
import { isKnownBatch, unknownInFilter } from '../../src/operator/known-filter.ts';
import type { Status } from '../../src/operator/status.ts';
import { waitingIn } from '../../src/ports/queue-status.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, customerId } from '../support/records.ts';

const allClear = /agree\.|nothing found\. Agree|No job has lost/;

describe('audit', () => {
  const whole: AuditCheck = { carts: 9, notTaken: 0, customers: 3, compared: 3, agree: 12, differences: 0 };

  test('they agree only when every customer was compared, and every job was taken', () => {
    expect(auditResult(whole)).toEqual({
      kind: 'clear',
      text: '9 carts of 3 customers, 12 orders agree: no difference.',
    });
  });

  test.each<[string, Partial<AuditCheck>, RegExp]>([
    ['nothing was compared', { compared: 0, agree: 0 }, /^Not all was compared: 0 of 3 customers/],
    ['some were compared', { compared: 2, differences: 1 }, /2 of 3 customers, 1 difference among these/],
    ['there is no cart yet', { carts: 0, customers: 0, compared: 0 }, /^Nothing was compared/],
    ['jobs wait in the queue', { notTaken: 4 }, /Not compared: 4 jobs of the batch/],
  ])('%s: not checked', (_, change, words) => {
    const result = auditResult({ ...whole, ...change });
    expect(result.kind).toBe('not-checked');
    expect(result.text).toMatch(words);
    expect(result.text).not.toMatch(/no difference\.$/);
  });

  test('differences are found, and what was not compared is said too', () => {
    const { kind, text } = auditResult({ ...whole, differences: 2, notTaken: 1 });
    expect(kind).toBe('found');
    expect(text).toMatch(/2 differences\. Not compared: 1 job of/);
  });
});

describe('preflight', () => {
  const whole: PreflightCheck = { carts: 30, read: 30, findings: '' };

  test('it says what it does not check', () => {
    const { kind, text } = preflightResult(whole);
    expect(kind).toBe('clear');
    expect(text).toMatch(/^30 of 30 carts read: nothing found\. Agreements.* are not checked\.$/);
    expect(preflightResult({ ...whole, findings: '2 missing' }).kind).toBe('found');
  });

  test.each<Partial<PreflightCheck>>([
    { read: 0 },
    { read: 29 },
    { read: 29, findings: '1 line' },
    { carts: 0, read: 0 },
  ])('%o: not checked', (change) => {
    const { kind, text } = preflightResult({ ...whole, ...change });
    expect(kind).toBe('not-checked');
    expect(text).toMatch(/^(Not all|Nothing) was checked/);
    expect(text).not.toMatch(allClear);
  });
});

describe('what the schedule lacks', () => {
  const all = { records: 1_200, unreadable: 0, jobs: 0, orders: 0 };

  test('is an all-clear only when every record was read, and had its entries', () => {
    expect(repairResult(all, false)).toEqual({
      kind: 'clear',
      text: '1200 records checked: every open job and every pending order has its entry.',
    });
    expect(repairResult({ ...all, unreadable: 2 }, false)).toMatchObject({
      kind: 'not-checked',
      text: expect.stringContaining('2 records could not be read'),
    });
    expect(repairResult(all, true)).toMatchObject({
      kind: 'not-checked',
      text: expect.stringContaining('Not all was checked'),
    });
  });

  test('is counted by kind', () => {
    expect(repairResult({ ...all, jobs: 2, orders: 1 }, false)).toEqual({
      kind: 'found',
      text: '1200 records checked: 2 jobs and 1 pending order without an entry in the schedule.',
    });
  });
});

test('a queue that cannot be asked makes the count unknown', async () => {
  const queue = (active: number) => ({ counts: async () => ({ active, scheduled: 9, dead: 9 }) });
  const away = { counts: () => Promise.reject(new Unavailable('queue', 'away')) };
  expect(await waitingIn([queue(2), queue(3)])).toBe(5);
  expect(await waitingIn([queue(2), away])).toBeUndefined();
});

test('what was not checked never exits with 0, and Ctrl-C is 130', () => {
  expect(exitOf({ kind: 'clear' })).toBe(0);
  expect(exitOf({ kind: 'found' })).toBe(1);
  expect(exitOf({ kind: 'not-checked' })).toBe(3);
  for (const kind of ['clear', 'found', 'not-checked'] as const) expect(exitOf({ kind }, true)).toBe(130);
});

describe('status', () => {
  const counts = { active: 0, scheduled: 0, dead: 0 };
  const none = { failed: 0, partial: 0, 'needs-decision': 0, 'pending-too-long': 0, rejected: 0 };
  const well: Status = {
    gate: {
      open: true,
      jobsToday: 0,
      lanes: { worker: { used: 0, limit: 240 }, poller: { used: 0, limit: 60 } },
    },
    queue: counts,
    urgent: counts,
    jobs: { waiting: 3, due: 1, oldestSince: 0 },
    attention: none,
    pending: { total: 0, ages: [] },
    poller: { notices: {} },
  };

  test('exits with 0 when all was read and nothing waits for a person', () => {
    expect(exitOfStatus(well)).toBe(0);
  });

  test.each(['gate', 'queue', 'urgent', 'jobs', 'attention', 'pending', 'poller'] as const)(
    'exits with 3 when %s cannot be read',
    (part) => {
      expect(exitOfStatus({ ...well, [part]: { unknown: 'the storage is away' } })).toBe(3);
    },
  );

  test.each<Partial<Status>>([
    { urgent: { ...counts, dead: 1 } },
    { attention: { ...none, failed: 2 } },
    {
      gate: {
        open: false,
        reason: 'paused',
        jobsToday: 0,
        lanes: { worker: { used: 0, limit: 1 }, poller: { used: 0, limit: 1 } },
      },
    },
  ])('exits with 1 for %o', (change) => {
    expect(exitOfStatus({ ...well, ...change })).toBe(1);
  });
});

describe('a filter that matches nothing', () => {
  const bed = async () => {
    const tables = { batches: memoryTable(), checkouts: memoryTable(), attention: memoryTable() };
    const deps = {
      batches: batchStore(tables.batches),
      ledger: ledgerStore(tables.checkouts),
      attentionRows: attentionRows(tables.attention),
    };
    await deps.batches.writeSummary({ batchId: 'night', total: 1 }, undefined);
    const record = aRecord({ customerId });
    await deps.ledger.insert(record, 'w');
    await attentionStore(tables.attention).write(
      {
        jobKey: record.jobKey,
        kind: 'failed',
        open: false,
        revision: 1,
        reason: { code: 'odd-word', description: '', remedy: '', at: 0 },
        batchIds: [],
        at: 0,
      },
      'older',
    );
    return deps;
  };

  test('is no slip when all that it names is known', async () => {
    const deps = await bed();
    for (const filter of [
      {},
      { batchId: 'night' },
      { customerId },
      { code: '800009' },
      { code: 'odd-word' },
      { kind: 'failed' as const, since: 5 },
    ])
      expect(await unknownInFilter(deps, filter)).toBeUndefined();
    expect(await isKnownBatch(deps, 'nihgt')).toBe(false);
  });

  test.each([
    [{ batchId: 'nihgt' }, 'Batch nihgt is not known'],
    [{ code: 'nope' }, 'No row, open or closed, has the code nope'],
    [{ customerId: 'ffffffff-1a77-4d0b-8f3c-90f5b1e4c7aa', code: '800009' }, 'is not known'],
  ])('is one for %o', async (filter, words) => {
    expect(await unknownInFilter(await bed(), filter)).toContain(words);
  });
});

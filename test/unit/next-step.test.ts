/** Promise: people read in words what happens to a job next. */

import { expect, test } from 'vitest';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { pollEntryKey } from '../../src/domain/schedule-entry.ts';
import { hasEntry, nextStep } from '../../src/operator/jobs/next-step.ts';
import type { GateView } from '../../src/operator/pause-gate.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';

const now = Date.parse('2026-11-24T02:00:00Z');
const open: GateView = {
  open: true,
  paused: false,
  cause: undefined,
  reason: undefined,
  until: undefined,
  limit: 300,
  limitSet: undefined,
  closings: [],
  jobsToday: 0,
};
const closed: GateView = { ...open, open: false, reason: 'throttled', until: now + 14 * 60_000 };
const reason = { code: '800023', description: 'The credit line is too low.', remedy: 'Raise it.', at: now };
const orderSummary = { id: 'O1', content: 'x', wasPending: true, since: now };

const cases: readonly (readonly [string, Partial<CheckoutRecord>, GateView, string, string?])[] = [
  [
    'held',
    { state: 'waiting', nextTry: now + 240_000, reason, asked: { kind: 'needs-decision', since: now } },
    open,
    'It is held, and nothing of it is bought: The credit line is too low. Raise it. Next try at 2026-11-24T02:04:00Z.',
    'resolve --give-up',
  ],
  [
    'waiting',
    { state: 'waiting', nextTry: now + 240_000, reason },
    open,
    'It waits. Next try at 2026-11-24T02:04:00Z. Reason: The credit line is too low.',
  ],
  [
    'gate closed',
    { state: 'waiting', nextTry: now - 1 },
    closed,
    'as soon as a message wakes it (due since 2026-11-24T01:59:59Z). The gate is closed until 2026-11-24T02:14:00Z: throttled.',
  ],
  [
    'in hand',
    { state: 'submitting', lease: { id: 'x', until: now + 60_000 } },
    open,
    'A worker has claimed it until 2026-11-24T02:01:00Z at the latest.',
  ],
  [
    'crashed workers',
    {
      state: 'waiting',
      nextTry: now + 6_000,
      asked: { kind: 'needs-decision', code: 'worker-crashed', since: now },
      lastError: 'x is undefined.',
    },
    open,
    'Workers died, or met a bug, each time they ran it: x is undefined. It runs once more at 2026-11-24T02:00:06Z.',
    'retry',
  ],
  [
    'decided, and not carried out',
    { state: 'failed', reason, decision: { decision: 'retry', who: 'ann', at: now, orderIds: [] } },
    closed,
    'ann decided "retry"; the next wake-up carries it out, within minutes. The gate is closed until',
  ],
  [
    'in doubt',
    { state: 'unresolved', nextTry: now + 1_000 },
    open,
    'It may have been bought. The worker checks that at 2026-11-24T02:00:01Z',
  ],
  [
    'asked',
    { state: 'unresolved', nextTry: now + 1_000, asked: { kind: 'needs-decision', since: now } },
    open,
    'A person must decide whether it was bought',
    'resolve',
  ],
  [
    'pending',
    {
      state: 'ordered',
      orders: [{ ...orderSummary, status: 'pending', entryKey: pollEntryKey(now + 120_000, 'O1') }],
    },
    open,
    '1 order is pending at Partner Center; the poller looks again at 2026-11-24T02:02:00Z.',
  ],
  ['completed', { state: 'completed' }, open, 'Nothing more: every order is completed.'],
  [
    'failed',
    { state: 'failed', reason },
    open,
    'The worker does nothing more. The credit line is too low. Raise it.',
    'retry',
  ],
  [
    'failed, in words of Partner Center without a full stop',
    { state: 'failed', reason: { ...reason, description: 'under review' } },
    open,
    'The worker does nothing more. under review. Raise it.',
    'retry',
  ],
  [
    'gate closed, for a reason with a full stop',
    { state: 'waiting', nextTry: now - 1 },
    { ...closed, reason: 'The secret has expired.' },
    'The gate is closed until 2026-11-24T02:14:00Z: The secret has expired.',
  ],
  [
    'given up',
    { state: 'failed', reason, gaveUp: true },
    open,
    'The retry looks for its orders first',
    'retry',
  ],
  [
    'too late',
    { state: 'failed', reason, job: { customerId, cartId, notAfter: now - 1 } },
    open,
    'a retry is refused: the job is past its notAfter (2026-11-24T01:59:59Z). Raise it.',
  ],
];

for (const [name, change, gate, words, verb] of cases)
  test(name, () => {
    const next = nextStep(aRecord({ lastSend: now, ...change }), { now, gate });
    expect(next.words).toContain(words);
    expect(next.words).not.toContain('..');
    expect(next.command).toBe(
      verb === undefined ? undefined : `npx partner-checkout ${verb} ${jobKeyOf({ customerId, cartId })}`,
    );
  });

test('a pause has no end that anybody knows', () => {
  const gate = { ...closed, paused: true, reason: 'paused by ann: moving' };
  const { words } = nextStep(aRecord({ state: 'waiting', nextTry: now, lastSend: now }), { now, gate });
  expect(words).toContain('The gate is closed: paused by ann: moving.');
});

test('an open job without its entry is told, with what writes the entry again', async () => {
  const record = aRecord({ state: 'waiting', nextTry: now, entryOrigin: now });
  const asked: string[] = [];
  const schedule = { exists: async (key: string) => asked.push(key) === 0 };
  expect(await hasEntry(schedule, record)).toBe(false);
  expect(asked).toEqual([`job:${String(now).padStart(15, '0')}:${record.jobKey}`]);
  // Its first message is in the queue: nobody can tell.
  expect(await hasEntry(schedule, aRecord())).toBeUndefined();
  expect(nextStep(record, { now, gate: open, hasEntry: false })).toMatchObject({
    words: expect.stringContaining('no entry that wakes it'),
    command: 'npx partner-checkout repair --dry-run',
  });
});

test('a retry is not proposed for a job that needs a new cart', () => {
  const gone = {
    ...reason,
    status: 404,
    code: '800008',
    remedy: 'The cart has expired: prepare a new one if it is still wanted.',
  };
  const ended = (failure: typeof reason) =>
    nextStep(aRecord({ state: 'failed', reason: failure }), { now, gate: open, hasEntry: undefined });
  expect(ended(reason).command).toContain('partner-checkout retry');
  expect(ended(gone).command).toBeUndefined();
  expect(ended(gone).words).toContain('prepare a new one');
  // The code decides, whatever the words say.
  expect(ended({ ...reason, remedy: 'Make a new cart.' }).command).toContain('partner-checkout retry');
  expect(ended({ ...reason, code: 'too-late' }).command).toBeUndefined();
});

/** Promise: a job's story is told in the order in which it happened. */

import { expect, test } from 'vitest';
import { withIds } from '../../src/cli/commands/attention-command.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { attentionGrouper } from '../../src/operator/attention/attention-groups.ts';
import { closeRefusal } from '../../src/operator/attention/close-attention.ts';
import { storyOf } from '../../src/operator/jobs/story.ts';
import { supportText } from '../../src/operator/jobs/support-text.ts';
import type { AttentionRow } from '../../src/ports/attention-rows.ts';
import { aRecord, cartId, customerId, otherCartId } from '../support/records.ts';

const jobKey = jobKeyOf({ customerId, cartId });
const other = jobKeyOf({ customerId, cartId: otherCartId });

const row = (change: Partial<AttentionRow> = {}): AttentionRow => ({
  kind: 'failed',
  open: true,
  jobKey,
  key: jobKey,
  code: '800009',
  description: 'Items have errors.',
  remedy: 'Mend them.',
  revision: 1,
  at: 40,
  openedAt: 40,
  batchIds: [],
  moreBatches: false,
  ...change,
});

const record = aRecord({
  state: 'failed',
  revision: 1,
  reached: { final: 1 },
  firstEnqueued: 0,
  createdAt: 10,
  updatedAt: 35,
  job: { customerId, cartId, requestedBy: 'nightly' },
  batches: ['night 1'],
  history: {
    total: 3,
    first: [
      {
        what: 'checkout',
        at: 11,
        correlationId: 'c1',
        requestId: 'r1',
        end: { ms: 5, status: 500, cv: 'cv1' },
      },
      { what: 'cart', at: 20, correlationId: 'c2', end: { ms: 9, failure: 'reset' } },
      { what: 'checkout', at: 30, correlationId: 'c3' },
    ],
    last: [],
  },
  decisions: [{ decision: 'not-bought', who: 'ann', at: 28 }],
  reason: {
    code: '800009',
    description: 'Items have errors.',
    remedy: 'Mend.',
    at: 34,
    status: 400,
    correlationId: 'c1',
  },
});

test('the story is in the order in which it happened, with ids, status and time of each call', () => {
  const attention = row({ open: false, closedAt: 50, closedBy: 'ben' });
  expect(storyOf(record, attention).map(({ at, what, words }) => `${at} ${what} ${words}`)).toEqual([
    '0 message came to the queue, asked for by nightly, batch night 1',
    '10 message was taken for the first time',
    '11 call checkout: 500 in 5 ms (correlation c1, request r1, CV cv1)',
    '20 call cart: no answer after 9 ms: reset (correlation c2)',
    '28 person ann decided: not-bought',
    '30 call checkout: no answer is recorded: it runs, or its worker died (correlation c3)',
    '34 result 400 800009: Items have errors.',
    '35 result is failed',
    `35 event checkout.failed (id checkout.failed:${customerId}:cart:${cartId}:1)`,
    '40 attention row opened: failed 800009',
    '50 attention row closed by ben',
  ]);
});

test('a decision is told with the orders that it named, and with why it was not carried out', () => {
  const decided = { decision: 'orders', who: 'ann', at: 28, orderIds: ['O1', 'O2'] } as const;
  const refused = 'Order O1, named by ann, cannot be read: not found';
  const told = (decisions: typeof record.decisions) =>
    storyOf({ ...record, decisions }, undefined).filter(({ what }) => what === 'person');
  expect(told([decided, { ...decided, at: 29, refused }]).map(({ words }) => words)).toEqual([
    'ann decided: orders O1, O2',
    `ann decided: orders O1, O2. It was not carried out: ${refused}`,
  ]);
});

test('what the worker found when it asked a person is told with its time; nonsense in its place is not', () => {
  const told = (evidence: string) =>
    storyOf(record, row({ kind: 'needs-decision', at: 45, evidence })).filter(
      ({ what }) => what === 'evidence',
    );
  const found = {
    cart: 'ordered',
    ordersFound: [{ id: 'O9', status: 'pending' }],
    equalCartsInDoubt: ['k2'],
  };
  expect(told(JSON.stringify(found))).toEqual([
    {
      at: 45,
      what: 'evidence',
      words: 'the cart is ordered; orders that no record has: O9 pending; equal carts in doubt: k2',
    },
  ]);
  expect(told('{"cart":"gone"}')[0]?.words).toBe('the cart is gone; orders that no record has: none');
  expect(told('{')).toEqual([]);
});

test('the text for support has the deciding call first, every id, and nothing of the message', () => {
  const text = supportText({ ...record, body: '{"secret":"x"}' });
  expect(text).toMatch(
    /The call that decided\n- 1970.*checkout\n {2}MS-CorrelationId: c1\n {2}MS-RequestId: r1\n {2}MS-CV: cv1/,
  );
  expect(text).toContain('Calls (2 of 3, UTC)');
  expect(text).toContain('Status: reset');
  expect(text.match(/MS-CorrelationId: c1/g)).toHaveLength(1);
  expect(text).not.toContain('secret');
});

test('groups are by kind and code, the largest first, told by their newest row', () => {
  const grouper = attentionGrouper();
  for (const one of [
    row({ at: 1, description: 'old' }),
    row({ at: 3, description: 'new', jobKey: other, key: other }),
    row({ at: 2, description: 'middle', open: false }),
    row({ kind: 'partial' }),
  ])
    grouper.add(one);
  expect(grouper.groups()).toMatchObject([
    { kind: 'failed', count: 3, closed: 1, newest: 3, description: 'new', example: other },
    { kind: 'partial', count: 1, closed: 0 },
  ]);
});

test('attention --json has customer and cart apart; a rejected message has neither', () => {
  const grouper = attentionGrouper();
  grouper.add(row());
  const { jobKey: _, ...rejected } = row({ kind: 'rejected', key: 'rejected:1' });
  grouper.add(rejected);
  const [ofJob, ofMessage] = grouper.groups().map(withIds);
  expect(ofJob).toMatchObject({ jobKey, customerId, cartId });
  expect(ofMessage).toMatchObject({ example: 'rejected:1' });
  expect(ofMessage).not.toHaveProperty('customerId');
});

test('a person closes what is at its end; a question they answer, or it closes by itself', () => {
  expect(closeRefusal(row())).toBeUndefined();
  expect(closeRefusal(row({ kind: 'partial' }))).toBeUndefined();
  expect(closeRefusal(row({ kind: 'needs-decision' }))).toContain('npx partner-checkout resolve');
  for (const code of ['worker-crashed', 'unreadable-record'])
    expect(closeRefusal(row({ kind: 'needs-decision', code }))).toContain(
      `npx partner-checkout job ${jobKey}`,
    );
  // Nobody asks these again.
  for (const code of ['bought-again', 'record-missing'])
    expect(closeRefusal(row({ kind: 'needs-decision', code }))).toBeUndefined();
  expect(closeRefusal(row({ kind: 'pending-too-long' }))).toContain('it closes when');
});

test('deliveries say what came: a producer’s message, or a wake-up of the schedule', () => {
  const last = [
    { at: 12, messageId: 'm1', count: 1, from: 'producer' as const, end: 'rescheduled' },
    { at: 13, messageId: 'w1', count: 2, from: 'wake-up' as const },
  ];
  const lines = storyOf(aRecord({ deliveries: { total: 2, last } }), undefined);
  expect(lines.filter(({ what }) => what === 'delivery').map(({ words }) => words)).toEqual([
    'message m1, delivery 1: rescheduled',
    'wake-up w1, delivery 2: no outcome is recorded: it runs, or its worker died',
  ]);
});

test('what came of a delivery stands after the calls that it made', () => {
  const call = (at: number) => ({
    what: 'checkout' as const,
    at,
    requestId: 'r',
    correlationId: 'c',
    end: { ms: 40, status: 200 },
  });
  const delivery = (at: number, end: string) => ({
    at,
    messageId: 'm',
    count: 1,
    from: 'producer' as const,
    end,
  });
  const record = aRecord({
    deliveries: { total: 2, last: [delivery(100, 'rescheduled'), delivery(500, 'completed')] },
    history: { ...aRecord().history, first: [call(110), call(510)] },
  });
  const told = storyOf(record, undefined).filter(({ what }) => what === 'delivery' || what === 'call');
  expect(told.map(({ at, what }) => [at, what])).toEqual([
    [110, 'call'],
    [150, 'delivery'],
    [510, 'call'],
    [550, 'delivery'],
  ]);
});

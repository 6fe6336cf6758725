/** Promise: every event is as its published schema says. */

import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { withResult } from '../../src/domain/checkout/apply-result.ts';
import { eventsOf, needsDecisionEvent, rejectedEvent } from '../../src/domain/events/event-list.ts';
import { eventShape } from '../../src/domain/events/event-schema.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { anOrder, aRecord } from '../support/records.ts';

const at = { now: 1_000, firstPoll: 2_000 };
const reason = {
  code: '800010',
  description: 'no inventory',
  remedy: 'choose another',
  at: 1,
  status: 400,
  requestId: 'r',
};
const failedGroup = { group: '0', code: '800010', description: 'no inventory', retryable: false };
const job = { ...aRecord().job, batchId: 'night', reference: 'PO 7', correlationId: 'c' };
const record = aRecord({ job, jobKey: jobKeyOf(job), batches: ['night', 'morning'] });

const results = {
  completed: withResult(record, { orders: [anOrder('a')], failedGroups: [] }, at),
  ordered: withResult(record, { orders: [anOrder('a', 'pending')], failedGroups: [] }, at),
  partial: withResult(record, { orders: [anOrder('a')], failedGroups: [failedGroup], reason }, at),
  failed: withResult(record, { orders: [], failedGroups: [failedGroup], reason }, at),
};

describe('every event is as the published schema has it', () => {
  for (const [state, result] of Object.entries(results))
    test(state, () => {
      const events = eventsOf(result);
      expect(events.map((event) => event.type)).toEqual([`checkout.${state}`]);
      for (const event of events) {
        expect(z.safeParse(eventShape, event).error?.issues).toBeUndefined();
        expect(event.id).toBe(`checkout.${state}:${result.jobKey}:1`);
        expect(event.data['jobKey']).toBe(result.jobKey);
      }
    });
  test('a question, and a message that is no job', () => {
    const asked = needsDecisionEvent({ ...record, reason, asked: { kind: 'needs-decision', since: 77 } });
    expect(asked.id).toBe(`checkout.needs-decision:${record.jobKey}:77`);
    const rejected = rejectedEvent('key', 5, { kind: 'not-json', path: '', reason: 'x', messageId: 'm' });
    for (const event of [asked, rejected]) expect(z.safeParse(eventShape, event).success).toBe(true);
  });
});

test('the ids of a result are the same on each repeat, and others after a retry', () => {
  const again = { ...results.failed, updatedAt: 9_999 };
  expect(eventsOf(again).map(({ id }) => id)).toEqual(eventsOf(results.failed).map(({ id }) => id));
  const retried = withResult(
    { ...results.failed, state: 'submitting' },
    { orders: [], failedGroups: [], reason },
    at,
  );
  expect(eventsOf(retried)[0]?.id).not.toBe(eventsOf(results.failed)[0]?.id);
});

/** Promise: the strictest times of all messages of a job hold. */

import { describe, expect, test } from 'vitest';
import { tooLate } from '../../src/domain/checkout/endings.ts';
import { mergeMessage } from '../../src/domain/checkout/merge-message.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';

const job = { customerId, cartId };
const message = { messageId: 'm2', at: 50, body: '{}' };

test('a message that says nothing new changes nothing', () => {
  const record = aRecord({
    state: 'waiting',
    job: { ...job, notBefore: 5, notAfter: 9, batchId: 'b' },
    batches: ['b'],
  });
  for (const change of [{}, { notBefore: 5 }, { notBefore: 4, notAfter: 10 }, { batchId: 'b' }])
    expect(mergeMessage(record, { ...job, ...change }, message)).toBe(record);
});

describe('the strictest times of all messages hold', () => {
  test.each([
    [{}, { notBefore: 5 }, { notBefore: 5 }],
    [{ notBefore: 5 }, { notBefore: 7 }, { notBefore: 7 }],
    [{ notAfter: 5 }, { notAfter: 3 }, { notAfter: 3 }],
    [{ notBefore: 5 }, { notAfter: 9 }, { notBefore: 5, notAfter: 9 }],
    [{ notBefore: 5 }, { notAfter: 3 }, { notBefore: 5, notAfter: 3 }],
  ])('%j and %j: %j', (first, second, both) => {
    const merged = mergeMessage(aRecord({ job: { ...job, ...first } }), { ...job, ...second }, message);
    expect(merged.job).toEqual({ ...job, ...both });
    expect(merged.merged).toHaveLength(2);
  });
  test('of many messages the first and the latest are kept', () => {
    let record = aRecord({ job: { ...job, notBefore: 1 } });
    for (let n = 2; n <= 40; n += 1)
      record = mergeMessage(record, { ...job, notBefore: n }, { messageId: `m${n}`, at: n, body: '{}' });
    expect(record.job.notBefore).toBe(40);
    expect(record.merged?.length).toBe(10);
    expect(record.merged?.[0]?.notBefore).toBe(1);
    expect(record.merged?.at(-1)?.messageId).toBe('m40');
  });
  test('not of a job that has a result: only its batch is added', () => {
    const record = aRecord({ state: 'completed' });
    expect(mergeMessage(record, { ...job, notBefore: 5, batchId: 'b' }, message)).toEqual({
      ...record,
      batches: ['b'],
    });
  });
});

describe('the end of a job whose time is over', () => {
  test('names both messages that contradict each other', () => {
    const merged = mergeMessage(
      aRecord({ job: { ...job, notBefore: 5_000 } }),
      { ...job, notAfter: 3_000 },
      message,
    );
    const { reason } = tooLate(merged, undefined, 60_000);
    expect(reason).toMatchObject({ code: 'too-late' });
    expect(reason?.description).toContain('asks for notBefore 1970-01-01T00:00:05.000Z and no notAfter');
    expect(reason?.description).toContain(
      'message m2 asks for no notBefore and notAfter 1970-01-01T00:00:03.000Z',
    );
  });
  test('names its time', () => {
    const { reason } = tooLate(aRecord({ job: { ...job, notAfter: 3_000 } }), undefined, 60_000);
    expect(reason).toMatchObject({
      code: 'too-late',
      description: expect.stringContaining('1970-01-01T00:00:03.000Z'),
    });
  });
  test('names who stopped its batch', () => {
    const { reason } = tooLate(aRecord(), { batchId: 'night', who: 'ann', at: 0 }, 60_000);
    expect(reason).toMatchObject({
      code: 'stopped',
      description: expect.stringContaining('ann stopped batch night'),
    });
  });
});

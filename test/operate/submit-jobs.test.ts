/** Promise: of a request all jobs are sent or none, and each wrong field is named. */

import { describe, expect, test } from 'vitest';
import { jobView } from '../../src/api/job-view.ts';
import { type ReadyJob, readSubmission } from '../../src/api/submission.ts';
import { submitJobs } from '../../src/api/submit-jobs.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import type { JobSender } from '../../src/ports/job-sender.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const good = { customerId, cartId };

describe('what a request brings', () => {
  test('one job, or a list; the body goes on as it was written', () => {
    const job = { ...good, customerId: customerId.toUpperCase(), notAfter: '2026-11-24T06:00:00+01:00' };
    const one = readSubmission(bytes(job));
    expect(one).toMatchObject({ ok: true, isList: false, jobs: [{ job: { customerId } }] });
    expect(one.ok && new TextDecoder().decode(one.jobs[0].body)).toBe(JSON.stringify(job));
    expect(readSubmission(bytes([job, good]))).toMatchObject({ ok: true, isList: true });
  });

  test('every wrong field of every job, by its path', () => {
    const refused = readSubmission(bytes([good, { cartId: 'x', batchId: 'a/b', notafter: 1 }]));
    const paths = refused.ok ? [] : refused.problems.map(({ path }) => path);
    expect(paths).toEqual(['[1].notafter', '[1].customerId', '[1].cartId', '[1].batchId']);
    const single = readSubmission(bytes({ ...good, batchSize: 0 }));
    expect(single).toMatchObject({ ok: false, problems: [{ path: 'batchSize' }] });
  });
});

const jobsOf = (count: number): readonly [ReadyJob, ...ReadyJob[]] => {
  const read = readSubmission(bytes(Array.from({ length: count }, () => good)));
  if (!read.ok) throw new Error('they are good');
  return read.jobs;
};

/** A queue that takes so many, then fails. */
const failingAfter = (taken: number, error: Error): JobSender => ({
  async send(_, { onSent }) {
    if (taken > 0) onSent(taken);
    throw error;
  },
});
const whole: JobSender = {
  async send(messages, { onSent }) {
    let count = 0;
    for await (const _ of messages) count += 1;
    onSent(count);
  },
};
const ledger = (found?: CheckoutRecord | Error) => ({
  async read() {
    if (found instanceof Error) throw found;
    return found && { value: found, etag: '1' };
  },
  orders: async () => [],
});

describe('sending', () => {
  test('a queue that fails midway: as many as it surely has', async () => {
    const sender = failingAfter(512, new Unavailable('queue', 'Service Bus did not take 488 jobs'));
    expect(await submitJobs({ ledger: ledger(), sender }, jobsOf(1_000))).toEqual({
      kind: 'interrupted',
      sent: 512,
      why: 'Service Bus did not take 488 jobs',
    });
    const bug = submitJobs({ ledger: ledger(), sender: failingAfter(0, new TypeError('a bug')) }, jobsOf(1));
    await expect(bug).rejects.toThrow('a bug');
  });

  test('a sender that stops in silence, because time is up, has not sent them all', async () => {
    const sender: JobSender = { send: async (_, { onSent }) => onSent(3) };
    const sent = await submitJobs({ ledger: ledger(), sender }, jobsOf(5));
    expect(sent).toMatchObject({ kind: 'interrupted', sent: 3 });
  });

  test('the state of a single job that is known; without the tables it is sent all the same', async () => {
    const record = aRecord();
    const known = await submitJobs({ ledger: ledger(record), sender: whole }, jobsOf(1));
    expect(known).toEqual({ kind: 'sent', sent: 1, known: jobView(record, []) });
    const away = await submitJobs(
      { ledger: ledger(new Unavailable('storage', 'away')), sender: whole },
      jobsOf(1),
    );
    expect(away).toEqual({ kind: 'sent', sent: 1, known: undefined });
    expect(await submitJobs({ ledger: ledger(record), sender: whole }, jobsOf(2))).toMatchObject({
      sent: 2,
      known: undefined,
    });
  });
});

test('a record as others see it: no lease, no request id of the next send, no body', () => {
  const lease = { id: 'lease-id', until: 5 };
  const view = jobView(
    aRecord({ lease, requestId: 'the-next-request', body: '{"hush":1}', nextTry: 60_000 }),
    [],
  );
  expect(JSON.stringify(view)).not.toMatch(/lease-id|the-next-request|hush/);
  expect(view).toMatchObject({ customerId, cartId, nextTry: '1970-01-01T00:01:00.000Z' });
  // What is final is not tried again, whatever an old row says.
  expect(jobView(aRecord({ state: 'completed', nextTry: 60_000 }), [])).not.toHaveProperty('nextTry');
});

/** The second step of `POST /api/jobs`: sends the checked jobs to the queue, and reads the state of a single one. */

import { jobKeyOf } from '../domain/message/job-key.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { JobSender } from '../ports/job-sender.ts';
import type { Ledger } from '../ports/ledger.ts';
import { UnreadableRecord } from '../ports/ledger.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { JobView } from './api-shapes.ts';
import { readJob } from './read-job.ts';
import type { ReadyJob } from './submission.ts';

export interface SubmitDeps {
  readonly ledger: Pick<Ledger, 'read' | 'orders'>;
  readonly sender: JobSender;
}

export type Submitted =
  | {
      readonly kind: 'sent';
      readonly sent: number;
      /** Of a single job whose cart is known already: what the ledger said just before. */
      readonly known: JobView | undefined;
    }
  /** The queue failed midway: so many jobs are surely in it, and all may be sent again. */
  | { readonly kind: 'interrupted'; readonly sent: number; readonly why: string };

/** Callers and gateways wait for an answer for 30 s and more. */
const sendLimitMs = 20_000;

/** Sends jobs to the queue as their producer. The ledger makes it safe to send any of them again. */
export async function submitJobs(
  { ledger, sender }: SubmitDeps,
  jobs: readonly [ReadyJob, ...ReadyJob[]],
  traceparent?: string,
): Promise<Submitted> {
  const known = jobs.length === 1 ? await readIfKnown(ledger, jobs[0]) : undefined;
  let sent = 0;
  const onSent = (messages: number): void => {
    sent = messages;
  };
  try {
    const messages = jobs.map(({ body, job }) => omitUndefined({ body, at: job.notBefore, traceparent }));
    await sender.send(messages, { signal: AbortSignal.timeout(sendLimitMs), onSent });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { kind: 'interrupted', sent, why: error.message };
  }
  if (sent === jobs.length) return { kind: 'sent', sent, known };
  return {
    kind: 'interrupted',
    sent,
    why: `The queue did not take them all within ${sendLimitMs / 1_000} s.`,
  };
}

/** The state is a courtesy: without it the job is sent all the same. */
async function readIfKnown(ledger: SubmitDeps['ledger'], { job }: ReadyJob): Promise<JobView | undefined> {
  try {
    return await readJob(ledger, jobKeyOf(job));
  } catch (error) {
    if (error instanceof Unavailable || error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}

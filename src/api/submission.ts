/** First step of `POST /api/jobs`, pure: reads the body and checks every job. `submit-jobs.ts` sends what it returns. */

import { checkJob, type Job, maxBodyBytes, type Problem, readJson } from '../domain/message/job.ts';

/** What one request may bring. */
export const maxJobs = 1_000;
export const maxBytes = 1_048_576;
/** More would tell nothing new, and one request could ask for an answer of any size. */
const maxProblems = 1_000;

/** A job that is ready to be sent: what it says, and its message's body. */
export interface ReadyJob {
  readonly job: Job;
  readonly body: Uint8Array;
}

export type Submission =
  | { readonly ok: true; readonly jobs: readonly [ReadyJob, ...ReadyJob[]]; readonly isList: boolean }
  /** `path` is `notAfter`, or `[3].notAfter` in a list; empty for the body as a whole. `omitted`: so many more. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly omitted: number };

/** The body of a request: one job or a list of them. All of them are good, or none is sent. */
export function readSubmission(body: Uint8Array): Submission {
  const read = readJson(body);
  if (!read.ok) return refuse([{ path: read.path, reason: read.reason }]);
  const { value } = read;
  if (!Array.isArray(value)) return readJobs([value], () => '', false);
  if (value.length > maxJobs)
    return refuse([
      { path: '', reason: `the list has ${value.length} jobs; at most ${maxJobs} are taken at once` },
    ]);
  return readJobs(value, (index) => `[${index}]`, true);
}

function readJobs(values: readonly unknown[], place: (index: number) => string, isList: boolean): Submission {
  const problems: Problem[] = [];
  const ready = values.flatMap((value, index): ReadyJob[] => {
    const checked = checkJob(value);
    const body = new TextEncoder().encode(JSON.stringify(value));
    if (checked.ok && body.byteLength <= maxBodyBytes) return [{ job: checked.job, body }];
    if (checked.ok) {
      problems.push({
        path: place(index),
        reason: `the job has ${body.byteLength} bytes; a message has at most ${maxBodyBytes}`,
      });
      return [];
    }
    for (const { path, reason } of checked.problems)
      problems.push({ path: [place(index), path].filter((part) => part !== '').join('.'), reason });
    return [];
  });
  if (problems.length > 0) return refuse(problems);
  const [first, ...rest] = ready;
  if (first === undefined) return refuse([{ path: '', reason: 'the list is empty' }]);
  return { ok: true, jobs: [first, ...rest], isList };
}

const refuse = (problems: readonly Problem[]): Submission => ({
  ok: false,
  problems: problems.slice(0, maxProblems),
  omitted: Math.max(0, problems.length - maxProblems),
});

/** The trigger of `GET /api/jobs/{jobKey}`. */

import type { HttpFunctionOptions } from '@azure/functions';
import { readJob } from '../../src/api/read-job.ts';
import { readJobKey } from '../../src/domain/message/job-key.ts';
import { answering, json, problem } from '../http-answer.ts';
import type { Start } from '../start.ts';

/** `GET /api/jobs/{jobKey}`: what the ledger says about a job. */
export const readJobFunction = (start: Start): HttpFunctionOptions => ({
  methods: ['GET'],
  route: 'jobs/{jobKey}',
  authLevel: 'function',
  handler: answering(start, async (worker, { params }) => {
    const jobKey = readJobKey(decoded(params['jobKey']));
    if (jobKey === undefined)
      return problem(400, 'The address does not name a job.', {
        errors: [{ path: 'jobKey', reason: 'jobKey must be a job key, as POST /api/jobs answers it' }],
      });
    const found = await readJob(worker.ledger, jobKey);
    if (found !== undefined) return json(200, found);
    return problem(404, `Job ${jobKey} is not known: no worker has taken its message yet, or none was sent.`);
  }),
});

/** Many clients encode the colons of a path; a host may hand them over as they came. */
function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

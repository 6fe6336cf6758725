import type { HttpFunctionOptions, HttpRequest, HttpResponseInit } from '@azure/functions';
import type { SubmittedView } from '../../src/api/api-shapes.ts';
import { maxBytes, type ReadyJob, readSubmission } from '../../src/api/submission.ts';
import { type Submitted, submitJobs } from '../../src/api/submit-jobs.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { answering, json, problem, retryAfter } from '../http-answer.ts';
import type { Start } from '../start.ts';

/** `POST /api/jobs`: one job, or a list of up to 1,000; all of them are sent, or none. */
export const submitJobsFunction = (start: Start): HttpFunctionOptions => ({
  methods: ['POST'],
  route: 'jobs',
  authLevel: 'function',
  handler: answering(start, async (worker, request, context) => {
    const refused = refuseUnread(request);
    if (refused !== undefined) return refused;
    const [unknown] = [...request.query.keys()].filter((name) => name !== 'urgent' && name !== 'code');
    if (unknown !== undefined)
      return problem(400, 'Nothing was sent.', {
        errors: [{ path: unknown, reason: 'unknown query parameter: known is urgent' }],
      });
    const urgent = request.query.get('urgent') ?? 'false';
    if (urgent !== 'true' && urgent !== 'false')
      return problem(400, 'Nothing was sent.', {
        errors: [{ path: 'urgent', reason: 'urgent must be true or false' }],
      });
    const body = new Uint8Array(await request.arrayBuffer());
    if (body.byteLength > maxBytes) return tooLarge(body.byteLength);
    const submission = readSubmission(body);
    if (!submission.ok) {
      const { problems, omitted } = submission;
      const wrong = problems.length + omitted;
      const detail = `Nothing was sent: ${wrong === 1 ? '1 field is' : `${wrong} fields are`} wrong.`;
      return problem(400, detail, { errors: problems, ...(omitted === 0 ? {} : { omitted }) });
    }
    const { jobs, isList } = submission;
    const { standard, urgent: urgentJobs } = worker.submissions;
    const submitted = await submitJobs(
      urgent === 'true' ? urgentJobs : standard,
      jobs,
      context.traceContext?.traceParent,
    );
    return toAnswer(request, jobs, isList, submitted);
  }),
});

/** What can be told from the headers. */
function refuseUnread(request: HttpRequest): HttpResponseInit | undefined {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type))
    return problem(415, `The content type is "${type.slice(0, 100)}"; expected: application/json.`);
  const length = Number(request.headers.get('content-length') ?? 0);
  if (length > maxBytes) return tooLarge(length);
  // The host hands over no body that comes in chunks.
  if (request.headers.has('transfer-encoding') && length === 0)
    return problem(411, 'The body came in chunks; send it whole, with a Content-Length.');
  return undefined;
}

const tooLarge = (length: number): HttpResponseInit =>
  problem(
    413,
    `The body has ${length} bytes; at most ${maxBytes} are taken. Send the jobs in several requests.`,
  );

function toAnswer(
  request: HttpRequest,
  jobs: readonly [ReadyJob, ...ReadyJob[]],
  isList: boolean,
  submitted: Submitted,
): HttpResponseInit {
  if (submitted.kind === 'interrupted') {
    const { sent, why } = submitted;
    const detail = `At least ${sent} of ${jobs.length} jobs were sent, then the queue failed. Send all of them again: that is safe, each cart is bought once. ${why}`;
    return problem(503, detail, { sent, total: jobs.length }, retryAfter);
  }
  // Beside this very address, whatever the host's prefix is.
  const pathOf = (path: string) => new URL(path, request.url).pathname;
  const states = jobs.map(({ job }) => pathOf(`jobs/${jobKeyOf(job)}`));
  const body: SubmittedView = {
    sent: submitted.sent,
    jobs: states,
    ...(submitted.known === undefined || isList ? {} : { known: submitted.known }),
  };
  const { batchId } = jobs[0].job;
  const oneBatch = batchId !== undefined && jobs.every(({ job }) => job.batchId === batchId);
  const location = !isList
    ? states[0]
    : oneBatch
      ? pathOf(`batches/${encodeURIComponent(batchId)}`)
      : undefined;
  return json(202, body, location === undefined ? {} : { location });
}

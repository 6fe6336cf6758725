/** The trigger of `GET /api/batches/{batchId}`. */

import type { HttpFunctionOptions } from '@azure/functions';
import { batchView } from '../../src/api/batch-view.ts';
import { readBatchId } from '../../src/domain/message/job.ts';
import { answering, json, problem } from '../http-answer.ts';
import type { Start } from '../start.ts';

/** `GET /api/batches/{batchId}`: how far a batch is. */
export const readBatchFunction = (start: Start): HttpFunctionOptions => ({
  methods: ['GET'],
  route: 'batches/{batchId}',
  authLevel: 'function',
  handler: answering(start, async (worker, { params }) => {
    const read = readBatchId(params['batchId']);
    if (!read.ok) return problem(400, 'The address does not name a batch.', { errors: read.problems });
    const { batchId } = read;
    const status = await worker.batchStatus(batchId);
    if (status !== undefined) return json(200, batchView(status));
    return problem(
      404,
      `Batch "${batchId}" is not known: no worker has taken a job of it yet, or none was sent.`,
    );
  }),
});

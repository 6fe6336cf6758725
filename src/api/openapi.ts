/**
 * The description of the HTTP interface (`docs/openapi.json`), made from the schemas that decode requests and type
 * answers.
 */

import * as z from 'zod/mini';
import { messageSchema } from '../domain/message/message-schema.ts';
import {
  batchShape,
  healthShape,
  interruptedShape,
  jobShape,
  problemShape,
  refusedShape,
  submittedShape,
} from './api-shapes.ts';
import { maxBytes, maxJobs } from './submission.ts';

const schemas = {
  Job: jobSchema(),
  Jobs: { type: 'array', minItems: 1, maxItems: maxJobs, items: ref('Job') },
  Submitted: schemaOf(submittedShape),
  JobState: schemaOf(jobShape),
  Batch: schemaOf(batchShape),
  Health: schemaOf(healthShape),
  Problem: schemaOf(problemShape),
  Refused: schemaOf(refusedShape),
  Interrupted: schemaOf(interruptedShape),
};
type Name = keyof typeof schemas;

/** The HTTP functions as OpenAPI 3.1, made from what decodes their requests and types their answers. */
export const openApi = (): unknown => ({
  openapi: '3.1.0',
  info: {
    title: 'Checkout worker',
    version: '1',
    description:
      'Sends checkout jobs and reads their state. What changes a known job (retry, resolve, stop) is not here: it is in the command line, with a name to it. A wrong path or method is answered by the Functions host: 404 without a body.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/api' }],
  security: [{ header: [] }, { query: [] }],
  paths: {
    '/jobs': {
      post: {
        operationId: 'submitJobs',
        summary: 'Sends one job or a list of jobs to the queue: all of them, or none when one is wrong.',
        description: `At most ${maxJobs} jobs and ${maxBytes} bytes. Safe to repeat: a cart is bought once, however often its job is sent.`,
        parameters: [
          {
            name: 'urgent',
            in: 'query',
            description:
              'Served before all other jobs. For the few jobs that a person is waiting for, not for bulk runs.',
            schema: { type: 'boolean', default: false },
          },
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { oneOf: [ref('Job'), ref('Jobs')] } } },
        },
        responses: {
          202: {
            ...jsonOf('Taken by the queue.', 'Submitted'),
            headers: {
              Location: {
                description:
                  'Where to look: the state of a single job, the batch of a list whose jobs all name the same one.',
                schema: { type: 'string' },
              },
            },
          },
          400: problemOf('Nothing was sent; each bad field is named.', 'Refused'),
          401: unauthorized,
          411: problemOf('The body came without a length.'),
          413: problemOf('The body is too large. Without an answer body when the host refuses it unread.'),
          415: problemOf('The content type of the body is not JSON.'),
          503: problemOf(
            'The queue failed midway; the answer says how many were sent. You can safely send all of them again.',
            'Interrupted',
          ),
        },
      },
    },
    '/jobs/{jobKey}': {
      get: {
        operationId: 'readJob',
        summary:
          'What the ledger says about a job: state, reason with its remedy, orders, what became of each order line, next try, decisions.',
        parameters: [pathParameter('jobKey')],
        responses: {
          200: jsonOf('The job is known.', 'JobState'),
          400: problemOf('The address does not hold a job key.', 'Refused'),
          401: unauthorized,
          404: problemOf('No worker has taken a message of this job yet.'),
          500: problemOf('The record was changed by hand, or by a newer version.'),
          503: problemOf('The tables cannot be reached.'),
        },
      },
    },
    '/batches/{batchId}': {
      get: {
        operationId: 'readBatch',
        summary: 'How far a batch is: its jobs by state.',
        parameters: [pathParameter('batchId')],
        responses: {
          200: jsonOf('The batch is known.', 'Batch'),
          400: problemOf('The address does not hold a batch id.', 'Refused'),
          401: unauthorized,
          404: problemOf('No worker has taken a job of this batch yet.'),
          503: problemOf('The tables cannot be reached.'),
        },
      },
    },
    '/health': {
      get: {
        operationId: 'health',
        summary: 'Whether the tables answer and the poller ticks. Needs no key.',
        security: [],
        responses: {
          200: jsonOf('The worker can work.', 'Health'),
          503: jsonOf('It cannot.', 'Health'),
        },
      },
    },
  },
  components: {
    schemas,
    responses: { Unauthorized: { description: 'The key is missing or wrong. No body.' } },
    securitySchemes: {
      header: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
      query: { type: 'apiKey', in: 'query', name: 'code' },
    },
  },
});

function ref(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

const jsonOf = (description: string, name: Name) => ({
  description,
  content: { 'application/json': { schema: ref(name) } },
});

const problemOf = (description: string, name: Name = 'Problem') => ({
  description,
  content: { 'application/problem+json': { schema: ref(name) } },
});

const unauthorized = { $ref: '#/components/responses/Unauthorized' };

const pathParameter = (name: string) => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string' },
});

function schemaOf(shape: z.core.$ZodType): unknown {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { target: 'draft-2020-12' });
  return schema;
}

/** The message contract: over HTTP a job is what it is on the queue. */
function jobSchema(): unknown {
  const { $schema: _, $id: __, ...schema } = Object(messageSchema());
  return schema;
}

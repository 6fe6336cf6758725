import type { HttpFunctionOptions } from '@azure/functions';
import { checkoutView } from '../../src/api/checkout-view.ts';
import { readCartKey } from '../../src/domain/message/job.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { answering, json, problem } from '../http-answer.ts';
import type { Start } from '../start.ts';

/** `GET /api/checkouts/{customerId}/{cartId}`: what the ledger says about a cart. */
export const readCheckoutFunction = (start: Start): HttpFunctionOptions => ({
  methods: ['GET'],
  route: 'checkouts/{customerId}/{cartId}',
  authLevel: 'function',
  handler: answering(start, async (worker, { params }) => {
    const key = readCartKey(params);
    if (!key.ok) return problem(400, 'The address names no cart.', { errors: key.problems });
    const { customerId, cartId } = key.key;
    const found = await worker.deps.ledger.read(jobKeyOf(key.key));
    if (found !== undefined) return json(200, checkoutView(found.value));
    return problem(
      404,
      `Cart ${cartId} of customer ${customerId} is not known: no worker has taken its job yet, or none was sent.`,
    );
  }),
});

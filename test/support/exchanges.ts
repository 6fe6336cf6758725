import type { Exchange } from '../../src/domain/answer/exchange.ts';

/** What the Partner Center port brings of an answer with this body. */
export const answered = (status: number, body: unknown): Exchange => ({
  kind: 'answer',
  status,
  body: JSON.stringify(body),
  ms: 5,
});

/** For requests that a test does not expect. */
export const nobodyAsks = (): Promise<never> => Promise.reject(new Error('nobody asks'));

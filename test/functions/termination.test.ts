/** Promise: termination does what its page says, with bad input too. */

import { expect, test, vi } from 'vitest';
import { termination } from '../../functions/termination.ts';
import type { Gate, Taken } from '../../src/ports/gate.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';

const permit = { lane: 'worker', notBefore: 0 } as const;
const answer = { kind: 'no-answer', executed: 'no', failure: 'none', ms: 0, stale: true } as const;

const gateOf = (take: Gate['take'], giveBack: Gate['giveBack'] = () => {}): Gate => ({
  take,
  giveBack,
  report: async () => ({ kind: 'open' }),
  customerUntil: () => undefined,
  jobStarted: () => {},
  standing: async () => ({ kind: 'open', permitsPerMinute: 1 }),
  lastOkOfOthers: () => undefined,
});

const ids = { requestId: 'r', correlationId: 'c' };

/** Answers like the real client: nothing is sent if it may not leave. */
function client() {
  const left: boolean[] = [];
  const send = async (_: string, __: string, options: SendOptions) => {
    left.push(options.mayLeave?.() ?? true);
    return answer;
  };
  const orders = async () => answer;
  const partnerCenter = { checkout: send, cart: send, order: send, orders } satisfies Partial<PartnerCenter>;
  return { left, partnerCenter: partnerCenter as PartnerCenter };
}

test('before the end all passes as it is', async () => {
  const ending = termination(() => 5);
  const { left, partnerCenter } = client();
  const gate = ending.gate(gateOf(async () => ({ kind: 'permit', permit })));
  expect(await gate.take('worker', 10)).toEqual({ kind: 'permit', permit });
  await ending.partnerCenter(partnerCenter).checkout('a', 'b', { ids, mayLeave: () => true });
  await ending.partnerCenter(partnerCenter).checkout('a', 'b', { ids, mayLeave: () => false });
  expect(left).toEqual([true, false]);
});

test('once it ends no paid call leaves, though its permit and its fence are good', async () => {
  const ending = termination(() => 5);
  const { left, partnerCenter } = client();
  await ending.end(1);
  await ending.partnerCenter(partnerCenter).checkout('a', 'b', { ids, mayLeave: () => true });
  expect(left).toEqual([false]);
});

test('once it ends nobody gets a permit, and what comes late for somebody who waited goes back', async () => {
  const ending = termination(() => 5);
  const taking = Promise.withResolvers<Taken>();
  const giveBack = vi.fn();
  const gate = ending.gate(gateOf(() => taking.promise, giveBack));
  const waiting = gate.take('worker', 10);
  await ending.end(1);
  const refused = { kind: 'closed', until: 5, reason: 'this worker ends' };
  expect(await waiting).toEqual(refused);
  expect(await gate.take('worker', 10)).toEqual(refused);
  taking.resolve({ kind: 'permit', permit });
  await vi.waitFor(() => expect(giveBack).toHaveBeenCalledWith(permit));
});

test('the end waits for runs that are under way', async () => {
  const ending = termination(() => 5);
  const writes = Promise.withResolvers<string>();
  const run = ending.run(() => writes.promise);
  let ended = false;
  const end = ending.end(60_000).then(() => {
    ended = true;
  });
  await Promise.resolve();
  expect(ended).toBe(false);
  writes.resolve('written');
  expect(await run).toBe('written');
  await end;
  expect(ended).toBe(true);
});

test('the end does not wait for ever', async () => {
  const ending = termination(() => 5);
  void ending.run(() => new Promise(() => {}));
  await ending.end(1);
});

/** Promise: probe does what its page says, with bad input too. */

import { afterEach, expect, test } from 'vitest';
import { type ProbeResult, probe, verdictOf } from '../../local/first-deployment/probe.ts';
import { steps } from '../../local/first-deployment/steps.ts';
import { type Sandbox, startSandbox } from '../../local/partner-center/sandbox.ts';
import { instant } from '../sandbox/client.ts';

let sandbox: Sandbox | undefined;
afterEach(() => sandbox?.stop());

test.each(['replay', 'already-submitted'] as const)(
  'the probe finds the contract %s, and buys one cart once',
  async (contract) => {
    sandbox = await startSandbox({ seed: 'probe', switches: { ...instant, contract } });
    const [cart] = sandbox.createCarts({ count: 1, customers: 1 });
    if (cart === undefined) throw new Error('no cart');
    const { customerId, cartId } = cart;
    const said: string[] = [];
    const started = sandbox;
    const result = await probe({
      api: started.apiBase,
      token: async () => started.token(),
      customerId,
      cart: { cartId },
      now: Date.now,
      sleep: () => new Promise((resolve) => setTimeout(resolve, 50)),
      say: (text) => void said.push(text),
    });
    expect(verdictOf(result)).toMatchObject({ contract, settings: { REPEAT_ORDERED_CART: 'true' } });
    expect(result.orderedAfter).toBeDefined();
    const groups = started.orderBook().map(({ group }) => group);
    expect(new Set(groups).size).toBe(groups.length);
    expect(started.calls().filter(({ operation }) => operation === 'checkout')).toHaveLength(3);
  },
);

const answer = (status: number, code: string, ...orderIds: string[]) => ({ status, code, orderIds });
const result: ProbeResult = {
  cartId: 'c',
  orderedAfter: 5_000,
  sameRequestId: answer(200, '', 'a'),
  otherRequestId: answer(200, '', 'a'),
  listedAfter: 9_000,
  orders: ['a'],
  cancelled: [200],
};

test.each([
  ['replay', result],
  ['already-submitted', { ...result, otherRequestId: answer(400, '800065') }],
  [
    'already-submitted',
    { ...result, sameRequestId: answer(400, '800065'), otherRequestId: answer(400, '800065') },
  ],
  ['buys-again', { ...result, otherRequestId: answer(201, '', 'b'), orders: ['a', 'b'] }],
  ['unknown', { ...result, orderedAfter: undefined }],
  ['unknown', { ...result, sameRequestId: answer(500, ''), otherRequestId: answer(500, '') }],
] as const)('the contract is %s', (contract, given) => {
  expect(verdictOf(given).contract).toBe(contract);
});

test('only a contract that buys nothing lets an ordered cart be repeated', () => {
  const again = { ...result, otherRequestId: answer(201, '', 'b'), orders: ['a', 'b'] };
  expect(verdictOf(again).settings).toEqual({ REPEAT_ORDERED_CART: 'false' });
});

test('the first deployment has nine steps and takes two hours', () => {
  expect(steps).toHaveLength(9);
  expect(steps.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(120);
});

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

/** What the probe says at its end, of a cart of its own at the sandbox. */
const endOfProbe = async (change: {
  readonly customerId?: string;
  readonly cartId?: string;
  readonly sleep?: () => Promise<void>;
}) => {
  const started = sandbox;
  if (started === undefined) throw new Error('no sandbox');
  const [cart] = started.createCarts({ count: 1, customers: 1 });
  if (cart === undefined) throw new Error('no cart');
  const { customerId = cart.customerId, cartId = cart.cartId } = change;
  return probe({
    api: started.apiBase,
    token: async () => started.token(),
    customerId,
    cart: { cartId },
    now: Date.now,
    sleep: change.sleep ?? (async () => {}),
    say: () => {},
  }).then(
    () => 'it went through',
    (error: unknown) => (error instanceof Error ? error.message : ''),
  );
};

test('nothing is bought where cart or customer are not there, or the cart is ordered already', async () => {
  sandbox = await startSandbox({ seed: 'probe', switches: instant });
  const unknown = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
  expect(await endOfProbe({ cartId: unknown })).toMatch(
    /^The cart 7c1f.* cannot be read: 404 .* Nothing was bought\.$/,
  );
  expect(await endOfProbe({ customerId: unknown })).toMatch(/ cannot be read: 404 .* Nothing was bought\.$/);
  expect(sandbox.calls().filter(({ operation }) => operation === 'checkout')).toEqual([]);
  const [cart] = sandbox.createCarts({ count: 1, customers: 1 });
  const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
  expect(await endOfProbe({ ...cart, sleep: soon })).toBe('it went through');
  expect(await endOfProbe({ ...cart, sleep: soon })).toMatch(
    /is ordered; it must be active\. Nothing was bought/,
  );
});

test('once the checkout was sent, whatever stops the probe says that the cart may have been bought', async () => {
  sandbox = await startSandbox({ seed: 'probe', switches: instant });
  const stopped = await endOfProbe({ sleep: async () => void (await sandbox?.stop()) });
  sandbox = undefined;
  expect(stopped).toMatch(
    /got no answer: .*The cart .* may have been bought: look for its order of today, and cancel it\.$/,
  );
});

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

/** Promise: the trial call of a closed gate is never lost, so the gate opens again. */

import { describe, expect, test } from 'vitest';
import { readApi } from '../../src/checkout/read-api.ts';
import { startRun } from '../../src/checkout/run.ts';
import type { Permit } from '../../src/domain/gate/permit.ts';
import { decodeDelivery } from '../../src/domain/message/delivery.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { budgetedRead } from '../../src/operator/audit/budgeted-read.ts';
import { readOrder } from '../../src/polling/read-order.ts';
import type { Gate } from '../../src/ports/gate.ts';
import { aRecord } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { fleet } from './fleet.ts';
import { guid, jobBed } from './job-bed.ts';

const second = 1_000;
const hour = 3_600 * second;
const row = {
  key: 'k',
  dueAt: 0,
  orderId: 'order-1',
  jobKey: jobKeyOf({ customerId: guid(1), cartId: guid(2) }),
  since: 0,
  polls: 0,
};

/** An authority that answers after each of these times in turn, the last one for ever; `fail`: it refuses. */
function authority(
  { clock }: ReturnType<typeof fleet>,
  ...answers: readonly (number | { readonly fail: number })[]
) {
  let asked = 0;
  return async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? 0;
    asked += 1;
    await clock.sleep(typeof answer === 'number' ? answer : answer.fail);
    if (typeof answer !== 'number') throw new Error('AADSTS90033: a transient error has occurred');
    return { token: `token-${asked}`, expiresAt: clock.now() + hour };
  };
}

describe('the one trial call of a closed gate is not lost', () => {
  test.each([0, 2, 5, 30])(
    'a token that takes %i s: the first call leaves as soon as it is there',
    async (takes) => {
      const world = fleet();
      const bed = jobBed(world, { fetchToken: authority(world, takes * second) });
      const started = world.clock.now();
      const instances = [world.instance(4_000), world.instance(-9_000)];
      await world.clock.until(
        Promise.all(
          instances.flatMap((instance, i) => [1, 2, 3, 4].map((n) => bed.run(instance, 10 * i + n))),
        ),
      );
      expect(bed.calls).toHaveLength(8);
      expect((bed.calls[0]?.at ?? Infinity) - started).toBeLessThan((takes + 1) * second);
      expect((bed.calls.at(-1)?.at ?? Infinity) - started).toBeLessThan((takes + 8) * second);
    },
  );

  test('a slow token that comes only after the permit was taken: the permit goes back, and the next is used', async () => {
    const world = fleet();
    const bed = jobBed(world, { fetchToken: authority(world, { fail: second }, 5 * second) });
    const started = world.clock.now();
    await world.clock.until(bed.run(world.instance(), 1));
    expect(bed.calls).toHaveLength(1);
    expect((bed.calls[0]?.at ?? Infinity) - started).toBeLessThan(8 * second);
  });

  test('its token is refused (401): it is repeated with a new one, however long that takes', async () => {
    const world = fleet();
    const bed = jobBed(world, {
      fetchToken: authority(world, 0, 5 * second),
      answer: (_, nth) => (nth === 1 ? { kind: 'answer', status: 401, body: '', ms: 1 } : undefined),
    });
    const started = world.clock.now();
    await world.clock.until(bed.run(world.instance(), 1));
    expect(bed.calls).toHaveLength(2);
    expect((bed.calls[1]?.at ?? Infinity) - started).toBeLessThan(8 * second);
    expect(bed.waiting()).toEqual([]);
  });

  test.each([
    ['a slow token', 0, [{ fail: second }, 5 * second]],
    ['a token that is refused', 401, [0, 5 * second]],
  ] as const)('of the poller, with %s', async (_, status, answers) => {
    const world = fleet();
    const bed = jobBed(world, {
      fetchToken: authority(world, ...answers),
      answer: (_call, nth) =>
        nth === 1 && status > 0 ? { kind: 'answer', status, body: '', ms: 1 } : undefined,
    });
    const started = world.clock.now();
    const { gate } = world.instance();
    const read = await world.clock.until(readOrder({ ...bed.deps, gate }, row, started + 20 * second));
    expect(read.kind).toBe('order');
    expect(world.clock.now() - started).toBeLessThan(8 * second);
  });

  test.each([
    ['a slow token', 0, [{ fail: second }, 5 * second], 'leaves'],
    ['a token that is refused', 401, [0, 5 * second], 'leaves'],
    ['no token at all', 0, [{ fail: second }], 'cannot'],
  ] as const)(
    "of a person's command, with %s: the worker's own call need not wait for it",
    async (_, status, answers, end) => {
      const world = fleet();
      const { clock } = world;
      const bed = jobBed(world, {
        fetchToken: authority(world, ...answers),
        answer: (_call, nth) =>
          nth === 1 && status > 0 ? { kind: 'answer', status, body: '', ms: 1 } : undefined,
      });
      const started = clock.now();
      const { gate } = world.instance();
      const read = budgetedRead(
        {
          gate,
          clock,
          tokens: bed.deps.tokens,
          random: seededRandom(1),
          minuteMs: 60 * second,
          permitLife: defaultTimes.permitLife,
          signal: new AbortController().signal,
        },
        guid(1),
        (options) => bed.deps.partnerCenter.order(guid(1), 'order-1', options),
        () => ({ ok: true, value: 'read' }),
      ).then(
        ({ kind }) => kind,
        () => 'cannot',
      );
      expect(await clock.until(read)).toBe(end === 'leaves' ? 'value' : 'cannot');
      const other = jobBed(world);
      await clock.until(other.run(world.instance(), 7));
      expect(other.calls).toHaveLength(1);
      expect((other.calls[0]?.at ?? Infinity) - started).toBeLessThan(10 * second);
    },
  );

  test('who holds it gives it back unused: others on this instance and elsewhere may have it at once', async () => {
    const world = fleet();
    const { clock } = world;
    const [one, two] = [world.instance(), world.instance()];
    const taken = await clock.until(one.gate.take('worker', clock.now() + second));
    if (taken.kind !== 'permit') throw new Error('the first who asks has the trial call');
    expect(await clock.until(two.gate.take('worker', clock.now() + second))).toMatchObject({
      kind: 'closed',
      reason: expect.stringMatching(/trial call is out since 2026-01-05T20:00:0/),
    });
    // So late that nobody may use it any more, while somebody on the same instance waits in the other lane.
    await clock.run(2 * second);
    one.gate.giveBack(taken.permit);
    await clock.run(second);
    expect(await clock.until(two.gate.take('worker', clock.now() + second))).toMatchObject({
      kind: 'permit',
    });
  });

  test('a stale one is not handed to whoever waits', async () => {
    const world = fleet();
    const { clock } = world;
    const { gate } = world.instance();
    const taken = await clock.until(gate.take('worker', clock.now() + second));
    if (taken.kind !== 'permit') throw new Error('the first who asks has the trial call');
    await clock.run(900);
    const next = gate.take('worker', clock.now() + 10 * second);
    gate.giveBack(taken.permit);
    const got = await clock.until(next);
    // The next has one of its own, or hears within seconds that it may ask again.
    if (got.kind === 'permit') expect(got.permit).not.toBe(taken.permit);
    else {
      await clock.run(got.until - clock.now());
      expect(await clock.until(gate.take('worker', clock.now() + second))).toMatchObject({ kind: 'permit' });
    }
  });
});

test('while the authority refuses, trial calls alone ask it: not every delivery does', async () => {
  const world = fleet();
  const { clock } = world;
  let asked = 0;
  const bed = jobBed(world, {
    fetchToken: async () => {
      asked += 1;
      await clock.sleep(200);
      throw new Error('AADSTS7000222: the client secret has expired');
    },
  });
  const instance = world.instance();
  await clock.until(Promise.all(Array.from({ length: 100 }, (_, n) => bed.run(instance, n))));
  expect(bed.calls).toEqual([]);
  // One ahead of the first permit, then one for each trial call: pauses of 15, 30, 60 s within the 90 s that deliveries are held.
  expect(asked).toBeLessThanOrEqual(6);
});

test.each([
  ['a slow token', 0, [{ fail: second }, 5 * second], ['leaves']],
  ['a token that is refused', 401, [0, 5 * second], ['refused', 'leaves']],
] as const)(
  'a read of a delivery, with %s: nothing leaves with a stale permit, and the trial call is not lost',
  async (_, status, answers, expected) => {
    const world = fleet();
    const { clock } = world;
    const bed = jobBed(world, {
      fetchToken: authority(world, ...answers),
      answer: (_call, nth) =>
        nth === 1 && status > 0 ? { kind: 'answer', status, body: '', ms: 1 } : undefined,
    });
    const delivery = decodeDelivery({
      messageId: 'm',
      body: Buffer.from(JSON.stringify({ customerId: guid(1), cartId: guid(2) })),
      properties: {},
      queue: 'standard',
      sequenceNumber: '1',
      deliveryCount: 1,
      enqueuedAt: clock.now(),
    });
    if (delivery.kind !== 'delivery') throw new Error('the message is a job');
    const { gate } = world.instance();
    let permit: Permit | undefined;
    const watched: Gate = {
      ...gate,
      take: async (...asked) => {
        const taken = await gate.take(...asked);
        if (taken.kind === 'permit') permit = taken.permit;
        return taken;
      },
    };
    const run = startRun({ ...bed.deps, gate: watched }, delivery.delivery);
    const started = clock.now();
    const read = await clock.until(
      readApi(
        run,
        aRecord(),
        'order',
        (options) => bed.deps.partnerCenter.order(guid(1), 'order-1', options),
        () => ({ ok: true, value: 'read' }),
      ),
    );
    expect(read.kind).toBe('value');
    const left = bed.calls.at(-1)?.at ?? Infinity;
    expect(left - (permit?.notBefore ?? 0)).toBeLessThan(defaultTimes.permitLife);
    expect(bed.calls).toHaveLength(expected.length);
    expect(clock.now() - started).toBeLessThan(8 * second);
  },
);

/** Promise: the gate's condition is told with its cause and its beginning. */

import { expect, test } from 'vitest';
import { defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { type GateState, initialState } from '../../src/domain/gate/gate-state.ts';
import { gateCondition } from '../../src/gate/gate-condition.ts';

const now = 1_000_000;
const conditionAt = (change: Partial<GateState>) =>
  gateCondition(
    {
      read: async () => ({ ...initialState(now - 50, settings), closure: undefined, ...change }),
      now: () => ({ earliest: now, latest: now }),
    },
    settings,
  );
const closure = (until: number) => ({
  cause: 'breaker' as const,
  since: 7,
  until,
  reason: 'five in a row',
  pauses: 1,
});

test('the gate is open, closed, on trial or paused, with its cause and its beginning', async () => {
  expect(await conditionAt({})).toEqual({ state: 'open' });
  expect(await conditionAt({ closure: closure(now + 1) })).toEqual({
    state: 'closed',
    cause: 'breaker',
    since: 7,
  });
  expect(await conditionAt({ closure: closure(now) })).toEqual({
    state: 'trial',
    cause: 'breaker',
    since: 7,
  });
  const throttled = { ...closure(now - 1), cause: 'throttled' as const };
  expect(await conditionAt({ closure: throttled })).toEqual({ state: 'open' });
  const paused = { who: 'somebody', reason: 'why', since: 9 };
  expect(await conditionAt({ paused })).toEqual({ state: 'paused', cause: 'paused', since: 9 });
});

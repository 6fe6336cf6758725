/** Promise: schedules that once broke a promise keep it now. */

import { expect, test } from 'vitest';
import { readSchedule } from './blows.ts';
import { violationsOf } from './explore.ts';
import { simulate } from './run.ts';
import { scenarioNamed } from './scenarios.ts';

/** Schedules that once broke a promise, and by what. */
const found = [
  ['a read that does not leave gives its permit back', 'slow-token-reads-replay:1'],
  ['the attention row of a bug is closed after the result', 'plain-replay:1:7-bug'],
  ['a job that begins with a redelivered message closes it too', 'throttled-replay:1:1-bugs'],
  ['a bug before the claim loses no batch', 'batch-replay:1:0-bug'],
  ['a bug whose entry cannot be written leads to a dead letter, which is requeued', 'plain-replay:1:1-bug'],
  ['a removed entry is written again once, not once a minute', 'random-carts:6'],
  ['the row about a bug of a late wake-up is closed in the end', 'random-carts:1775'],
  [
    'the row about a bug is closed though its worker died before it sent the message again',
    'random-carts:3468',
  ],
  ['equal carts do not wait for each other for ever', 'random-carts:38114'],
  [
    'a batch ends though somebody removed the entry that would have finalized its last line',
    'random-carts:5783',
  ],
  ['a Retry-After of a customer holds though a call that was under way passes', 'random-carts:27999'],
  ['the same for the poller', 'random-carts:26047'],
  ['an order that a person placed is no order of a cart that was refused and is active', 'random-carts:9760'],
  ['the same for a cart of which some groups were bought', 'random-carts:7419'],
  ['a settled job has its row in the batch of a message whose worker died', 'lines-twice-equal:1:138-before'],
  ['the row about a bug is closed though its message is refused for other lines', 'random:47'],
  ['a catalogue that lists what a cart refuses fails no order at once', 'random:71'],
  ['a message that replaces lines brings its own times', 'random:72'],
  ['an outage before does not make the worker believe a catalogue that lags', 'random:1434'],
  ['a message that is refused beside its own job is no other line of its batch', 'random:1492'],
  ['a retry does not forget which lines its cart left out', 'random:2324'],
  ['a person hears of no bug of a job that was finalized meanwhile', 'random:10773'],
  ['a batch is not finished while one of its lines is tried again with other lines', 'random:12977'],
  ['the row of a failed job comes back after a bug of a message with other lines', 'random:15930'],
  ['a long Retry-After of one customer holds after the gate was closed for all', 'random:23464'],
  ['a cart that is not found right after its PUT fails no order', 'random:31583'],
  ['a wake-up of a newer version is no dead letter while storage is away', 'random:40935'],
  ['named orders that meet a bug each time are not tried for ever', 'refused-refuse:1:83-bugs'],
  ['a job of a stopped batch is told of though its worker died', 'stopped-replay:1:60-before'],
  ['an entry under the key of a cart that a worker made needs no repair', 'random:10042'],
  ['the row about a bug of a worker that stood still is closed', 'random:24065'],
  ['a cart that was put with fewer lines is whole with the orders of these', 'random:25267'],
  [
    'a worker that stood still takes no entry away by which a bug comes back, as it finalizes',
    'random:35714',
  ],
  ['the same, as it reschedules', 'random:44315'],
  ['the times of a message are merged though the record changes meanwhile', 'random:98922'],
  ['the row of a failed job comes back after a bug of a doubled wake-up', 'random:88331'],
] as const;

test.each(found)('%s', { timeout: 60_000 }, async (_, text) => {
  const schedule = readSchedule(text);
  expect(violationsOf(await simulate(scenarioNamed(schedule.scenario), schedule))).toEqual([]);
});

test('a job that crashes in its call is claimed a few times an hour', { timeout: 60_000 }, async () => {
  const schedule = readSchedule('batch-replay:1:9-bug');
  const { bugs } = await simulate(scenarioNamed(schedule.scenario), schedule);
  expect(bugs.claims).toBeLessThan(10);
  expect(bugs.heard).toBe(bugs.hit);
});

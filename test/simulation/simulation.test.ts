/** Promise: with one fault at any port call every promise holds, and a failure can be replayed. */

import { describe, expect, test } from 'vitest';
import { readSchedule, scheduleText } from './blows.ts';
import { explore, pointUnits, violationsOf } from './explore.ts';
import { linesScenarios } from './lines-scenarios.ts';
import { outsideScenarios } from './outside-scenarios.ts';
import { simulate } from './run.ts';
import { scenarioNamed } from './scenarios.ts';

test('a schedule is told again to the letter', async () => {
  const schedule = readSchedule('random:7');
  const first = await simulate(scenarioNamed('random'), schedule, true);
  const again = await simulate(scenarioNamed('random'), schedule, true);
  expect(again.lines).toEqual(first.lines);
  expect(first.lines.length).toBeGreaterThan(20);
});

test('what a failure prints is what a replay reads', () => {
  const text = 'people-replay:3:12-before,40-lost';
  expect(scheduleText(readSchedule(text))).toBe(text);
  expect(() => readSchedule('people-replay')).toThrow('no schedule');
});

/** The shortest here; every scenario, the pairs and many more worlds with `npm run simulate`. */
const shortest = ['plain-replay', 'one-lost-replay'];
const core = pointUnits(1).filter((unit) => shortest.includes(unit.scenario));

describe('hit once at every port call, in every way', () => {
  test.each(core)(
    '$scenario',
    async (unit) => {
      const { failures, schedules } = await explore(unit);
      expect(failures).toEqual([]);
      expect(schedules).toBeGreaterThan(50);
    },
    600_000,
  );
});

describe('people, proxies and odd answers beside us', () => {
  const scenarios = outsideScenarios.filter(({ name }) => name !== 'one-customer');
  test.each(scenarios)('$name', { timeout: 600_000 }, async (scenario) => {
    const outcome = await simulate(scenario, { scenario: scenario.name, seed: 1, blows: [] });
    expect(violationsOf(outcome)).toEqual([]);
  });
});

describe('jobs that carry order lines', () => {
  test.each(linesScenarios)('$name', { timeout: 600_000 }, async (scenario) => {
    const outcome = await simulate(scenario, { scenario: scenario.name, seed: 1, blows: [] });
    expect(violationsOf(outcome)).toEqual([]);
    expect(outcome.kinds).toContain('order lines');
  });
});

test('a promise that is broken is noticed', async () => {
  const plain = scenarioNamed('plain-replay');
  // The order that the producer asked for is one that no cart of the model can be.
  const outcome = await simulate(
    {
      ...plain,
      setup: (random) => ({ ...plain.setup(random), outages: [{ what: 'storage', from: 0, to: 1e12 }] }),
    },
    readSchedule('plain-replay:1'),
  );
  expect(violationsOf(outcome)).not.toEqual([]);
});

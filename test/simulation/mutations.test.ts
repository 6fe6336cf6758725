import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { scenarioNamed } from './scenarios.ts';
import { withoutGuard } from './without-guard.ts';

test.each(mutations)('$name: the guard stands where the mutation takes it out', (mutation) => {
  const source = readFileSync(new URL(`../../${mutation.file}`, import.meta.url), 'utf8');
  expect(withoutGuard(source, mutation)).not.toBe(source);
  const { scenario } = mutation;
  if (scenario !== undefined) expect(scenarioNamed(scenario).name).toBe(scenario);
});

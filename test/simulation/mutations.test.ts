import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { scenarioNamed } from './scenarios.ts';

const sourceOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test.each(mutations)('$name: the guard stands where the mutation takes it out', (mutation) => {
  const { file, find, replace, also = [], scenario } = mutation;
  let source = sourceOf(file);
  for (const edit of [{ find, replace }, ...also]) {
    const parts = source.split(edit.find);
    expect(parts).toHaveLength(2);
    source = parts.join(edit.replace);
  }
  expect(source).not.toBe(sourceOf(file));
  if (scenario !== undefined) expect(scenarioNamed(scenario).name).toBe(scenario);
});

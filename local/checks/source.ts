/**
 * What Biome and knip cannot hold, as a part of `npm run lint`: the words of the glossary, and names of files that are unique.
 */

import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const filesIn = (...patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.png'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Words that an earlier edition used for these things. The glossary in docs/protocol.md has the word of today. */
const replaced: readonly (readonly [pattern: string, instead: string])[] = [
  ['tickets?|ticketed', 'the key of an entry'],
  ['twins?', 'equal cart'],
  ['reviv(?:e|es|ed|al|als|ing)', 'retry, or repair'],
  ['park(?:s|ed|ing)?', 'reschedule, or redeliver later'],
  ['tails?', 'what finalize does'],
  ['lots?', 'permit batch, or many'],
  ['suspects?|suspected', 'throttled customer'],
  ['overt(?:ake|akes|aken|aking|ook)', 'too late, or replaced'],
  ['due[ _-]?rows?', 'entry'],
  ['quiet(?:s|ed|er|ly|ing|ness)?', 'list lag, or what happens in fact'],
  ['barred', 'closed'],
  ['shut(?:s|ting)?', 'closed, or stop'],
];

const banned = new RegExp(`\\b(?:${replaced.map(([pattern]) => pattern).join('|')})\\b`, 'gi');
const insteadOf = (word: string): string =>
  replaced.find(([pattern]) => new RegExp(`^(?:${pattern})$`, 'i').test(word))?.[1] ?? '';

/** `dueRow`, `due_row` and `DUE_ROW` as `due row`; what is no word stays where it is. */
const asWords = (text: string): string =>
  text
    .replaceAll('_', ' ')
    .replace(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .replace(/(?<=[A-Z])(?=[A-Z][a-z])/g, ' ');

const wordsRefused = (text: string): readonly string[] =>
  [...asWords(text).matchAll(banned)].map(([word]) => `"${word}": say ${insteadOf(word)}`);

function* wordProblems(): Generator<string> {
  for (const path of filesIn('src/**/*', 'functions/**/*', 'docs/**/*', 'infra/**/*', 'README.md')) {
    for (const refused of wordsRefused(path)) yield `${path}: the file's name has ${refused}`;
    for (const [index, line] of read(path).split('\n').entries())
      for (const refused of wordsRefused(line)) yield `${path}:${index + 1}: ${refused}`;
  }
}

function* nameProblems(): Generator<string> {
  const known = new Map<string, string>();
  for (const path of filesIn('src/**/*')) {
    const name = basename(path);
    const other = known.get(name);
    if (other !== undefined && !name.startsWith('index.')) yield `${path}: ${other} has the same name`;
    known.set(name, path);
  }
}

const problems = [...wordProblems(), ...nameProblems()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems`);
  process.exitCode = 1;
}

/** Promise: no pattern takes the square of a text's length. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';

/**
 * A pattern that may begin anywhere, repeats without a limit and then wants more is tried from each character to the end of
 * the text: on a long text it takes the square of its length. So a pattern with an unlimited repetition begins with `^`, or
 * ends with that repetition.
 */
const root = join(import.meta.dirname, '../..');
const folders = ['src', 'functions'];

interface Found {
  readonly place: string;
  readonly pattern: string;
  readonly flags: string;
}

function patternsIn(file: string): readonly Found[] {
  const found: Found[] = [];
  const { program, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const note = (pattern: string, flags: string) => found.push({ place: file, pattern, flags });
  new Visitor({
    Literal(node) {
      if ('regex' in node) note(node.regex.pattern, node.regex.flags);
    },
  }).visit(program);
  return found;
}

/** The pattern without classes and escapes: each is one character that repeats nothing. */
const skeleton = (pattern: string): string =>
  pattern.replaceAll(/\\[pP]\{[^}]*\}|\\./gs, 'x').replaceAll(/\[[^\]]*\]/g, 'x');

function isQuadratic({ pattern, flags }: Pick<Found, 'pattern' | 'flags'>): boolean {
  const bare = skeleton(pattern).replaceAll(/\(\?(?:[:=!]|<[=!]|<\w+>)/g, '(');
  const repeats = /[*+]|\{\d+,\}/;
  if (!repeats.test(bare)) return false;
  if (bare.startsWith('^') && !flags.includes('m')) return hasNested(bare);
  return !/^[^*+{}()|$]*(?:[*+]|\{\d+,\})\)?$/.test(bare);
}

/** A repetition of something that repeats, without a character of its own between: `(a+)+`. */
const hasNested = (bare: string): boolean => /\([^()]*[*+]\)[*+]/.test(bare) && !/\(x?,/.test(bare);

const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);

test('no pattern takes the square of a text', () => {
  const all = files.flatMap(patternsIn);
  expect(all.length).toBeGreaterThan(50);
  const bad = all.filter(isQuadratic).map(({ place, pattern }) => `${place} /${pattern}/`);
  expect(bad.filter((text) => !harmless.includes(text))).toEqual([]);
});

/** What repeats in these cannot hold the character that it begins with, or that stands between: each is tried once. */
const harmless: readonly string[] = [
  String.raw`src/config/setting-values.ts /^[a-z0-9-]+(\.[a-z0-9-]+)+$/`,
  String.raw`src/config/setting-values.ts /(:\d+)?\/?$/`,
  String.raw`src/domain/looks-like.ts /^[a-z0-9-]+(\.[a-z0-9-]+)+$/`,
  String.raw`src/domain/looks-like.ts /(^|;)\s*(endpoint|sharedaccess\w*|account\w*|instrumentationkey|defaultendpointsprotocol|tableendpoint)\s*=/`,
  String.raw`src/cli/session/arguments.ts /\.\d+Z$/`,
  String.raw`src/operator/jobs/next-step.ts /\.\d+Z$/`,
];

test.each([
  [String.raw`\S[^\r\n]*(?=[\r\n])`, true],
  [String.raw`\/+$`, true],
  ['T.*(Z|x)$', true],
  [',?[^,]*…$', true],
  ['^(a+)+$', true],
  ['^[^T]*T.*(?:Z|x)$', false],
  [String.raw`[\s\p{Cc}]+`, false],
  [' +', false],
  [String.raw`^\d+(\.\d+)?$`, false],
  ['(Z|[+-]x)$', false],
])('the rule tells what is quadratic: %s', (pattern, quadratic) => {
  expect(isQuadratic({ pattern, flags: '' })).toBe(quadratic);
});

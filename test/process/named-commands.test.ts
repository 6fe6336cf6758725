/** Promise: every command that a page or a message names can be typed. */

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { program } from '../../src/cli/session/commands.ts';

/** What people are told to type, wherever they are told: it must be there, with its options. */
const root = join(import.meta.dirname, '../..');
const read = (path: string): string => {
  const text = readFileSync(join(root, path), 'utf8');
  return path.endsWith('.json') ? textsOf(JSON.parse(text)).join('\n') : text.replaceAll('\\`', '`');
};
const textsOf = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : [];
const files = (pattern: string) => globSync(pattern, { cwd: root }).sort();

/** Each `npx partner-checkout …` of a text: in back-ticks, as a line for the shell, after "Type:", as a command of a tile or an alert. */
function commandsIn(text: string): readonly string[] {
  const patterns = [
    /`npx partner-checkout ([a-z][^`\n]*)`/g,
    /^ *(?:npx partner-checkout|npm run partner-checkout --) ([a-z-].*)$/gm,
    /(?:Type|Next|Watch|See|with|stand|missing|letters|open|each): npx partner-checkout ([a-z][^'"`\n]*)/g,
    /(?:'|\\n {2})npx partner-checkout ([a-z-][^'\\\n]*)/g,
    /command(?::| =) '{1,2}npx partner-checkout ([a-z][^']*)'/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, found = '']) =>
      found
        .replaceAll('\\"', '"')
        .replace(/\s+#.*$/, '')
        .trim(),
    ),
  );
}

/** Undefined: it can be typed. */
function wrongWith(line: string): string | undefined {
  let command: Command = program;
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const known = new Set(program.options.flatMap(({ long }) => long ?? []));
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) {
      command = next;
      continue;
    }
    if (command === program && !word.startsWith('-') && !known.has(previous(words, word)))
      return `there is no command ${word}`;
    const option = /^--[a-z-]+/.exec(word)?.[0];
    const own = command.options.map(({ long }) => long);
    if (option !== undefined && option !== '--help' && !own.includes(option) && !known.has(option))
      return `${command.name()} has no option ${option}`;
  }
  return command === program ? 'it names no command' : undefined;
}

/** The option whose value a word may be. */
const previous = (words: readonly string[], word: string): string => words[words.indexOf(word) - 1] ?? '';

test.each([
  ['status', undefined],
  ['--json batch stop ID --undo', undefined],
  ['--settings night.env pause "taken down"', undefined],
  ['statos', 'there is no command statos'],
  ['retry --cod CODE', 'retry has no option --cod'],
])('partner-checkout %s: %s', (line, wrong) => {
  expect(wrongWith(line)).toBe(wrong);
});

/** The name of the command was once that of a stranger's package, which npx downloads and runs outside the clone. */
/** `jobs` is younger than the new name, and "checkout jobs" is prose. */
const subcommands = program.commands.map((command) => command.name()).filter((name) => name !== 'jobs');
const oldName = new RegExp(
  `npx checkout|npm run checkout|(?<![\\w./-])(?<!partner-)checkout (?:--json|--settings|${subcommands.join('|')})(?![\\w-])`,
);
/** Prose, and the name of a span, which telemetry keeps. */
const isNoCommand = /[Aa] checkout job|'checkout job'|\| \\?`checkout job\\?` \|/;

test.each([
  ['npx checkout status', true],
  ['Next: checkout dead-letters list', true],
  ['checkout --json batch x', true],
  ['npx partner-checkout status', false],
  ['takes checkout jobs', false],
  ['the sandbox’s checkout.retry', false],
])('the old name in "%s": %s', (text, found) => {
  expect(oldName.test(text)).toBe(found);
});

test('no text anywhere names the command by its old name', () => {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const all = tracked
    .split('\n')
    .filter((file) => /\.(md|ts|js|json|kql|bicep|ya?ml|sh|py|cs|example)$|^\.ci\//.test(file))
    .filter((file) => file !== 'test/process/named-commands.test.ts' && existsSync(join(root, file)));
  expect(all.length).toBeGreaterThan(300);
  const found = all.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => oldName.test(line.replace(isNoCommand, '')))
      .map((line) => `${file}: ${line.trim().slice(0, 120)}`),
  );
  expect(found).toEqual([]);
});

test('the command and its npm script have the one name', () => {
  const { bin, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(bin)).toEqual(['partner-checkout']);
  expect(scripts).toMatchObject({ 'partner-checkout': `node ${bin['partner-checkout']}` });
  expect(scripts).not.toHaveProperty('checkout');
  expect(program.name()).toBe('partner-checkout');
});

test.each([
  ['README.md', 7],
  ['docs/runbook.md', 30],
  ['docs/portal.md', 4],
  ['docs/deploy.md', 1],
  ['infra/modules/alerts.bicep', 8],
  ['infra/workbook.json', 10],
])('%s names commands that are there, with options that they have', (file, least) => {
  const found = commandsIn(read(file));
  expect(found.length).toBeGreaterThanOrEqual(least);
  expect(found.map((line) => [line, wrongWith(line)]).filter(([, wrong]) => wrong !== undefined)).toEqual([]);
});

test.each([['docs/**/*.md'], ['infra/queries/*.kql'], ['src/**/*.ts'], ['local/**/*.ts']])(
  '%s: likewise',
  (pattern) => {
    const wrong = files(pattern).flatMap((file) =>
      commandsIn(read(file)).flatMap((line) => {
        const why = wrongWith(line);
        return why === undefined ? [] : [`${file}: partner-checkout ${line}: ${why}`];
      }),
    );
    expect(wrong).toEqual([]);
  },
);

const allCommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(allCommands),
];

test.each(program.commands.flatMap(allCommands).map((command) => [command.name(), command] as const))(
  '%s --help shows an example that can be typed',
  (_, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    const [, examples = ''] = help.split('\nExample:\n');
    expect(commandsIn(examples).length).toBeGreaterThan(0);
    expect(
      commandsIn(examples)
        .map(wrongWith)
        .filter((wrong) => wrong !== undefined),
    ).toEqual([]);
  },
);

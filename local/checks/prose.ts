/**
 * `npm run check:prose`: measures how easy the pages are to read. It reports the Flesch-Kincaid grade and the longest sentence of each
 * page, refuses sentences that readers did not understand, and checks Markdown and the speller's list of own words. Code blocks, tables
 * and the addresses of links are left out. It reads no network. The script then runs cspell.
 */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lint } from 'markdownlint/sync';
import { lexer, type Token, type Tokens } from 'marked';
import { syllable } from 'syllable';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const filesIn = (...patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { cwd: root }).sort();

const pages = filesIn('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/**/*.md');
const maxWords = 30;
/** The grade that a page may have; other pages have the last one. */
const maxGrades: Readonly<Record<string, number>> = {
  'README.md': 9,
  'docs/deploy.md': 9,
  'docs/runbook.md': 8,
};
const maxGradeElsewhere = 12;
const maxOwnWords = 150;

/** Stands for a piece of code in a sentence: the reader passes it as one word, and its syllables say nothing. */
const codeWord = 'CODE';

/** The prose of inline tokens: words of links and emphasis, without addresses, pictures and HTML. */
const inlineText = (tokens: readonly Token[]): string =>
  tokens
    .map((token) => {
      if (token.type === 'codespan') return codeWord;
      if (token.type === 'image' || token.type === 'html') return '';
      if (token.type === 'br') return ' ';
      if ('tokens' in token && token.tokens !== undefined) return inlineText(token.tokens);
      return 'text' in token ? String(token.text) : '';
    })
    .join('');

/** Each paragraph and each item of a list as a text of its own. Headings, tables and code blocks are no prose. */
function* proseIn(tokens: readonly Token[]): Generator<string> {
  for (const token of tokens)
    switch (token.type) {
      case 'paragraph':
      case 'text':
        yield inlineText('tokens' in token && token.tokens !== undefined ? token.tokens : [token]);
        break;
      case 'list':
        for (const item of (token as Tokens.List).items) yield* proseIn(item.tokens);
        break;
      case 'blockquote':
        yield* proseIn((token as Tokens.Blockquote).tokens);
        break;
    }
}

const sentenceBreaks = new Intl.Segmenter('en', { granularity: 'sentence' });
const sentencesOf = (text: string): readonly string[] =>
  [...sentenceBreaks.segment(text.replace(/\s+/g, ' '))].map(({ segment }) => segment.trim());
const wordsOf = (sentence: string): readonly string[] =>
  [...sentence.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’.,-]*/gu)].map(([word]) => word);

interface Measure {
  readonly page: string;
  readonly grade: number;
  readonly sentences: readonly { readonly text: string; readonly words: number }[];
}

/** Flesch-Kincaid: 0.39 words a sentence + 11.8 syllables a word - 15.59. Source: Kincaid and others, 1975. */
function measure(page: string): Measure {
  const sentences = [...proseIn(lexer(read(page)))]
    .flatMap(sentencesOf)
    .map((text) => ({ text, words: wordsOf(text) }))
    .filter(({ words }) => words.length > 0);
  const words = sentences.flatMap((sentence) => sentence.words);
  const plain = words.filter((word) => word !== codeWord);
  const syllables = plain.reduce((sum, word) => sum + Math.max(1, syllable(word)), 0);
  return {
    page,
    grade: (0.39 * words.length) / sentences.length + (11.8 * syllables) / plain.length - 15.59,
    sentences: sentences.map((sentence) => ({ text: sentence.text, words: sentence.words.length })),
  };
}

const problems: string[] = [];

for (const page of pages) {
  const { grade, sentences } = measure(page);
  const longest = Math.max(...sentences.map(({ words }) => words));
  const maxGrade = maxGrades[page] ?? maxGradeElsewhere;
  console.log(
    `${page}: grade ${grade.toFixed(1)} (at most ${maxGrade}), longest sentence ${longest} words (at most ${maxWords})`,
  );
  if (grade > maxGrade) problems.push(`${page}: grade ${grade.toFixed(1)} is above ${maxGrade}`);
  for (const { text, words } of sentences)
    if (words > maxWords) problems.push(`${page}: a sentence of ${words} words: ${text}`);
}

/** Comments and pages in one line each, so that a sentence is found across its line ends. */
const inOneLine = (text: string): string =>
  text
    .replace(/\n\s*(?:\*|\/\/|#) /g, ' ')
    .replace(/\s+/g, ' ')
    .toLowerCase();
const unclear = JSON.parse(read('test/fixtures/unclear-sentences.json')) as readonly (readonly string[])[];
const texts = filesIn('*.md', '{docs,src,functions,local,infra}/**/*.{md,ts,js,bicep,json,ps1,py,cs,sh}').map(
  (path) => ({
    path,
    text: inOneLine(read(path)),
  }),
);
let leftOver = 0;
for (const sentence of unclear) {
  const found = sentence.flatMap((part) =>
    texts.filter(({ text }) => text.includes(part)).map(({ path }) => `${path}: unclear: "${part}"`),
  );
  if (found.length > 0) leftOver += 1;
  problems.push(...found);
}
console.log(`sentences that readers did not understand: ${unclear.length}, left ${leftOver}`);

const markdown = filesIn('*.md', 'docs/**/*.md');
const complaints = Object.entries(
  lint({ files: markdown.map((path) => join(root, path)), config: JSON.parse(read('.markdownlint.json')) }),
).flatMap(([file, found]) =>
  found.map(
    ({ lineNumber, ruleNames, errorDetail, errorContext }) =>
      `${file.slice(root.length + 1)}:${lineNumber} ${ruleNames.join('/')} ${errorDetail ?? ''} ${errorContext ?? ''}`,
  ),
);
console.log(`pages that markdownlint read: ${markdown.length}, complaints ${complaints.length}`);
problems.push(...complaints);

const [names = [], terms = []] = read('.github/words.txt')
  .split(/^# Terms .*$/m)
  .map((part) => part.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
const ownWords = names.length + terms.length;
const glossary = /^## Glossary\n(.*?)^## /ms.exec(read('docs/protocol.md'))?.[1]?.toLowerCase() ?? '';
const unexplained = terms.filter((term) => !glossary.includes(term.toLowerCase()));
console.log(
  `own words of the speller: ${ownWords} (at most ${maxOwnWords}), terms among them ${terms.length}, not in the glossary ${unexplained.length}`,
);
if (ownWords > maxOwnWords)
  problems.push(`.github/words.txt has ${ownWords} words, more than ${maxOwnWords}`);
for (const term of unexplained) problems.push(`.github/words.txt: the term "${term}" is not in the glossary`);

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems`);
  process.exitCode = 1;
}

/**
 * `npm run check:docs`: holds the pages against the project. Each path and each file name that a page gives is there, each link
 * leads to a file and a heading of it, and each npm script that a page names exists. Each test opens with
 * the promise that it holds, and each module of `src/` with what it is for. It reads no network.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const pages = globSync(['*.md', 'docs/**/*.md', 'infra/**/*.md', '.github/**/*.md'], { cwd: root });
/** Pages for the next engineer: their paths are counted by themselves. */
const guides = ['CONTRIBUTING.md', 'docs/architecture.md'];
const folders = ['src', 'functions', 'local', 'test', 'infra', 'docs', '.github', '.ci'];
const isMade = (path: string): boolean =>
  ['node_modules', ...read('.gitignore').split('\n')].some((made) => made !== '' && path.startsWith(made));

const fileNames = new Set(
  globSync(
    folders.map((folder) => `${folder}/**/*`),
    { cwd: root },
  ).map((path) => basename(path)),
);

interface Named {
  readonly name: string;
  readonly isThere: boolean;
}

const withoutAddresses = (text: string): string =>
  text.replace(/\[[^\]]*\]\(https?:[^)]*\)|https?:[^\s)>]+/g, '');

/** Paths such as `src/domain/times.ts` or `test/{a,b}.ts`; names such as `times.ts`, with no folder before them. */
function pathsIn(text: string): readonly Named[] {
  const prose = withoutAddresses(text);
  const start = folders.join('|').replaceAll('.', '\\.');
  const paths = [...prose.matchAll(new RegExp(`(?<![\\w./-])((?:${start})/[\\w./*{},-]*[\\w/*}])`, 'g'))]
    .map(([, path = '']) => path)
    .filter((path) => !isMade(path));
  const names = [...prose.matchAll(/(?<![\w./*}-])([\w-]+(?:\.[\w-]+)*\.(?:ts|bicep|kql))\b/g)];
  return [
    ...paths.map((name) => ({ name, isThere: globSync(name, { cwd: root }).length > 0 })),
    ...names.map(([, name = '']) => ({ name, isThere: fileNames.has(name) || existsSync(join(root, name)) })),
  ];
}

const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');

/** The anchors that GitHub gives to the headings of a page: small letters, no punctuation, a number from the second on. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Map<string, number>();
  const text = read(page).replace(/^```.*?^```/gms, '');
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = anchors.get(slug);
    anchors.set(slug, (before ?? -1) + 1);
    if (before !== undefined) anchors.set(`${slug}-${before + 1}`, 0);
  }
  return new Set(anchors.keys());
}

/** Links to files and headings of the project, pictures among them. */
function linksIn(page: string, text: string): readonly Named[] {
  const targets = [...withoutCode(text).matchAll(/\]\((?!https?:|mailto:)<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
  return targets.map(([, target = '']) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    if (file.startsWith('..') || !existsSync(join(root, file))) return { name: target, isThere: false };
    return {
      name: target,
      isThere: anchor === undefined || !file.endsWith('.md') || anchorsOf(file).has(anchor),
    };
  });
}

function scriptsIn(text: string): readonly Named[] {
  const { scripts } = JSON.parse(read('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return [...text.matchAll(/npm run ([\w:-]+)/g)].map(([name, script = '']) => ({
    name,
    isThere: script in scripts,
  }));
}

/** Whether a file opens with a doc comment that begins so. */
const openings = (pattern: string, wanted: RegExp): readonly Named[] =>
  globSync(pattern, { cwd: root }).map((name) => ({ name, isThere: wanted.test(read(name)) }));

let problems = 0;
function report(what: string, found: readonly Named[], lacks = 'does not exist'): void {
  const missing = found.filter(({ isThere }) => !isThere);
  console.log(`${what}: ${found.length}, missing ${missing.length}`);
  for (const { name } of missing) console.log(`  ${name} ${lacks}`);
  problems += missing.length;
}

const texts = pages.map((page) => ({ page, text: read(page) }));
const all = (from: typeof texts, find: (page: string, text: string) => readonly Named[]) =>
  from.flatMap(({ page, text }) =>
    find(page, text).map(({ name, isThere }) => ({ name: `${page}: ${name}`, isThere })),
  );
const [guideTexts, otherTexts] = [true, false].map((wanted) =>
  texts.filter(({ page }) => guides.includes(page) === wanted),
);

report(
  `paths named in ${guides.join(' and ')}`,
  all(guideTexts ?? [], (_, text) => pathsIn(text)),
);
report(
  'paths named in the other pages',
  all(otherTexts ?? [], (_, text) => pathsIn(text)),
);
report('links between pages', all(texts, linksIn));
report(
  'npm scripts named',
  all(texts, (_, text) => scriptsIn(text)),
);
report(
  'modules of src/ that open with what they are for',
  openings('src/**/*.{ts,js}', /^(?:#!.*\n)?\/\*\*\s+(?:\*\s+)?[\w`]/),
  'does not open with a doc comment that says what it is for',
);
report(
  'tests that open with the promise that they hold',
  openings('test/**/*.test.ts', /^\/\*\*\s+(?:\*\s+)?Promise: [\w`]/),
  'does not open with "Promise: "',
);
if (problems > 0) process.exitCode = 1;

import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/**/*.md', 'infra/**/*.md'], { cwd: root });

/** Files that a page links to, or names by their path in the project; patterns and what is made at run time (`.local/`) left out. */
function named(page: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, to = '']) =>
    join(dirname(page), to),
  );
  const paths = [...text.matchAll(/(?<!\.)\b((?:src|functions|local|test|infra|docs)\/[\w./-]*\w)/g)].map(
    ([, path = '']) => path,
  );
  return [...links, ...paths];
}

test.for(pages)('%s names only files that are there', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/\[[^\]]*\]\(https?:[^)]*\)|https?:\S+/g, '');
  expect(named(page, text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('every source file that a page names without its folder is there too', () => {
  const sources = globSync('{src,functions,local,test}/**/*.{ts,cjs}', { cwd: root }).map((path) =>
    basename(path),
  );
  for (const page of pages)
    for (const [, name = ''] of readFileSync(join(root, page), 'utf8').matchAll(
      /(?<![\w./-])([\w-]+\.ts)\b/g,
    ))
      expect(sources, `${page}: ${name}`).toContain(name);
});

test('every npm script that a page names is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const known = [...Object.keys(scripts), 'test', 'start', 'run'];
  for (const page of pages)
    for (const [, name = ''] of readFileSync(join(root, page), 'utf8').matchAll(/npm run ([\w:-]+)/g))
      expect(known, `${page}: npm run ${name}`).toContain(name);
});

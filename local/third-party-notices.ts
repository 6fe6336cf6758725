/** The licences of the libraries in a bundle: whoever ships their code ships these texts with it. `npm run build` writes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as z from 'zod/mini';

interface Library {
  readonly name: string;
  readonly version: string;
  /** The folder of its package, from the root. */
  readonly folder: string;
  /** As its package.json names it, like `MIT`. */
  readonly licence: string;
  readonly author: string | undefined;
}

const author = z.union([
  z.string(),
  z.pipe(
    z.object({ name: z.string() }),
    z.transform(({ name }) => name),
  ),
]);
const manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.optional(author),
});

/**
 * A page with name, version, licence and its text for each library whose code is in the bundles of these metafiles.
 * @throws Error when a library names no licence, or comes without its text
 */
export function thirdPartyNotices(root: string, metafiles: readonly Metafile[]): string {
  const folders = new Set(
    metafiles
      .flatMap(({ outputs }) => Object.values(outputs))
      .flatMap(({ inputs }) => Object.entries(inputs))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .flatMap(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const libraries = [...folders].sort().map((folder): Library => {
    const found = manifest.safeParse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')));
    if (!found.success) throw new Error(`${folder} is in the bundle, and its package.json names no licence.`);
    const { name, version, license: licence, author: by } = found.data;
    return { name, version, folder, licence, author: by };
  });
  const byText = Map.groupBy(libraries, (library) => textOf(root, library));
  const notices = [...byText].map(
    ([text, same]) =>
      `${same.map(({ name, version, licence }) => `${name} ${version} (${licence})`).join('\n')}\n\n${text}`,
  );
  return `This software contains code of the following libraries, under their licences.\n\n${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/**
 * The texts of a package: its licence, and the notice that an Apache licence asks to keep. A package under the MIT licence without a
 * text of its own gets the usual one, with its author's name.
 */
function textOf(root: string, { folder, licence, author: by }: Library): string {
  const path = join(root, folder);
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (files.length > 0)
    return files
      .sort()
      .map((file) => readFileSync(join(path, file), 'utf8').trim())
      .join('\n\n');
  if (licence !== 'MIT' || by === undefined)
    throw new Error(`${folder} is in the bundle, and comes without the text of its licence.`);
  return `Copyright (c) ${by}\n\n${mit}`;
}

/** Source: SPDX, "MIT License". */
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

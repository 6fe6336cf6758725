/** Promise: generated pages say what the code says. */

import { expect, test } from 'vitest';
import { generated, readGenerated } from '../../local/generate-docs.ts';

for (const [path, text] of Object.entries(generated))
  test(`${path} says what the code says (mend it with: npm run docs)`, async () => {
    expect(await readGenerated(path)).toBe(text());
  });

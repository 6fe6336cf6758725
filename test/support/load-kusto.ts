/** Microsoft's Kusto language library. It defines its classes globally and once, so every test file of a process shares them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';

/** `globalThis.Kusto.Language`, loaded on the first use in this process. */
export function loadKusto(): unknown {
  if (!('Kusto' in globalThis)) {
    const require = createRequire(import.meta.url);
    for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
      const filename = require.resolve(`@kusto/language-service-next/${file}`);
      runInThisContext(readFileSync(filename, 'utf8'), { filename });
    }
  }
  const { Kusto } = globalThis as unknown as { readonly Kusto: { readonly Language: unknown } };
  return Kusto.Language;
}

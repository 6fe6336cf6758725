/** Microsoft's Kusto language library. It defines its classes globally and once, so every test file of a process shares them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';

/** `globalThis.Kusto.Language`, loaded on the first use in this process. */
export function loadKusto(): unknown {
  if (!('Kusto' in globalThis)) {
    const require = createRequire(import.meta.url);
    const scripts = [
      require.resolve('@kusto/language-service-next/bridge.min.js'),
      require.resolve('@kusto/language-service-next/Kusto.Language.Bridge.min.js'),
    ];
    for (const filename of scripts) runInThisContext(readFileSync(filename, 'utf8'), { filename });
  }
  const { Kusto } = globalThis as unknown as { readonly Kusto: { readonly Language: unknown } };
  return Kusto.Language;
}

import type { TestProject } from 'vitest/node';
import { copyTemplates, type Snapshot } from './bicep.ts';
import { variants } from './variants.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly snapshots: Readonly<Record<string, Snapshot>>;
  }
}

/** Compiles the templates once for a run, and evaluates each variant. */
export async function setup(project: TestProject): Promise<void> {
  const templates = copyTemplates({ recent: false });
  try {
    // The rules stand in bicepconfig.json; the compiler's own warnings have no level there.
    const warnings = await templates.warnings(variants.least);
    if (warnings.length > 0) throw new Error(`The Bicep compiler warns:\n${warnings.join('\n')}`);
    const other = await templates.unformatted();
    if (other.length > 0)
      throw new Error(`Not formatted; fix it with: bicep format FILE\n  ${other.join('\n  ')}`);
    const snapshots: Record<string, Snapshot> = {};
    for (const [name, env] of Object.entries(variants)) snapshots[name] = await templates.evaluate(env);
    project.provide('snapshots', snapshots);
  } finally {
    templates.remove();
  }
}

/** Lints which part may import which: `node local/check-imports.ts [root]`. Prints file:line and the reason, exits 1. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** What a file imports: a path in the project for relative specifiers (`src/ports/gate.ts`), else the specifier. */
interface Import {
  readonly line: number;
  readonly target: string;
}

interface Rule {
  /** Files that the rule is about. */
  readonly files: RegExp;
  /** Among these, files that it spares. */
  readonly except?: RegExp;
  readonly forbidden: RegExp;
  readonly reason: string;
}

const sdk = /^@azure\/(?!functions(\/|$))/;

const rules: readonly Rule[] = [
  {
    files: /^/,
    except: /^functions\//,
    forbidden: /^@azure\/functions(\/|$)/,
    reason: 'only functions/ knows the Functions library',
  },
  {
    files: /^(src|functions)\//,
    except: /^src\/(storage|messaging|partner-center|telemetry|cli)[/.]/,
    forbidden: sdk,
    reason:
      'SDKs stay in the adapters: src/storage, src/messaging, src/partner-center, src/telemetry, src/cli',
  },
  {
    files: /^src\//,
    forbidden: /^(functions|local|test)\//,
    reason: 'src stands alone: functions/, local/ and test/ use it, not the other way round',
  },
  {
    files: /^functions\//,
    forbidden: /^(local|test)\//,
    reason: 'local/ and test/ are never deployed',
  },
  {
    files: /^src\/(checkout|orders|gate|operate)\//,
    // src/ports/table.ts is no adapter: it declares what a table must do, and what it throws.
    forbidden: /^src\/storage\/(?!table\.ts$)|^src\/messaging\/|^src\/partner-center\/(client|credentials)/,
    reason: 'rules and use cases declare what they need; adapters are handed in by functions/main.ts',
  },
  {
    files: /^local\//,
    // It prints tables and schemas out of the source, and checks nothing.
    except: /^local\/generate-docs\.ts$/,
    forbidden: /^src\/(checkout|orders|gate)\//,
    reason: 'sandbox, host and verdict share no rule with what they check',
  },
  {
    files: /^local\/service-bus\//,
    forbidden: /^(?!local\/service-bus\/)(src|functions|local|test)\//,
    reason: 'the broker could leave as a package: it imports nothing of ours',
  },
];

/**
 * Static imports and re-exports begin a line (Biome's formatting sees to that), so an app written inside a test's
 * string is not mistaken for one; `import('…')` may stand anywhere.
 */
const specifiers =
  /^(?:import|export)\s(?:[\w$*{},\s]+?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|^import\s[\w$]+\s=\srequire\('([^']+)'\)/gm;

function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(specifiers)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const relative = specifier.startsWith('.');
    return {
      line: source.slice(0, match.index + match[0].indexOf(specifier)).split('\n').length,
      target: relative ? posix.join(posix.dirname(file), specifier) : specifier,
    };
  });
}

/** One line per import that breaks a rule: `src/ports/gate.ts:3: imports …: reason`. */
export function wrongImports(root: string): string[] {
  const files = globSync('{functions,src,local,test}/**/*.ts', { cwd: root }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  return files.sort().flatMap((file) => {
    const applying = rules.filter((rule) => rule.files.test(file) && !rule.except?.test(file));
    return importsOf(file, readFileSync(join(root, file), 'utf8')).flatMap(({ line, target }) =>
      applying
        .filter((rule) => rule.forbidden.test(target))
        .map((rule) => `${file}:${line}: imports ${target}: ${rule.reason}`),
    );
  });
}

if (import.meta.main) {
  const wrong = wrongImports(process.argv[2] ?? dirname(import.meta.dirname));
  for (const line of wrong) process.stdout.write(`${line}\n`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

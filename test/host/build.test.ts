/** Promise: `dist/` runs by itself and holds nothing that is never deployed. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildDist } from '../../local/build.ts';
import { startHost } from '../../local/functions-host/child.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'));
  mkdirSync(join(root, 'functions'));
  mkdirSync(join(root, 'local'));
  writeFileSync(
    join(root, 'package.json'),
    '{"name":"sample","version":"1.2.3","type":"module","dependencies":{"x":"1"}}',
  );
  writeFileSync(join(root, 'host.json'), '{"version":"2.0"}');
  writeFileSync(join(root, 'LICENSE'), 'Our own licence');
  writeFileSync(join(root, 'local/helper.ts'), 'export const help = (): number => 1;');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const functionsPackage = join(import.meta.dirname, '../../node_modules/@azure/functions');

test('dist is a folder that runs by itself', async () => {
  writeFileSync(
    join(root, 'functions/main.ts'),
    `import { app } from '${functionsPackage}';
     app.timer('tick', { schedule: '0 0 0 1 1 *', handler: (): void => {} });`,
  );
  const bundle = await buildDist(root);
  expect(bundle.bytes).toBe(readFileSync(bundle.file).length);

  const dist = join(root, 'deployed');
  cpSync(join(root, 'dist'), dist, { recursive: true });
  expect(readdirSync(dist).sort()).toEqual([
    'LICENSE',
    'THIRD-PARTY-NOTICES.txt',
    'host.json',
    'main.cjs',
    'main.cjs.map',
    'package.json',
  ]);
  expect(readFileSync(join(dist, 'LICENSE'), 'utf8')).toBe('Our own licence');
  const notices = readFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  expect(notices).toMatch(/^@azure\/functions \d+\.\d+\.\d+ \(MIT\)$/m);
  expect(notices).toContain('Permission is hereby granted, free of charge');
  expect(JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8'))).toEqual({
    name: 'sample',
    version: '1.2.3',
    private: true,
    main: 'main.cjs',
  });
  const host = await startHost({ appRoot: dist });
  expect(host.functions).toEqual(['tick']);
  await host.stop();
});

test('what is loaded late is a file of its own', async () => {
  mkdirSync(join(root, 'src/adapters/telemetry'), { recursive: true });
  writeFileSync(
    join(root, 'src/adapters/telemetry/application-insights.ts'),
    'export const tells = (): string => "told";',
  );
  writeFileSync(
    join(root, 'functions/main.ts'),
    `import { app } from '${functionsPackage}';
     app.timer('tick', { schedule: '0 0 0 1 1 *', handler: (): void => {} });
     app.hook.appStart(async () => {
       const { tells } = await import('../src/adapters/telemetry/application-insights.ts');
       console.log('late: ' + tells());
     });`,
  );
  const bundle = await buildDist(root);
  expect(readFileSync(bundle.file, 'utf8')).not.toContain('"told"');
  expect(bundle.allBytes).toBe(bundle.bytes + readFileSync(join(root, 'dist/telemetry.cjs')).length);
  const lines: string[] = [];
  const host = await startHost({ appRoot: join(root, 'dist'), onLine: (line) => lines.push(line) });
  await host.stop();
  expect(lines).toContain('late: told');
});

test.each([
  ['names no licence', { name: 'odd', version: '1.0.0' }],
  ['comes without its text', { name: 'odd', version: '1.0.0', license: 'MIT' }],
])('a library that %s fails the build and leaves no dist', async (_, manifest) => {
  const folder = join(root, 'node_modules/odd');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'index.js'), 'exports.odd = 1;');
  writeFileSync(join(root, 'functions/main.ts'), `import { odd } from 'odd'; console.log(odd);`);
  await expect(buildDist(root)).rejects.toThrow(/node_modules\/odd .*licence/);
  expect(existsSync(join(root, 'dist'))).toBe(false);
});

test('what is never deployed fails the build and leaves no dist', async () => {
  writeFileSync(join(root, 'functions/main.ts'), `import { help } from '../local/helper.ts'; help();`);
  await expect(buildDist(root)).rejects.toThrow('local/helper.ts, imported by functions/main.ts');
  expect(existsSync(join(root, 'dist'))).toBe(false);
});

test('a bundle that has grown too large fails the build and leaves no dist', async () => {
  writeFileSync(join(root, 'functions/main.ts'), `console.log('${'x'.repeat(2_000_000)}');`);
  await expect(buildDist(root)).rejects.toThrow('more than 2000000');
  expect(existsSync(join(root, 'dist'))).toBe(false);
});

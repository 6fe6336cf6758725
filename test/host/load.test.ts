/** Promise: the local host loads an app as Azure's does, and names what is wrong with it. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startHost } from '../../local/functions-host/child.ts';
import { runApp, type SampleFiles, sampleApp } from './sample-app.ts';

const timer = `app.timer('tick', { schedule: '0 0 0 1 1 *', handler: () => {} });`;

async function startError(
  source: string,
  files?: SampleFiles,
  env?: Record<string, string>,
): Promise<string> {
  using app = await sampleApp(source, files);
  const started = startHost({ appRoot: app.root, env: env ?? {} });
  return await started.then(
    () => expect.fail('the host started'),
    (error: Error) => error.message,
  );
}

describe('an app that starts', () => {
  test('tells its functions, and how long it took', async () => {
    using app = await sampleApp(
      `${timer} app.timer('tock', { schedule: '0 0 0 1 1 *', handler: () => {} });`,
    );
    await using running = await runApp(app);
    expect(running.host.functions).toEqual(['tick', 'tock']);
    expect(running.host.loadMs).toBeGreaterThan(0);
    expect(running.host.registeredMs).toBeGreaterThan(running.host.loadMs);
  });

  test('in a process with the arguments that the setting of Azure’s host names, and without any', async () => {
    using app = await sampleApp(`${timer} say('arguments', process.execArgv);`);
    for (const [given, expected] of [
      [
        '--max-old-space-size=512  --max-semi-space-size=2',
        ['--max-old-space-size=512', '--max-semi-space-size=2'],
      ],
      ['', []],
    ] as const) {
      await using running = await runApp(app, { env: { languageWorkers__node__arguments: given } });
      expect(await running.heard('arguments')).toEqual([expected]);
    }
  });

  test('as an ES module too', async () => {
    using app = await sampleApp(timer, { esm: true });
    await using running = await runApp(app);
    expect(running.host.functions).toEqual(['tick']);
  });

  test('from a glob with several matches, and top-level await is in time', async () => {
    using app = await sampleApp(`await Promise.resolve(); ${timer}`, {
      esm: true,
      main: 'dist/{main,other}*.mjs',
    });
    mkdirSync(join(app.root, 'dist'));
    renameSync(join(app.root, 'main.mjs'), join(app.root, 'dist/main.mjs'));
    writeFileSync(join(app.root, 'dist/other.mjs'), 'console.log(`SAID ["other",1]`)');
    await using running = await runApp(app);
    expect(running.host.functions).toEqual(['tick']);
    await running.heard('other');
  });

  test('without a disabled function, whose trigger is not even read', async () => {
    using app = await sampleApp(`${timer} app.timer('off', { schedule: '%NOT_SET%', handler: () => {} });`);
    await using running = await runApp(app, { env: { AzureWebJobs_off_Disabled: 'true' } });
    expect(running.host.functions).toEqual(['tick', 'off']);
  });
});

describe('an app that cannot start ends with a plain message', () => {
  test('no file matches main', async () => {
    expect(await startError(timer, { main: 'dist/*.js' })).toContain('No file matches "main": "dist/*.js"');
  });

  test('the entry file throws', async () => {
    expect(await startError(`throw new Error('no config');`)).toMatch(
      /Loading .*main\.cjs failed: Error: no config/s,
    );
  });

  test('nothing is registered', async () => {
    expect(await startError('')).toContain('main.cjs registered no function');
  });

  test('a name twice', async () => {
    expect(await startError(`${timer} ${timer.replace('tick', 'TICK')}`)).toContain(
      'named "TICK" is registered twice',
    );
  });

  test('a name that Azure refuses', async () => {
    expect(await startError(timer.replace('tick', '1st'))).toContain(
      '"1st" cannot be the name of a function',
    );
  });

  test('a trigger that has no driver', async () => {
    const source = `app.storageQueue('q', { queueName: 'x', connection: 'X', handler: () => {} });`;
    expect(await startError(source)).toContain('no driver for the trigger "queueTrigger" of q');
  });

  test('an output binding', async () => {
    const source = `import { output } from '@azure/functions';
      app.timer('t', { schedule: '0 0 0 1 1 *', return: output.serviceBusQueue({ queueName: 'q', connection: 'X' }), handler: () => {} });`;
    expect(await startError(source)).toContain('the local host knows no input or output bindings ($return)');
  });

  test('a retry policy', async () => {
    const source = `app.timer('t', { schedule: '0 0 0 1 1 *', retry: { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: 1000 }, handler: () => {} });`;
    expect(await startError(source)).toContain('knows no retry policies');
  });

  test('a bad schedule and an unresolved token', async () => {
    expect(await startError(timer.replace('0 0 0 1 1 *', '0 0 0 1 13 *'))).toContain(
      'Invalid value for month',
    );
    expect(await startError(timer.replace('0 0 0 1 1 *', '%WHEN%'))).toContain('no setting %WHEN% exists');
  });

  test('host.json of another version, or none', async () => {
    expect(await startError(timer, { hostJson: { version: '1.0' } })).toContain(
      '"version" must be "2.0", not "1.0"',
    );
    using app = await sampleApp(timer);
    rmSync(join(app.root, 'host.json'));
    await expect(startHost({ appRoot: app.root })).rejects.toThrow('There is no host.json');
  });

  test('encrypted settings', async () => {
    expect(await startError(timer, { settings: { Values: {} } })).toContain('counts as true');
  });
});

test('a registration after the start throws in the app', async () => {
  using app = await sampleApp(`${timer}
    app.timer('late', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: () => {
      try { app.timer('later', { schedule: '0 0 0 1 1 *', handler: () => {} }); } catch (error) { say('refused', error.message); }
    } });`);
  await using running = await runApp(app);
  expect(await running.heard('refused')).toEqual([
    expect.stringContaining('only be registered during app startup'),
  ]);
});

test('settings reach the app; what is set already wins', async () => {
  using app = await sampleApp(
    `${timer} say('env', [process.env.FROM_FILE, process.env.BOTH, process.env.AZURE_FUNCTIONS_ENVIRONMENT]);`,
    {
      settings: { IsEncrypted: false, Values: { FROM_FILE: 'file', BOTH: 'file' } },
    },
  );
  await using running = await runApp(app, { env: { BOTH: 'environment' } });
  expect(await running.heard('env')).toEqual([['file', 'environment', 'Development']]);
});

/** Promise: the local host stops as Azure's does, and leaves no process. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { runApp, sampleApp } from './sample-app.ts';

/** Runs until the test sends SIGUSR2. */
const endless = `
  app.hook.appTerminate(() => say('terminated'));
  app.timer('endless', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: async () => {
    say('running');
    await new Promise((resolve) => process.once('SIGUSR2', resolve));
    say('finished');
  } });`;

test('the first signal waits for what runs, then for the hooks', async () => {
  using app = await sampleApp(endless);
  await using running = await runApp(app);
  await running.heard('running');
  const stopped = running.host.stop();
  process.kill(running.host.pid, 'SIGUSR2');
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect([running.said('finished'), running.said('terminated')]).toEqual([[null], [null]]);
});

test('the second signal ends it at once', async () => {
  using app = await sampleApp(endless);
  await using running = await runApp(app);
  await running.heard('running');
  void running.host.stop();
  // Another one, because two pending signals of one kind count as one.
  process.kill(running.host.pid, 'SIGINT');
  expect(await running.host.exited).toEqual({ code: 1, signal: null });
  expect(running.said('terminated')).toEqual([]);
});

test('a killed host ends without a word', async () => {
  using app = await sampleApp(endless);
  await using running = await runApp(app);
  await running.heard('running');
  expect(await running.host.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(running.said('terminated')).toEqual([]);
});

test('a host ends when its parent is killed', async () => {
  // The host's end shows by its connection: a process id may stay behind as a zombie.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  using app = await sampleApp(`
    require('node:net').connect(${port}, '127.0.0.1').on('error', () => {});
    app.timer('tick', { schedule: '0 0 0 1 1 *', handler: () => {} });`);
  const parentFile = join(app.root, 'parent.mjs');
  const childModule = new URL('../../local/functions-host/child.ts', import.meta.url).href;
  writeFileSync(
    parentFile,
    `const { startHost } = await import(${JSON.stringify(childModule)});
     await startHost({ appRoot: ${JSON.stringify(app.root)} });
     process.send('started');`,
  );
  const connection = once(server, 'connection');
  const parent = fork(parentFile, { execArgv: [] });
  const [socket] = await connection;
  await once(parent, 'message');
  const closed = once(socket.resume(), 'close');
  parent.kill('SIGKILL');
  await closed;
  server.close();
});

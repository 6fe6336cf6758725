/** Promise: the local host runs hooks in the order of Azure's. */

import { expect, test } from 'vitest';
import { runApp, sampleApp } from './sample-app.ts';

/** A timer that runs once, at the start. */
const once = (handler: string): string =>
  `app.timer('once', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: ${handler} });`;

test('hooks run in order and share their data', async () => {
  using app = await sampleApp(`
    app.hook.appStart((context) => { context.hookData.from = 'start'; say('order', 'appStart'); });
    app.hook.preInvocation((context) => { context.hookData.own = 1; say('order', 'pre'); });
    app.hook.postInvocation((context) => { say('post', [context.hookData, context.result, context.error ?? null]); });
    app.hook.appTerminate((context) => { say('order', 'appTerminate ' + context.hookData.from); });
    ${once(`() => { say('order', 'handler'); return 'done'; }`)}`);
  await using running = await runApp(app);
  expect(await running.heard('post')).toEqual([[{ own: 1 }, 'done', null]]);
  expect(await running.host.stop()).toEqual({ code: 0, signal: null });
  expect(running.said('order')).toEqual(['appStart', 'pre', 'handler', 'appTerminate start']);
});

test('a pre hook may replace handler and inputs', async () => {
  using app = await sampleApp(`
    app.hook.preInvocation((context) => {
      const original = context.functionHandler;
      context.functionHandler = (...inputs) => original('wrapped ' + inputs[0]);
      context.inputs = ['other'];
    });
    ${once(`(input) => say('input', input)`)}`);
  await using running = await runApp(app);
  expect(await running.heard('input')).toEqual(['wrapped other']);
});

test('a pre hook that throws fails the run before the handler, and no post hook sees it', async () => {
  using app = await sampleApp(`
    app.hook.preInvocation(() => { setImmediate(() => say('thrown')); throw new Error('not today'); });
    app.hook.postInvocation(() => say('post'));
    ${once(`() => say('handler')`)}`);
  await using running = await runApp(app);
  await running.heard('thrown');
  await running.host.stop();
  expect([running.said('post'), running.said('handler')]).toEqual([[], []]);
  expect(running.lines.join('\n')).toContain('error Function.once: failed: Error: not today');
});

test('a post hook sees the error and may clear it', async () => {
  using app = await sampleApp(`
    app.hook.postInvocation((context) => { say('error', context.error.message); context.error = null; });
    ${once(`() => { throw new Error('broken'); }`)}`);
  await using running = await runApp(app);
  expect(await running.heard('error')).toEqual(['broken']);
  await running.host.stop();
  expect(running.lines.join('\n')).not.toContain('failed');
});

test('a post hook may fail a run that went well', async () => {
  using app = await sampleApp(`
    app.hook.postInvocation((context) => { context.error = new Error('too good'); say('post'); });
    ${once('() => {}')}`);
  await using running = await runApp(app);
  await running.heard('post');
  await running.host.stop();
  expect(running.lines.join('\n')).toContain('failed: Error: too good');
});

test('a log hook rewrites the lines of the app, not those of the system; one that throws does no harm', async () => {
  using app = await sampleApp(`
    app.hook.log(() => { throw new Error('never seen'); });
    app.hook.log((context) => {
      context.message = 'rewritten ' + context.message;
      if (context.category === 'user') say('seen', context.invocationContext?.functionName);
    });
    ${once(`(timer, context) => { context.warn('hello'); setImmediate(() => context.log('late')); }`)}`);
  await using running = await runApp(app);
  expect(await running.heard('seen', 2)).toEqual(['once', 'once']);
  await running.host.stop();
  const log = running.lines.join('\n');
  expect(log).toContain('warning Function.once.User: rewritten hello');
  expect(log).toContain("warning Function.once: Warning: Unexpected call to 'log'");
});

test('an app sees its timer as in Azure', async () => {
  using app = await sampleApp(
    once(
      `(timer, context) => say('timer', [timer, context.triggerMetadata ?? null, context.traceContext.traceParent])`,
    ),
  );
  await using running = await runApp(app);
  expect(await running.heard('timer')).toEqual([
    [
      {
        isPastDue: false,
        schedule: { adjustForDST: true },
        scheduleStatus: {
          last: '0001-01-01T00:00:00+00:00',
          next: expect.any(String),
          lastUpdated: expect.any(String),
        },
      },
      null,
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    ],
  ]);
});

test('a handler beyond functionTimeout is given up, divided by the time factor', async () => {
  using app = await sampleApp(once('() => new Promise(() => {})'), {
    hostJson: { version: '2.0', functionTimeout: '00:00:10' },
  });
  await using running = await runApp(app, { env: { CHECKOUT_TIME_FACTOR: '100' } });
  await running.host.stop();
  expect(running.lines.join('\n')).toContain('once ran longer than functionTimeout (100 ms)');
});

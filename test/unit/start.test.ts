/** Promise: a start that fails says why in one line, and hands messages back slowly. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NotStarted, startWorker } from '../../functions/start.ts';

const secret = 'Zq8Q~S3cr3tValue.OfTheApp';

test('what a library refuses is told in one line, without the value that it quotes', () => {
  const { failure } = startWorker({ PARTNER_CLIENT_SECRET: secret }, '24.0.0', () => {
    throw new TypeError(`Invalid value\n"${secret.toUpperCase()}"\n  at position 3`);
  });
  expect(failure).toMatch(
    /^The worker does not start: TypeError: Invalid value "\(not shown\)" at position 3$/,
  );
});

test('a message is held before it is handed back, and handed back when the host stops', async () => {
  const start = startWorker({}, '24.0.0');
  expect(start.worker).toThrow(NotStarted);
  const held = Promise.allSettled([start.workerForMessage()]);
  let settled = false;
  void held.then(() => (settled = true));
  await turn();
  expect(settled).toBe(false);
  await start.close();
  expect(await held).toMatchObject([{ status: 'rejected', reason: { message: start.failure } }]);
});

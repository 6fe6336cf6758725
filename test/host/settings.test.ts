/** Promise: the local host finds settings and connections as Azure's does. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHostJson } from '../../local/functions-host/host-json.ts';
import { createLog } from '../../local/functions-host/log.ts';
import {
  connectionString,
  isDisabled,
  resolveTokens,
  timeFactor,
  withLocalSettings,
} from '../../local/functions-host/settings.ts';

describe('settings', () => {
  test('%NAME% is replaced inside a longer text, in any case', () => {
    const env = { QUEUE_NAME: 'jobs', 'Section:Part': 'x' };
    expect(resolveTokens('pre-%queue_name%-%SECTION__part%', env, 'here')).toBe('pre-jobs-x');
  });

  test('an unknown %NAME% is named', () => {
    expect(() => resolveTokens('%NOPE%', {}, 'Function "a": queueName')).toThrow(
      'Function "a": queueName is "%NOPE%", but no setting %NOPE% exists. Set NOPE.',
    );
  });

  test('a connection is looked up as X, ConnectionStrings:X, AzureWebJobsX', () => {
    const all = { Bus: '1', 'ConnectionStrings:Bus': '2', AzureWebJobsBus: '3' };
    expect(connectionString(all, 'bus', '')).toBe('1');
    expect(connectionString({ ...all, Bus: undefined }, 'bus', '')).toBe('2');
    expect(connectionString({ AzureWebJobsBus: '3' }, 'bus', '')).toBe('3');
    expect(() => connectionString({ Bus__fullyQualifiedNamespace: 'n' }, 'Bus', 'f')).toThrow(
      'identity connection',
    );
    expect(() => connectionString({}, 'Bus', 'f')).toThrow('Set Bus');
  });

  test('the file: null is skipped, connection strings get their prefix, a byte order mark is no harm', () => {
    const file = { IsEncrypted: false, Values: { A: null, B: '1' }, ConnectionStrings: { C: '2' } };
    expect(withLocalSettings({}, `\uFEFF${JSON.stringify(file)}`, 'f')).toEqual({
      B: '1',
      'ConnectionStrings:C': '2',
    });
    expect(() => withLocalSettings({}, '{', 'f')).toThrow('f is not JSON');
    for (const text of ['{"Values":{"A":"S3cr3t}', '{"Values":{"A":S3cr3t}}'])
      expect(() => withLocalSettings({}, text, 'f')).toThrow(/^f is not JSON(: see position \d+.*)?\.$/);
    expect(() => withLocalSettings({}, '{"IsEncrypted":false,"Values":{"A":1}}', 'f')).toThrow('Values.A');
  });

  test.each([
    [{ 'AzureWebJobs.Poll.Disabled': 'true' }, true],
    [{ AzureWebJobs_poll_Disabled: '1' }, true],
    [{ 'AzureWebJobs.poll.Disabled': 'false' }, false],
    [{}, false],
  ])('disabled by %o: %s', (env, disabled) => {
    expect(isDisabled(env, 'poll')).toBe(disabled);
  });

  test('the time factor is 1 when unset, and refused when it is none', () => {
    expect(timeFactor({})).toBe(1);
    expect(timeFactor({ CHECKOUT_TIME_FACTOR: '60' })).toBe(60);
    for (const bad of ['0', 'x', '-1', '4001']) {
      expect(() => timeFactor({ CHECKOUT_TIME_FACTOR: bad })).toThrow(
        `CHECKOUT_TIME_FACTOR must be a number from 1 to 4000; it is a text of ${bad.length} character`,
      );
    }
  });
});

describe('host.json', () => {
  const read = (json: object, env = {}) => readHostJson(JSON.stringify({ version: '2.0', ...json }), env);

  test('defaults of the host', () => {
    expect(read({})).toEqual({
      maxConcurrentCalls: 16,
      maxAutoLockRenewal: 300_000,
      functionTimeout: 1_800_000,
      routePrefix: 'api',
      logLevels: { default: 'information' },
    });
  });

  test('values in any case', () => {
    const settings = { serviceBus: { MaxConcurrentCalls: 3, maxAutoLockRenewalDuration: '01:02:03.5' } };
    expect(
      read({ functionTimeout: '-1', extensions: settings, logging: { logLevel: { Host: 'Error' } } }),
    ).toEqual({
      maxConcurrentCalls: 3,
      maxAutoLockRenewal: 3_723_500,
      functionTimeout: Number.POSITIVE_INFINITY,
      routePrefix: 'api',
      logLevels: { default: 'information', host: 'error' },
    });
  });

  test('the environment overrides a value', () => {
    const env = { AzureFunctionsJobHost__extensions__ServiceBus__maxConcurrentCalls: '7' };
    expect(read({ extensions: { serviceBus: { maxConcurrentCalls: 3 } } }, env).maxConcurrentCalls).toBe(7);
  });

  test('minus one millisecond renews for ever, any other negative time is refused', () => {
    const renewal = (maxAutoLockRenewalDuration: string) =>
      read({ extensions: { serviceBus: { maxAutoLockRenewalDuration } } });
    expect(renewal('-00:00:00.0010000').maxAutoLockRenewal).toBe(Number.POSITIVE_INFINITY);
    expect(() => renewal('-00:05:00')).toThrow('negative');
    expect(() => renewal('five')).toThrow('"five"');
    const name = 'AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration';
    expect(() => read({}, { [name]: 'S3cr3t' })).toThrow('is a text of 6 characters (not shown), not a time');
  });

  test.each([{ version: 2 }, { version: '1.0' }, { functionTimeout: '00:00:00' }])(
    '%o is refused',
    (json) => {
      expect(() => read(json)).toThrow('host.json');
    },
  );

  test('a concurrency that is no count is refused', () => {
    expect(() => read({ extensions: { serviceBus: { maxConcurrentCalls: 0 } } })).toThrow(
      'not a positive number',
    );
  });
});

describe('the log', () => {
  test('keeps the level of the longest key that begins the category', () => {
    const lines: string[] = [];
    const log = createLog(
      { default: 'warning', function: 'information', 'function.poll.user': 'error' },
      (line) => lines.push(line),
    );
    log('information', 'Host.Stop', 'no');
    log('information', 'Functional', 'no');
    log('information', 'Function.poll', 'yes');
    log('warning', 'Function.poll.User', 'no');
    log('error', 'Function.poll.User', 'yes');
    expect(lines.map((line) => line.slice(25))).toEqual([
      'information Function.poll: yes',
      'error Function.poll.User: yes',
    ]);
  });

  test('shows no key of a connection string', () => {
    const lines: string[] = [];
    createLog({ default: 'trace' }, (line) => lines.push(line))(
      'error',
      'Host',
      'Endpoint=sb://x;SharedAccessKey=abc+/=;EntityPath=q',
    );
    expect(lines[0]).toContain('SharedAccessKey=***;EntityPath=q');
  });
});

test('host.json keeps the worker’s own lines and drops those that the host writes for each delivery', () => {
  const root = join(import.meta.dirname, '../..');
  const { logLevels } = readHostJson(readFileSync(join(root, 'host.json'), 'utf8'), {});
  const kept: string[] = [];
  const log = createLog(logLevels, (line) => kept.push(line.split(': ')[1] ?? ''));
  // As the real host writes them.
  log('information', 'Host.Function.Console', 'JobFinished');
  log('information', 'Function.checkout', 'Executing');
  log('information', 'Function.checkout', 'Executed');
  log('information', 'Host.Results', 'a request');
  log('information', 'Host.Startup', 'listening');
  log('error', 'Function.checkout', 'Executed (Failed)');
  log('error', 'Host.Results', 'a request that failed');
  log('error', 'Host.Startup', 'a listener that cannot start');
  expect(kept).toEqual([
    'JobFinished',
    'Executed (Failed)',
    'a request that failed',
    'a listener that cannot start',
  ]);
});

/** Promise: two versions side by side buy each job once and lose none. */

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test, vi } from 'vitest';
import { type HostChild, startHost } from '../../local/functions-host/child.ts';
import { hostSettings } from '../../local/host-settings.ts';
import { progressOf } from '../../local/night/progress.ts';
import { enqueue } from '../../local/night/run-night.ts';
import { queueName, startStack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { agrees, compare } from '../../local/verdict/compare.ts';

const factor = 100;
const minute = 60_000 / factor;

/**
 * The bundle of a next release: its messages and records have the next version, which this release cannot read; it reads both. It
 * upgrades each record that it writes, which is the worst that a release may do to the one before.
 */
async function nextRelease(appRoot: string, folder: string): Promise<string> {
  const next = join(folder, 'dist');
  await cp(appRoot, next, { recursive: true });
  const main = join(next, 'main.cjs');
  let text = await readFile(main, 'utf8');
  const patch = (pattern: RegExp, replacement: string): void => {
    const found = text.match(new RegExp(pattern, 'g')) ?? [];
    if (found.length !== 1) throw new Error(`${pattern} is in the bundle ${found.length} times`);
    text = text.replace(pattern, replacement);
  };
  patch(/var propertiesVersion = 1;/, 'var propertiesVersion = 2;');
  patch(/var recordVersion = 1;/, 'var recordVersion = 2;');
  patch(/literal\(recordVersion\)/, 'literal([1, recordVersion])');
  patch(/function toRecordRow\((\w+), (\w+)\) \{/, '$&\n  $1 = { ...$1, version: recordVersion };');
  await writeFile(main, text);
  return next;
}

test('two releases side by side: each job is bought once, none is lost, and no person is asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-versions-'));
  const stack = await startStack({
    factor,
    appRoot: inject('appRoot'),
    switches: {
      faults: [
        { kind: 'drop', when: 'after', rate: 0.05 },
        { kind: 'error', http: 503, when: 'before', rate: 0.05 },
      ],
      listLag: [0, 60_000],
      pending: {
        licence: [0, 120_000],
        reservation: [0, 120_000],
        software: [0, 120_000],
        saas: [0, 120_000],
      },
    },
  });
  const workers = new Set<HostChild>();
  const metNewer: string[] = [];
  const start = async (appRoot: string): Promise<HostChild> => {
    const worker = await startHost({
      appRoot,
      // Faults without end use up the attempts of a job, and on a busy machine minutes of product time pass before a repeat, which
      // the sandbox remembers for ever. In both cases a person would be asked, rightly.
      env: { ...stack.settings, ...hostSettings, MAX_ATTEMPTS: '100', REPEAT_WITHIN_MINUTES: '43200' },
      onLine: (line) => {
        if (/newer/.test(line)) metNewer.push(line);
      },
    });
    workers.add(worker);
    return worker;
  };
  try {
    const next = await nextRelease(inject('appRoot'), folder);
    const old = await start(inject('appRoot'));
    const lines = stack.sandbox
      .createCarts({ count: 120, customers: 40 })
      .map((ref, index) => ({ number: index + 1, body: ref, ...ref }));
    await enqueue(stack, lines.slice(0, 60));
    await start(next);
    await enqueue(stack, lines.slice(60));
    // Sent again with a limit: the record is merged by whichever release takes the message.
    const notAfter = new Date(Date.now() + 24 * 60 * minute).toISOString();
    await enqueue(
      stack,
      lines.map((line) => ({ ...line, body: { ...line.body, notAfter } })),
    );
    const reader = booksReader(stack.tables.connectionString);
    const done = async () => progressOf(await reader.read(), lines).done;
    await vi.waitFor(async () => expect(await done()).toBeGreaterThan(lines.length / 2), {
      timeout: 120_000,
      interval: 500,
    });
    // The deployment goes on: the last instance of the old release is stopped.
    await old.stop();
    workers.delete(old);
    await vi.waitFor(async () => expect(await done()).toBe(lines.length), {
      timeout: 240_000,
      interval: 500,
    });
    const books = await reader.read();
    expect(metNewer.length).toBeGreaterThan(0);
    expect(books.carts.filter(({ state }) => state !== 'completed')).toEqual([]);
    const comparison = compare(stack.sandbox.orderBook(), books.orders);
    expect(agrees(comparison), JSON.stringify(comparison)).toBe(true);
    expect([...books.asking]).toEqual([]);
    expect(books.rejected).toEqual([]);
    expect(stack.broker.entity(queueName).counts().deadLettered).toBe(0);
  } finally {
    await Promise.all([...workers].map((worker) => worker.stop()));
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 420_000);

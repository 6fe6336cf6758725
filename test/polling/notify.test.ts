/** Promise: people are told of new attention and of the end of a batch, and nothing is lost while their webhook is unavailable. */

import { expect, test } from 'vitest';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { noticeStore } from '../../src/adapters/azure-tables/notice-store.ts';
import type { AttentionKind } from '../../src/domain/checkout/attention-row.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { EndedBatch, Notice } from '../../src/domain/notice/notice.ts';
import type { Notifier } from '../../src/polling/notify.ts';
import { runTick } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import type { Posted, Webhook } from '../../src/ports/webhook.ts';
import { minute, pollBed } from '../orders/bed.ts';
import { counted } from '../storage/backends.ts';
import { customerId } from '../support/records.ts';
import { cart } from './jobs.ts';

function setUp() {
  const bed = pollBed();
  const { deps: bare } = bed.instance();
  const accepted: Notice[] = [];
  const tried: Notice[] = [];
  const state: { answer: Posted; loseAnswers: boolean } = {
    answer: { kind: 'accepted' },
    loseAnswers: false,
  };
  const webhook: Webhook = {
    async post(notice) {
      tried.push(notice);
      if (state.answer.kind === 'accepted') accepted.push(notice);
      return state.loseAnswers ? { kind: 'refused', of: 'all', why: 'no answer.' } : state.answer;
    },
  };
  const attention = counted(bed.tables.attention);
  const batches = counted(bed.tables.batches);
  const notices = noticeStore(attention, batches);
  const notifier: Notifier = { notices, webhook, runbook: 'https://wiki.example/runbook' };
  const deps: TickDeps = { ...bare, notifier };
  const tick = async (change: Partial<TickDeps> = {}) => {
    await bed.clock.until(runTick({ ...deps, ...change }));
    await bed.clock.run(minute);
  };
  const open = (n: number, kind: Exclude<AttentionKind, 'rejected'>, code: string, revision = 1) => {
    const at = bed.clock.now();
    const reason = { code, description: 'what', remedy: 'how', at };
    const row = { jobKey: jobKeyOf({ customerId, cartId: cart(n) }), kind, open: true, revision, reason, at };
    return bed.clock.until(deps.attention.write({ ...row, batchIds: ['night'] }, 'not-newer'));
  };
  const close = async () => {
    const rows = attentionRows(bed.tables.attention);
    for await (const row of rows.list({})) await rows.close(row, 'a person', bed.clock.now());
  };
  const ended = (batchId: string): EndedBatch => {
    const at = bed.clock.now();
    return { batchId, total: 3, completed: 2, partial: 0, failed: 1, rejected: 0, since: at - minute, at };
  };
  const down: Posted = { kind: 'refused', of: 'all', why: 'hooks.example answered 503.' };
  return {
    bed,
    deps,
    notifier,
    notices,
    accepted,
    tried,
    state,
    down,
    tick,
    open,
    close,
    ended,
    attention,
    batches,
  };
}

test('one notice tells of all that is new, and the next ticks tell nothing', async () => {
  const { bed, tick, open, accepted } = setUp();
  const start = bed.clock.now();
  for (let n = 1; n <= 250; n += 1) await open(n, 'failed', '800028');
  await open(251, 'needs-decision', 'contested');
  await tick();
  await tick();
  expect(accepted).toMatchObject([
    {
      kind: 'attention',
      title: '251 new rows need a person',
      howMany: 251,
      since: start,
      command: 'npx partner-checkout attention',
      runbook: 'https://wiki.example/runbook#by-kind-of-attention',
    },
  ]);
  expect(accepted[0]?.what).toEqual([
    expect.stringMatching(/^250 failed, code 800028, since \d{4}-\d\d-\d\d \d\d:\d\d UTC, batch night$/),
    expect.stringMatching(/^1 needs-decision, code contested, since /),
  ]);
});

test('a question that is asked again is told once; one that failed with another code, or was closed before, again', async () => {
  const { tick, open, close, accepted } = setUp();
  await open(1, 'needs-decision', 'contested', 1);
  await tick();
  await open(1, 'needs-decision', 'contested', 1);
  await tick();
  expect(accepted).toHaveLength(1);
  await open(1, 'needs-decision', 'worker-crashed', 2);
  await tick();
  expect(accepted).toHaveLength(2);
  await close();
  await tick();
  expect(accepted).toHaveLength(2);
  await open(1, 'needs-decision', 'worker-crashed', 3);
  await tick();
  expect(accepted).toHaveLength(3);
});

test('a webhook that is down for an hour: all is told afterwards, and the failure is logged once', async () => {
  const { bed, deps, notices, tick, open, ended, accepted, tried, state, down } = setUp();
  state.answer = down;
  await open(1, 'failed', '800028');
  await bed.clock.until(notices.batchEnded(ended('night')));
  const end = bed.clock.now() + 60 * minute;
  for (let n = 2; bed.clock.now() < end; n += 1) {
    await open(n, 'failed', '800009');
    await tick();
  }
  const opened = bed.tables.attention.all().filter(({ partition }) => partition === 'open').length;
  expect(accepted).toEqual([]);
  // The pauses grow: 1, 2, 4, 8, then 15 minutes.
  expect(tried.length).toBeGreaterThan(4);
  expect(tried.length).toBeLessThan(10);
  expect((await bed.clock.until(deps.heartbeats.read()))?.notices.trouble).toMatchObject({
    why: 'hooks.example answered 503.',
    failures: tried.length,
  });
  expect(bed.warnings.filter((text) => text.includes('hooks.example'))).toHaveLength(1);
  state.answer = { kind: 'accepted' };
  for (let n = 0; n < 16; n += 1) await tick();
  const told = accepted.filter(({ kind }) => kind === 'attention');
  expect(told.reduce((sum, { howMany }) => sum + howMany, 0)).toBe(opened);
  expect(accepted.map(({ id }) => id)).toContain('batch:night:3');
  expect(new Set(accepted.map(({ id }) => id)).size).toBe(accepted.length);
  expect((await bed.clock.until(deps.heartbeats.read()))?.notices.trouble).toBeUndefined();
  expect(bed.warnings.filter((text) => text.includes('accepts notices again'))).toHaveLength(1);
});

test('an answer that was lost: the notice comes again with the same id and the same rows, and what is new has another', async () => {
  const { tick, open, accepted, state } = setUp();
  await open(1, 'failed', '800028');
  state.loseAnswers = true;
  await tick();
  await open(2, 'failed', '800028');
  state.loseAnswers = false;
  await tick();
  await tick();
  const [first, second, third] = accepted;
  expect(accepted).toHaveLength(3);
  expect(second).toEqual(first);
  expect(third).toMatchObject({ howMany: 1 });
  expect(third?.id).not.toBe(first?.id);
});

test('a worker that dies between the marks and the post: the next tick posts the same', async () => {
  const { bed, deps, notifier, tick, open, accepted } = setUp();
  await open(1, 'failed', '800028');
  const webhook = { post: () => new Promise<Posted>(() => {}) };
  void runTick({ ...deps, notifier: { ...notifier, webhook } });
  // Another instance ticks when the time of the dead tick is over.
  await bed.clock.run(3 * minute);
  const [mark] = bed.tables.attention.all().filter(({ partition }) => partition === 'open');
  expect(mark?.properties).toMatchObject({ noticeTold: false });
  await tick();
  expect(accepted.map(({ id }) => id)).toEqual([mark?.properties['noticeId']]);
});

test('what is refused for its content does not hold back the others', async () => {
  const { bed, notices, tick, ended, tried, state } = setUp();
  state.answer = { kind: 'refused', of: 'content', why: 'hooks.example answered 400.' };
  await bed.clock.until(notices.batchEnded(ended('one')));
  await bed.clock.until(notices.batchEnded(ended('two')));
  await tick();
  expect(tried.map(({ id }) => id)).toEqual(['batch:one:3', 'batch:two:3']);
});

test('storage that cannot be read fails no tick', async () => {
  const { bed, deps, notifier, tick } = setUp();
  const notices = {
    ...notifier.notices,
    rows: () => {
      throw new Unavailable('storage', 'no answer');
    },
  };
  await tick({ notifier: { ...notifier, notices } });
  expect(bed.warnings).toContainEqual(expect.stringContaining('What people are to be told'));
  expect((await bed.clock.until(deps.heartbeats.read()))?.last?.report.failed).toBe(0);
});

test('the requests of a tick do not grow with what was closed or told', async () => {
  const { tick, open, close, attention, batches } = setUp();
  const requestsOf = async (rows: number, from: number): Promise<number> => {
    for (let n = from; n < from + rows; n += 1) await open(n, 'failed', '800028');
    await tick();
    await close();
    const before = attention.requests.length + batches.requests.length;
    await tick();
    return attention.requests.length + batches.requests.length - before;
  };
  expect(await requestsOf(300, 11)).toBe(await requestsOf(10, 1));
});

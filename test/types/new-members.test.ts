/**
 * Promise: a new order status or job state does not compile until every place that decides by it was
 * visited.
 */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { states } from '../../src/domain/checkout/record.ts';
import { orderStatuses } from '../../src/domain/order/order.ts';

/**
 * Whoever adds an order status or a job state is led by the compiler to every place that decides by it. A test patches a
 * copy of the source and compares the places of the compiler's errors with the whole list: `file declaration`. A place that
 * is missing here would let a new member pass unseen; a place that is new decides by the list, and is to be added here.
 */
const root = join(import.meta.dirname, '../..');
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'checkout-types-'));
  for (const name of ['src', 'functions', 'host.json', 'package.json', 'tsconfig.json'])
    await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

const newState = ["  'failed',\n] as const;", "  'failed',\n  'expired',\n] as const;"] as const;

test('an order status and a job state that nobody has thought about do not compile', async () => {
  const places = await placesOfErrors({
    'src/domain/order/order.ts': [
      ["'cancelled', 'unknown'] as const", "'cancelled', 'unknown', 'rejected'] as const"],
    ],
    'src/domain/checkout/record.ts': [newState],
  });
  expect(places).toEqual([...placesOfStatuses, ...placesOfStates].sort());
});

test('a job state that is filed as an end without orders still does not compile where ends are told', async () => {
  const places = await placesOfErrors({
    'src/domain/checkout/record.ts': [
      newState,
      ["  failed: 'final',\n", "  failed: 'final',\n  expired: 'final',\n"],
      ['  failed: true,\n', '  failed: true,\n  expired: true,\n'],
    ],
  });
  expect(places.filter((place) => !placesOfStates.includes(place))).toEqual([
    'src/checkout/finalize.ts writeAttention',
    'src/domain/events/event-list.ts batchFinishedEvent',
    'src/domain/events/event-list.ts eventsOf',
    'src/domain/events/event-schema.ts counted',
    'src/operator/report/page.ts answerOf',
  ]);
});

const placesOfStatuses: readonly string[] = [
  'src/domain/answer/decode-order.ts spellings',
  'src/domain/events/event-list.ts orderEventTypes',
  'src/domain/order/order.ts lacking',
  'src/domain/order/order.ts terminal',
];

const placesOfStates: readonly string[] = [
  'src/api/api-shapes.ts batchShape',
  'src/cli/commands/batch-command.ts lineNames',
  'src/domain/batch/batch-counts.ts batchCounter',
  'src/domain/checkout/record.ts RetryableState',
  'src/domain/checkout/record.ts StateAt',
  'src/domain/checkout/record.ts decidable',
  'src/domain/checkout/record.ts inDoubt',
  'src/domain/checkout/record.ts isFinal',
  'src/domain/checkout/record.ts isRetryable',
  'src/domain/checkout/record.ts isSettled',
  'src/domain/checkout/record.ts retryable',
  'src/domain/checkout/record.ts stages',
  'src/domain/checkout/record.ts steps',
  'src/operator/batches/batch-eta.ts callsLeft',
  'src/operator/jobs/next-step.ts nextStep',
  'src/operator/report/figures.ts outcomeOf',
];

/**
 * The compiler says nothing where a state or a status is compared with one member. Each of these asks for exactly that
 * member; whatever sorts the members into kinds belongs into a table that has all of them.
 */
test('nothing else compares a state or a status with one of its members', async () => {
  const compared = new RegExp(
    String.raw`\b(?:state|status)\b\)? [!=]== '(?:${[...states, ...orderStatuses].join('|')})'`,
  );
  const places = new Set<string>();
  for (const file of await sources()) {
    const lines = (await readFile(join(copy, file), 'utf8')).split('\n');
    for (const [index, text] of lines.entries())
      if (compared.test(text)) places.add(`${file} ${await declarationAt(file, index + 1)}`);
  }
  expect([...places].sort()).toEqual(single);
});

const single: readonly string[] = [
  'src/adapters/azure-tables/schedule-store.ts scheduleStore',
  'src/checkout/commit-result.ts factsOnly',
  // Makes a table of all that is not `unknown`.
  'src/domain/answer/decode-order.ts statuses',
  'src/domain/checkout/after-call.ts afterCall',
  'src/domain/checkout/after-call.ts afterFence',
  'src/domain/checkout/after-call.ts isWhole',
  'src/domain/checkout/after-call.ts notExecuted',
  'src/domain/checkout/after-call.ts partlyDone',
  'src/domain/checkout/after-call.ts partnerWide',
  'src/domain/checkout/after-call.ts staleItem',
  'src/domain/checkout/claim-rules.ts dueAt',
  'src/domain/checkout/endings.ts givenUp',
  'src/domain/checkout/next-action.ts crashed',
  'src/domain/checkout/next-action.ts putOff',
  'src/domain/checkout/other-lines.ts mayBeReplaced',
  // Of a cart: its statuses are two.
  'src/domain/checkout/reconcile-rules.ts assign',
  'src/domain/checkout/reconcile-rules.ts conclude',
  'src/domain/order/result-lines.ts lineOf',
  'src/domain/order/result-lines.ts linesToSendAgain',
  'src/domain/order/result-lines.ts takeOrderLine',
  'src/operator/batches/batch-status.ts scanBatch',
  'src/operator/jobs/adopt.ts isNeverSent',
  'src/operator/jobs/around-job.ts aroundJob',
  // Of a cart: its statuses are two.
  'src/operator/preflight.ts judgeCart',
  'src/operator/report/figures.ts addFirstThings',
  'src/polling/pending-alarm.ts withQuestion',
];

async function sources(): Promise<readonly string[]> {
  const names = await readdir(join(copy, 'src'), { recursive: true });
  return names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`);
}

/** Patches are undone: each is of the source as it stands. A text that is not there exactly once fails. */
async function placesOfErrors(
  patches: Readonly<Record<string, readonly (readonly [find: string, replace: string])[]>>,
): Promise<readonly string[]> {
  for (const [file, changes] of Object.entries(patches)) {
    let text = await readFile(join(root, file), 'utf8');
    for (const [find, replace] of changes) {
      if (text.split(find).length !== 2)
        throw new Error(`${file} does not hold this text exactly once: ${find}`);
      text = text.replace(find, replace);
    }
    await writeFile(join(copy, file), text);
  }
  try {
    const places = new Set<string>();
    for (const { file, line } of await errors()) places.add(`${file} ${await declarationAt(file, line)}`);
    return [...places].sort();
  } finally {
    for (const file of Object.keys(patches)) await cp(join(root, file), join(copy, file));
  }
}

function errors(): Promise<readonly { readonly file: string; readonly line: number }[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  // `include` of the project's own configuration names folders that the copy does not have.
  const project = join(copy, 'tsconfig.copy.json');
  return new Promise((resolve, reject) => {
    void writeFile(
      project,
      JSON.stringify({ extends: './tsconfig.json', include: ['src', 'functions'] }),
    ).then(() =>
      execFile(
        process.execPath,
        [compiler, '-p', project, '--pretty', 'false'],
        { cwd: copy },
        (_error, out, err) => {
          const lines = out.split('\n').filter((text) => /^\S/.test(text));
          const found = lines.map((text) => /^(.+?)\((\d+),\d+\): error TS/.exec(text));
          if (err !== '' || found.includes(null)) return reject(new Error(`the compiler said: ${err}${out}`));
          resolve(
            found.flatMap((match) =>
              match?.[1] && match[2] ? [{ file: match[1], line: Number(match[2]) }] : [],
            ),
          );
        },
      ),
    );
  });
}

/** The declaration of the module that a line stands in: the formatter lets each begin a line. */
async function declarationAt(file: string, line: number): Promise<string> {
  const lines = (await readFile(join(copy, file), 'utf8')).split('\n').slice(0, line);
  const start = /^(?:export )?(?:async )?(?:const|let|function|class|interface|type) (\w+)/;
  return lines.map((text) => start.exec(text)?.[1]).findLast((name) => name !== undefined) ?? '(the module)';
}

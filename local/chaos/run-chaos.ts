import { withJitter } from '../../src/domain/checkout/deadlines.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import type { HostChild } from '../functions-host/child.ts';
import { type Progress, progressOf } from '../night/progress.ts';
import { enqueue } from '../night/run-night.ts';
import { tooEarly } from '../partner-center/sandbox.ts';
import { queueName, startStack } from '../stack.ts';
import { type TcpGate, tcpGate } from '../tcp-gate.ts';
import { booksReader } from '../verdict/books.ts';
import { agrees, type Comparison, compare } from '../verdict/compare.ts';
import { factor, faults, longestOutage, strikes, type Tally, tally } from './strikes.ts';

export interface ChaosOptions {
  readonly jobs: number;
  readonly contract: 'replay' | 'already-submitted';
  /** The same seed makes the same carts, faults and misfortunes; when they strike is the machine's to say. */
  readonly seed: number;
  /** After so many ms all is left in peace, however much is done: a slow machine would never end. */
  readonly troubleMs: number;
  /** The folder with host.json and the built bundle. */
  readonly appRoot: string;
  readonly onProgress: (progress: Progress, seconds: number) => void;
}

export interface ChaosResult {
  readonly ok: boolean;
  readonly seconds: number;
  readonly tally: Tally;
  readonly byState: Readonly<Record<string, number>>;
  readonly comparison: Comparison;
  /** Jobs without a record, without an end, and ended without a reason. */
  readonly missing: number;
  readonly withoutEnd: number;
  readonly unexplained: number;
  readonly tooEarly: number;
  readonly deadLetters: number;
  readonly questions: number;
}

const minute = 60_000;

/**
 * How long after the last fault a job may still need: an order was read just before, and is read again after the longest step of
 * the poller, by the tick that follows.
 */
export const patienceMs =
  longestOutage +
  (withJitter(Math.max(...defaultTimes.pollSteps), 1) + minute + defaultTimes.tickLimit) / factor;

/** A night on which everything goes wrong, from the first message to the verdict. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { jobs, contract, seed, appRoot } = options;
  const stack = await startStack({
    factor,
    appRoot,
    seed: String(seed),
    stops: 'azure',
    switches: {
      contract,
      pending: {
        licence: [0, minute],
        reservation: [0, 5 * minute],
        software: [0, 5 * minute],
        saas: [0, 5 * minute],
      },
    },
  });
  const doors: TcpGate[] = [];
  try {
    const tables = await tcpGate(Number(new URL(stack.tables.tableEndpoint).port));
    const api = await tcpGate(Number(new URL(stack.sandbox.apiBase).port));
    doors.push(tables, api);
    const env = {
      TablesConnection: stack.tables.connectionString.replaceAll(
        new URL(stack.tables.tableEndpoint).host,
        `127.0.0.1:${tables.port}`,
      ),
      PARTNER_CENTER_API: `http://127.0.0.1:${api.port}`,
      // A day of such faults uses up the attempts of some job in two thousand, and then a person is asked, rightly.
      MAX_ATTEMPTS: '100',
      // The sandbox remembers every answer for ever. The outages here take hours by the worker's clock, and would leave questions.
      REPEAT_WITHIN_MINUTES: '43200',
    };
    const start = (): Promise<HostChild> => stack.startWorker(undefined, env);
    const workers = [await start(), await start()];
    stack.sandbox.set({ faults });
    // Four carts of each customer, equal ones among them.
    const lines = stack.sandbox
      .createCarts({ count: jobs, customers: Math.ceil(jobs / 4) })
      .map((ref, index) => ({ number: index + 1, body: ref, ...ref }));
    await enqueue(stack, lines);
    const counts = tally();
    const strike = strikes({ stack, doors: { tables, api }, workers, start, counts, seed });
    const reader = booksReader(stack.tables.connectionString);
    const startedAt = Date.now();
    const seconds = () => (Date.now() - startedAt) / 1_000;
    let books = await reader.read();
    let calmAt: number | undefined;
    for (;;) {
      const soFar = progressOf(books, lines);
      const { done } = soFar;
      options.onProgress(soFar, seconds());
      if (done === jobs || (calmAt !== undefined && Date.now() > calmAt + patienceMs)) break;
      // The last tenth is left in peace, so that it can end.
      if (calmAt === undefined && done < jobs * 0.9 && Date.now() - startedAt < options.troubleMs)
        for (let round = 0; round < 5; round += 1) await strike();
      else if (calmAt === undefined) {
        calmAt = Date.now();
        stack.sandbox.set({ faults: [] });
      } else await new Promise((resolve) => setTimeout(resolve, 1_000));
      books = await reader.read();
    }
    books = await reader.read();
    const progress = progressOf(books, lines);
    const result = {
      seconds: seconds(),
      tally: counts,
      byState: Object.fromEntries(progress.byState),
      comparison: compare(stack.sandbox.orderBook(), books.orders),
      missing: jobs - books.carts.length,
      withoutEnd: jobs - progress.done,
      unexplained: books.carts.filter(
        ({ state, reason }) => (state === 'failed' || state === 'partial') && reason === undefined,
      ).length,
      tooEarly: tooEarly(stack.sandbox.calls()).length,
      deadLetters: stack.broker.entity(queueName).counts().deadLettered,
      questions: books.asking.size,
    };
    return { ok: isGood(result), ...result };
  } finally {
    await stack.stop();
    await Promise.all(doors.map((door) => door.stop()));
  }
}

const isGood = (result: Omit<ChaosResult, 'ok'>): boolean =>
  agrees(result.comparison) &&
  [result.missing, result.withoutEnd, result.unexplained, result.tooEarly, result.deadLetters].every(
    (count) => count === 0,
  );

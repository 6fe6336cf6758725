/**
 * `npm run chaos`: a night on which everything goes wrong. Two workers are killed again and again while checkouts are under
 * way, connections to broker, tables and Partner Center are cut, Partner Center fails in many ways, everything is away for
 * a while. At the end its order book is compared with the tables, and the tally is printed.
 */
import { parseArgs } from 'node:util';
import { buildDist } from './build.ts';
import type { HostChild } from './functions-host/child.ts';
import { lineOf, liveLine, progressOf } from './night/progress.ts';
import { enqueue } from './night/run-night.ts';
import { type FaultInput, tooEarly } from './partner-center/sandbox.ts';
import { queueName, startStack } from './stack.ts';
import { tcpGate } from './tcp-gate.ts';
import { booksReader } from './verdict/books.ts';
import { agrees, compare } from './verdict/compare.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '10' },
    contract: { type: 'string', default: 'replay' },
  },
});
const factor = 100;
const jobs = Number(values.jobs);
const root = new URL('..', import.meta.url).pathname;
const minute = 60_000;

/** Shares of calls, drawn anew for each. */
const faults: FaultInput[] = [
  { kind: 'drop', when: 'after', rate: 0.03 },
  { kind: 'drop', when: 'before', rate: 0.02 },
  { kind: 'drop', when: 'between', rate: 0.01 },
  { kind: 'error', http: 500, when: 'after', rate: 0.02 },
  { kind: 'error', http: 503, when: 'before', rate: 0.02 },
  { kind: 'error', http: 500, code: 800003, when: 'after', rate: 0.01 },
  { kind: 'error', http: 409, code: 800064, rate: 0.01 },
  { kind: 'delay', when: 'after', ms: 4 * minute, rate: 0.01 },
  { kind: 'partial', code: 800005, rate: 0.02 },
  { kind: 'throttle', retryAfter: 1, rate: 0.002 },
  { kind: 'drop', rate: 0.02, operations: ['get-cart', 'get-order', 'list-orders'] },
  { kind: 'error', http: 502, rate: 0.02, operations: ['get-cart', 'get-order', 'list-orders'] },
  { kind: 'truncated', rate: 0.01 },
  { kind: 'html', rate: 0.005 },
  { kind: 'order-without-id', rate: 0.005 },
  { kind: 'bom', rate: 0.1 },
  { kind: 'code-as-string', rate: 0.1 },
  { kind: 'order-status', status: 'inReview', rate: 0.02, operations: ['get-order'] },
];

const output = liveLine(process.stdout);
await buildDist(root);
const stack = await startStack({
  factor,
  appRoot: root,
  switches: {
    contract: values.contract === 'already-submitted' ? 'already-submitted' : 'replay',
    pending: {
      licence: [0, minute],
      reservation: [0, 5 * minute],
      software: [0, 5 * minute],
      saas: [0, 5 * minute],
    },
  },
});
const doors = {
  tables: await tcpGate(Number(new URL(stack.tables.tableEndpoint).port)),
  api: await tcpGate(Number(new URL(stack.sandbox.apiBase).port)),
};
const through = (text: string, from: string, to: number) => text.replaceAll(from, `127.0.0.1:${to}`);
const env = {
  TablesConnection: through(
    stack.tables.connectionString,
    new URL(stack.tables.tableEndpoint).host,
    doors.tables.port,
  ),
  PARTNER_CENTER_API: `http://127.0.0.1:${doors.api.port}`,
};
const tally = { kills: 0, underWay: 0, cutBroker: 0, cutTables: 0, cutApi: 0, outages: 0 };
const start = () => stack.startWorker(undefined, env);
const workers: HostChild[] = [];

try {
  workers.push(await start(), await start());
  stack.sandbox.set({ faults });
  const lines = stack.sandbox
    .createCarts({ count: jobs, customers: Math.ceil(jobs / 4) })
    .map((ref, index) => ({ number: index + 1, body: ref, ...ref }));
  await enqueue(stack, lines);
  const reader = booksReader(stack.tables.connectionString);
  const startedAt = Date.now();
  const limit = startedAt + Number(values.minutes) * minute;
  for (let round = 0; ; round += 1) {
    const books = await reader.read();
    const progress = progressOf(books, lines);
    output.show(lineOf(progress, (Date.now() - startedAt) / 1_000));
    const left = jobs - progress.done;
    if (left === 0 || Date.now() > limit) break;
    // The last tenth is left in peace, so that it can end.
    if (progress.done < jobs * 0.9) await strike(round);
    else if (round % 5 === 0) stack.sandbox.set({ faults: [] });
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  output.end();
  const books = await reader.read();
  const comparison = compare(stack.sandbox.orderBook(), books.orders);
  const early = tooEarly(stack.sandbox.calls()).length;
  const byState = Object.fromEntries(progressOf(books, lines).byState);
  const unexplained = books.carts.filter(
    (cart) => (cart.state === 'failed' || cart.state === 'partial') && cart.reason === undefined,
  ).length;
  const missing = jobs - books.carts.length;
  const { deadLettered } = stack.broker.entity(queueName).counts();
  const ended = progressOf(books, lines).done;
  output.say(`
${jobs} jobs in ${Math.round((Date.now() - startedAt) / 1_000)} s: ${JSON.stringify(byState)}
killed ${tally.kills} workers, with ${tally.underWay} checkouts committed and not yet answered; cut ${tally.cutBroker} connections to the broker, ${tally.cutTables} to the tables, ${tally.cutApi} to Partner Center; ${tally.outages} outages
Partner Center ${comparison.inPartnerCenter} orders · table ${comparison.inTable} · bought twice ${comparison.boughtTwice.length} · lost ${comparison.lost.length + missing} · different ${comparison.different.length + comparison.invented.length} · called too early ${early}
without an end ${jobs - ended} · ended without a reason ${unexplained} · dead letters ${deadLettered} · questions to people ${books.asking.size}`);
  const good =
    agrees(comparison) &&
    missing === 0 &&
    early === 0 &&
    ended === jobs &&
    unexplained === 0 &&
    deadLettered === 0;
  output.say(good ? 'Every cart was bought exactly once, or failed with a reason.' : 'NOT as it should be.');
  process.exitCode = good ? 0 : 1;
} finally {
  await stack.stop();
  await Promise.all([doors.tables.stop(), doors.api.stop()]);
}

/** One of many misfortunes. */
async function strike(round: number): Promise<void> {
  const { sandbox, broker } = stack;
  if (round % 3 === 0) {
    // While checkouts are in flight: their orders are made, and nobody has told the worker.
    const limit = new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref());
    await Promise.race([sandbox.whenAwaitingAnswer(1 + (round % 3)), limit]);
    const victim = workers.shift();
    tally.kills += 1;
    tally.underWay += sandbox.awaitingAnswer();
    await victim?.kill();
    workers.push(await start());
  }
  if (round % 4 === 1) tally.cutBroker += broker.dropConnections();
  if (round % 5 === 2) tally.cutTables += doors.tables.cut();
  if (round % 5 === 3) tally.cutApi += doors.api.cut();
  if (round % 16 === 9) {
    // A minute without tables, then ten minutes without Partner Center, as the clock goes here.
    doors.tables.shutFor(minute / factor);
    tally.outages += 1;
  }
  if (round % 16 === 13) {
    doors.api.shutFor((10 * minute) / factor);
    tally.outages += 1;
  }
  if (round % 16 === 15) sandbox.set({ storm: { until: Date.now() + 200, retryAfter: 1 } });
}

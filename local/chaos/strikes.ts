import type { HostChild } from '../functions-host/child.ts';
import type { FaultInput } from '../partner-center/sandbox.ts';
import type { Stack } from '../stack.ts';
import type { TcpGate } from '../tcp-gate.ts';

/** Every time of the worker, the queue and Partner Center is divided by it. */
export const factor = 100;
const minute = 60_000;
/** How long the longest strike lasts. */
export const longestOutage = (10 * minute) / factor;

/** Shares of calls, drawn anew for each. */
export const faults: FaultInput[] = [
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

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What was done to the workers, counted. */
export interface Tally {
  kills: number;
  /** Checkouts whose orders were made, and whose answer nobody had yet, in the instants of the kills. */
  inFlight: number;
  /** Connections. */
  cutBroker: number;
  cutTables: number;
  cutApi: number;
  /** Scaled: a minute without tables, ten minutes without Partner Center, a minute of 429s. */
  withoutTables: number;
  withoutApi: number;
  storms: number;
}

export const tally = (): Tally => ({
  kills: 0,
  inFlight: 0,
  cutBroker: 0,
  cutTables: 0,
  cutApi: 0,
  withoutTables: 0,
  withoutApi: 0,
  storms: 0,
});

/** Strikes with one of many misfortunes each time, after a pause that nobody can foresee. */
export function strikes(parts: {
  readonly stack: Stack;
  readonly doors: { readonly tables: TcpGate; readonly api: TcpGate };
  readonly workers: HostChild[];
  readonly start: () => Promise<HostChild>;
  readonly counts: Tally;
  readonly seed: number;
}): () => Promise<void> {
  const { stack, doors, workers, start, counts, seed } = parts;
  const { sandbox, broker } = stack;
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };

  /** Only while checkouts are in flight: some answers are made to take long, so that there are some. */
  async function kill(): Promise<void> {
    sandbox.set({ faults: [...faults, { kind: 'delay', when: 'after', ms: 120_000, count: 4 }] });
    await Promise.race([sandbox.whenAwaitingAnswer(1 + Math.floor(fraction() * 3)), pause(3_000)]);
    const inFlight = sandbox.awaitingAnswer();
    const victim = inFlight > 0 ? workers.shift() : undefined;
    if (victim !== undefined) {
      counts.kills += 1;
      counts.inFlight += inFlight;
      await victim.kill();
      workers.push(await start());
    }
    sandbox.set({ faults });
  }

  const all: readonly (() => Promise<void> | void)[] = [
    kill,
    () => {
      counts.cutBroker += broker.dropConnections();
    },
    () => {
      counts.cutTables += doors.tables.cut();
    },
    kill,
    () => {
      counts.cutApi += doors.api.cut();
    },
    () => {
      doors.tables.closedFor(minute / factor);
      counts.withoutTables += 1;
    },
    kill,
    () => {
      sandbox.set({ storm: { until: Date.now() + minute / factor, retryAfter: 1 } });
      counts.storms += 1;
    },
    () => {
      doors.api.closedFor(longestOutage);
      counts.withoutApi += 1;
    },
  ];
  let round = 0;
  return async () => {
    await pause(100 + fraction() * 1_200);
    await all[round++ % all.length]?.();
  };
}

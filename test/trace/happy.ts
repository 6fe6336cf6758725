import { type Profiler, Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../src/ports/clock.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { type VirtualFleet, virtualFleet } from '../support/virtual-fleet.ts';

const root = join(import.meta.dirname, '../..');

export interface FolderTrace {
  readonly files: number;
  readonly functions: number;
  /** The functions of each file that ran, in the order in which they stand there. */
  readonly ran: Readonly<Record<string, readonly string[]>>;
}

export interface Trace {
  /** Of `src/checkout` and `src/domain` together: what a reader of the way has to open. */
  readonly core: { readonly files: number; readonly functions: number };
  readonly all: { readonly files: number; readonly functions: number };
  readonly byFolder: Readonly<Record<string, FolderTrace>>;
}

/**
 * One happy job through the use cases, over tables, a queue and a topic in memory: which files of `src/` have functions that run. An
 * earlier job has opened the gate, so what belongs to a start is not in it. Ports and adapters that memory stands in for are not either.
 */
export async function traceHappy(): Promise<Trace> {
  const fleet = virtualFleet({ partnerCenter: happyApi, instances: 1 });
  await runOne(fleet, 1);
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await runOne(fleet, 2);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return toTrace(result);
  } finally {
    session.disconnect();
  }
}

const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;

async function runOne(fleet: VirtualFleet, number: number): Promise<void> {
  const before = fleet.events.length;
  fleet.enqueue([{ customerId: id(number), cartId: id(number) }]);
  // Less than a minute, so that no tick of the timer falls into it.
  await fleet.clock.run(10_000);
  const types = fleet.events.slice(before).map(({ type }) => type);
  if (types.join() !== 'checkout.completed' || fleet.messages() + fleet.waiting() > 0)
    throw new Error(`The job was not a happy one: ${JSON.stringify(types)}, ${fleet.warnings.join('; ')}`);
}

const happyApi = (clock: Clock): PartnerCenter => ({
  async checkout(_, cartId, { mayLeave }) {
    if (mayLeave?.() === false) throw new Error('the call may leave');
    await clock.sleep(1_000);
    return answered(201, {
      orders: [
        {
          id: `order-of-${cartId}`,
          status: 'completed',
          billingCycle: 'monthly',
          lineItems: [{ offerId: 'offer-a', quantity: 1, termDuration: 'P1M' }],
        },
      ],
    });
  },
  cart: nobodyAsks,
  orders: nobodyAsks,
  order: nobodyAsks,
});

function toTrace(scripts: readonly Profiler.ScriptCoverage[]): Trace {
  const folders = new Map<string, Map<string, string[]>>();
  for (const { url, functions } of scripts) {
    if (!url.startsWith('file:')) continue;
    const path = relative(root, fileURLToPath(url));
    const [, folder = '', file = ''] = /^(src\/[^/]+)\/(.+)$/.exec(path) ?? [];
    // The function without a name that begins the file is the module itself.
    const ran = functions.filter(
      ({ functionName, ranges: [range] }) =>
        range !== undefined && range.count > 0 && (functionName !== '' || range.startOffset > 0),
    );
    if (folder === '' || ran.length === 0) continue;
    const files = folders.get(folder) ?? new Map<string, string[]>();
    folders.set(folder, files);
    files.set(
      file,
      ran.map(({ functionName }) => functionName || '(anonymous)'),
    );
  }
  const byFolder = Object.fromEntries(
    [...folders].sort().map(([folder, files]) => [folder, countsOf(files)]),
  );
  const sum = (names: readonly string[]) => ({
    files: names.reduce((total, name) => total + (byFolder[name]?.files ?? 0), 0),
    functions: names.reduce((total, name) => total + (byFolder[name]?.functions ?? 0), 0),
  });
  return { core: sum(['src/checkout', 'src/domain']), all: sum(Object.keys(byFolder)), byFolder };
}

const countsOf = (files: ReadonlyMap<string, readonly string[]>): FolderTrace => ({
  files: files.size,
  functions: [...files.values()].reduce((total, functions) => total + functions.length, 0),
  ran: Object.fromEntries([...files].sort()),
});

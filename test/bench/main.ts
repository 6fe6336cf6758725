/**
 * `npm run bench -- [--only requests,budget] [--jobs 300] [--json file]`: every figure is a ratio against something that
 * is measured, or counted, in the same run.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildDist } from '../../local/build.ts';
import { benchBudget, benchLowerLimit } from './budget.ts';
import { benchEnqueue } from './enqueue.ts';
import { benchLatency } from './latency.ts';
import { benchMemory } from './memory.ts';
import { benchOverhead } from './overhead.ts';
import { benchPending } from './pending.ts';
import { benchPoll } from './poll.ts';
import { benchRedrive } from './redrive.ts';
import { benchRequests } from './requests.ts';
import { benchRivals } from './rivals.ts';
import { benchStart } from './start.ts';
import { root } from './workload.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string', default: '5000' }, json: { type: 'string' } },
});

const jobs = Number(values.jobs);
const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  requests: benchRequests,
  enqueue: benchEnqueue,
  rivals: benchRivals,
  overhead: benchOverhead,
  poll: benchPoll,
  pending: benchPending,
  start: benchStart,
  memory: benchMemory,
  latency: benchLatency,
  redrive: () => benchRedrive(jobs),
  budget: () => benchBudget(jobs),
  'lower-limit': () => benchLowerLimit(jobs),
};

await buildDist(root);
const wanted = values.only?.split(',') ?? Object.keys(benches);
const report: Record<string, unknown> = { date: new Date().toISOString().slice(0, 10) };
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`No bench "${name}": there are ${Object.keys(benches).join(', ')}`);
  report[name] = await bench();
  process.stdout.write(`${name} ${JSON.stringify(report[name], null, 2)}\n`);
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);

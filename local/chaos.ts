/**
 * `npm run chaos`: a night on which everything goes wrong. Two workers are killed again and again while checkouts are in
 * flight, connections to broker, tables and Partner Center are cut, Partner Center fails in many ways, everything is away
 * for a while. At the end its order book is compared with the tables, and the tally is printed.
 */
import * as z from 'zod/mini';
import { buildDist } from './build.ts';
import { patienceMs, runChaos } from './chaos/run-chaos.ts';
import { numberIn, readOptions } from './command-line.ts';
import { lineOf, liveLine } from './night/progress.ts';

const usage = `npm run chaos --            two workers are killed, connections cut, Partner Center fails; prints the tally
  --jobs 2000               how many
  --minutes 12              the trouble ends after so many; then it waits at most for the longest step of the poller
                            and one tick, ${Math.ceil(patienceMs / 60_000)} minutes more
  --contract replay         how Partner Center answers for an ordered cart: replay, already-submitted (800065)
  --seed 1                  of the trouble`;

const { jobs, minutes, contract, seed } = readOptions(
  usage,
  {
    jobs: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '12' },
    contract: { type: 'string', default: 'replay' },
    seed: { type: 'string', default: '1' },
  },
  z.object({
    jobs: numberIn(1, 100_000),
    minutes: numberIn(1, 600),
    contract: z.enum(['replay', 'already-submitted']),
    seed: numberIn(0, 2 ** 31),
  }),
);
const appRoot = new URL('..', import.meta.url).pathname;

const output = liveLine(process.stdout);
await buildDist(appRoot);
const result = await runChaos({
  jobs,
  contract,
  seed,
  troubleMs: minutes * 60_000,
  appRoot,
  onProgress: (progress, seconds) => output.show(lineOf(progress, seconds)),
});
output.end();
const { comparison, tally } = result;
output.say(`
${jobs} jobs in ${Math.round(result.seconds)} s, contract ${contract}, seed ${seed}: ${JSON.stringify(result.byState)}
killed ${tally.kills} workers with -9, always with checkouts in flight: ${tally.inFlight} made, and not yet answered
cut ${tally.cutBroker} connections to the broker, ${tally.cutTables} to the tables, ${tally.cutApi} to Partner Center
${tally.withoutTables} times a minute without tables, ${tally.withoutApi} times ten without Partner Center, ${tally.storms} times a minute of 429s
Partner Center ${comparison.inPartnerCenter} orders · table ${comparison.inTable} · bought twice ${comparison.boughtTwice.length} · lost ${comparison.lost.length + result.missing} · different ${comparison.different.length + comparison.invented.length} · called too early ${result.tooEarly}
without an end ${result.withoutEnd} · ended without a reason ${result.unexplained} · dead letters ${result.deadLetters} · questions to people ${result.questions}`);
output.say(result.ok ? 'Every cart was bought exactly once, or failed with a reason.' : 'FAILED.');
process.exitCode = result.ok ? 0 : 1;

/** `npm run drill:region`: the region is gone, the ledger comes back 20 minutes old, and every job is sent again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildDist } from './build.ts';
import { loseRegion } from './drills/region.ts';

const root = new URL('..', import.meta.url).pathname;
const say = (text: string) => process.stdout.write(`${text}\n`);

await buildDist(root);
const lost = await loseRegion({ appRoot: root, jobs: 24, rolledBack: 6, sleep: (ms) => sleep(ms), say });
say(
  `bought twice ${lost.twice}, lost ${lost.lost}, adopted ${lost.adopted}; checkouts called again for carts that were bought ${lost.calledAgain}; ${lost.seconds.toFixed(0)} s`,
);
const good =
  lost.twice === 0 && lost.lost === 0 && lost.adopted === lost.rolledBack && lost.calledAgain === 0;
process.exitCode = good ? 0 : 1;

/**
 * `npm run drill:drain`: a release in the middle of a night, as Azure's `Recreate` makes it: the process is killed at once, whatever it
 * does. First without `drain`, to show that such a release cuts paid calls here; then with it, and none may be cut.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildDist } from './build.ts';
import { type Release, release } from './drills/release.ts';

const root = new URL('..', import.meta.url).pathname;

await buildDist(root);
const say = (text: string) => process.stdout.write(`${text}\n`);
const without = await release({ appRoot: root, drains: false, sleep: (ms) => sleep(ms) });
say(`Without drain: ${sentence(without)}`);
const drained = await release({ appRoot: root, drains: true, sleep: (ms) => sleep(ms) });
say(`With drain:    ${sentence(drained)}`);
const good = drained.cut === 0 && [without, drained].every(({ twice, lost }) => twice === 0 && lost === 0);
say(
  `calls cut by a deployment ${drained.cut}, bought twice ${without.twice + drained.twice}, lost ${without.lost + drained.lost}`,
);
if (without.cut === 0)
  say('The release without drain cut no call either: this run shows nothing. Repeat it.');
process.exitCode = good && without.cut > 0 ? 0 : 1;

function sentence({ jobs, begun, cut, twice, lost, seconds }: Release): string {
  return `${begun} of ${jobs} carts were begun at the release, calls cut ${cut}, bought twice ${twice}, lost ${lost}, ${seconds.toFixed(0)} s`;
}

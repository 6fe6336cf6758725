import { parentPort } from 'node:worker_threads';
import { explore, type Unit } from './explore.ts';

/** One thread: takes units, gives reports. */
parentPort?.on('message', (unit: Unit) => {
  explore(unit).then((report) => parentPort?.postMessage(report));
});

import { parentPort } from 'node:worker_threads';
import { explore, type Limits, type Unit } from './explore.ts';

// What goes wrong is told again by a replay, with its stack; without one an error costs a tenth.
Error.stackTraceLimit = 0;

/** One thread: takes units, gives reports. */
parentPort?.on('message', ({ unit, limits }: { unit: Unit; limits?: Limits }) => {
  explore(unit, limits).then((report) => parentPort?.postMessage(report));
});

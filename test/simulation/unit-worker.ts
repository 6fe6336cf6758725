import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Limits, Unit } from './explore.ts';

// What goes wrong is told again by a replay, with its stack; without one an error costs a tenth.
Error.stackTraceLimit = 0;

const decodedRows = new URL('./decoded-rows.ts', import.meta.url).href;
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isWrapped = found.url.endsWith('/azure-tables/record-rows.ts') && context.parentURL !== decodedRows;
    return isWrapped ? next(decodedRows, context) : found;
  },
});
const { explore } = await import('./explore.ts');

/** One thread: takes units, gives reports. */
parentPort?.on('message', ({ unit, limits }: { unit: Unit; limits?: Limits }) => {
  explore(unit, limits).then((report) => parentPort?.postMessage(report));
});

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Limits, Report, Unit } from './explore.ts';

/** Hands the units to one thread per core. `onReport` says whether to go on. Returns the units that were not begun. */
export async function runUnits(
  units: readonly Unit[],
  onReport: (report: Report, unit: Unit) => boolean,
  limits?: Limits,
): Promise<readonly Unit[]> {
  const left = [...units];
  let goesOn = true;
  const runOne = async (): Promise<void> => {
    const worker = new Worker(new URL('./unit-worker.ts', import.meta.url));
    try {
      for (let unit = left.shift(); unit !== undefined && goesOn; unit = left.shift()) {
        const done = unit;
        const report = await ask(worker, done, limits);
        goesOn = onReport(report, done) && goesOn;
        if (!goesOn) return;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runOne));
  return left;
}

function ask(worker: Worker, unit: Unit, limits: Limits | undefined): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (report: Report) => {
      worker.off('error', reject);
      resolve(report);
    });
    worker.postMessage({ unit, limits });
  });
}

import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Timeline } from '../support/timeline.ts';
import type { ApiCall } from './partner-center.ts';
import type { Setup } from './setup.ts';
import type { Truth } from './truth.ts';

interface Watched {
  readonly setup: Pick<Setup, 'stop' | 'sends'>;
  readonly timeline: Pick<Timeline, 'now'>;
  readonly truth: Pick<Truth, 'jobOf'>;
  time(ms: number): number;
  violated(what: string): void;
}

/** A stop is obeyed within the instances' memory, their permits' lives, and what a request may take. */
const obeyedAfter = 60_000;

export function checkStopped(world: Watched, { what, id }: ApiCall): void {
  const { stop, sends } = world.setup;
  if (stop === undefined || what !== 'checkout') return;
  const since = world.timeline.now() - world.time(stop.at);
  const named = sends.filter((send) => jobKeyOf(send) === world.truth.jobOf(id));
  if (since > obeyedAfter && named.every(({ batchId }) => batchId === stop.batchId))
    world.violated(`4 not before its time: checkout of ${id} ${since} ms after its batch was stopped`);
}

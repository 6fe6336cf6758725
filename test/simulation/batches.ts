import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { isFinal } from '../../src/domain/checkout/record.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { type JobKey, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { World } from './world.ts';

/** The jobs that producers sent under each batch id that declared a size. */
function declaredBatches({ setup }: World): ReadonlyMap<string, ReadonlySet<JobKey>> {
  const batches = new Map<string, Set<JobKey>>();
  for (const send of setup.sends) {
    const { batchId, batchSize } = send;
    if (batchId !== undefined && batchSize !== undefined)
      batches.set(batchId, (batches.get(batchId) ?? new Set()).add(jobKeyOf(send)));
  }
  return batches;
}

/** In the instant of the event every job of its batch has come to an end, at least once. */
export function checkBatchEvents(world: World, events: readonly CheckoutEvent[]): void {
  for (const event of events) {
    if (event.type !== 'batch.finished') continue;
    const ended = new Set<JobKey>();
    for (const record of world.doubts.records())
      if (isFinal(record.state) || record.reached.final !== undefined) ended.add(record.jobKey);
    for (const jobKey of declaredBatches(world).get(String(event.data['batchId'])) ?? [])
      if (!ended.has(jobKey)) world.violated(`9 events: ${event.id} was told before job ${jobKey} was final`);
  }
}

/** At the end: each declared batch was told to be finished, under one id. */
export function checkBatchesFinished(world: World): void {
  for (const batchId of declaredBatches(world).keys()) {
    const ids = new Set(
      world.events.flatMap(({ type, id, data }) =>
        type === 'batch.finished' && data['batchId'] === batchId ? [id] : [],
      ),
    );
    if (ids.size !== 1) world.violated(`9 events: batch ${batchId} was finished under ${ids.size} ids`);
  }
}

/** A person stops a batch. */
export function planStop(world: World): void {
  const { stop } = world.setup;
  if (stop === undefined) return;
  world.timeline.at(world.time(stop.at), async () => {
    const batches = batchStore(world.tables.batches);
    const found = await batches.summary(stop.batchId);
    const stopped = { who: 'somebody', at: world.timeline.now() };
    await batches.writeSummary({ ...found?.value, batchId: stop.batchId, stopped }, found?.etag);
  });
}

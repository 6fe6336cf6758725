import type { StoredRow } from '../../src/ports/table.ts';
import type { World } from './world.ts';

/** In the model every tick looks for missing entries, and reads the whole ledger. */
const repairedWithin = 30 * 60_000;
/** Of a process that is hit so. */
const longestStandstill = 12 * 60_000;

/** What people and other versions of the program do to the tables. */
export function planMischief(world: World): void {
  const { setup, timeline, time } = world;
  for (const { at, what } of setup.removals ?? [])
    timeline.at(time(at), () => {
      const removedAt = timeline.now();
      removeEntries(world, what);
      world.onDueEntries();
      // A newer version's rows are not ours to repair, and without storage nobody can.
      const hindered = [
        setup.newer?.to ?? 0,
        ...setup.outages.flatMap(({ what, to }) => (what === 'storage' ? [to] : [])),
      ];
      const look = (): void => {
        // A tick that stands still repairs nothing meanwhile.
        const standsUntil = world.lastBlow() + longestStandstill;
        if (standsUntil > removedAt && standsUntil + repairedWithin > timeline.now()) {
          timeline.at(standsUntil + repairedWithin, look);
          return;
        }
        // What was left of a job that has its result lacks nobody; no write to the books may have come to say so.
        world.onBooks();
        for (const name of world.removed) if (isOfNoRecord(world, name)) world.removed.delete(name);
        for (const name of world.removed)
          world.violated(`8 entries: the entry of ${name} was removed, and nothing has written it again`);
      };
      timeline.at(Math.max(removedAt, ...hindered.map(time)) + repairedWithin, look);
    });
  if (setup.newer !== undefined) {
    timeline.at(time(setup.newer.from), () => setVersion(world, 2));
    timeline.at(time(setup.newer.to), () => setVersion(world, 1));
  }
  for (const { customerId, cartId, fixedAt } of setup.unreadable) {
    if (fixedAt === undefined) continue;
    const row = { partition: customerId, key: `cart:${cartId}` };
    timeline.at(time(fixedAt), () => void world.tables.checkouts.change({ kind: 'remove', ...row }));
  }
}

/**
 * No record needs it: a message for a cart that a worker made may write an entry under the key of that cart, and an order has its entry
 * before the record names the order, which a worker that dies in between never does.
 */
const isOfNoRecord = ({ doubts }: World, name: string): boolean =>
  !doubts
    .records()
    .some(({ jobKey, orders }) => jobKey === name || orders.some(({ id }) => `order:${id}` === name));

function removeEntries(world: World, what: 'jobs' | 'orders'): void {
  for (const { partition, key, properties } of world.tables.schedule.all()) {
    const { orderId, jobKey, batchId } = properties;
    if (batchId !== undefined || (orderId !== undefined) !== (what === 'orders')) continue;
    world.robbed.add(String(jobKey));
    world.removed.add(what === 'orders' ? `order:${String(orderId)}` : String(jobKey));
    void world.tables.schedule.change({ kind: 'remove', partition, key });
  }
}

/** A newer version writes the same rows with its own number: this one must not touch them. */
function setVersion({ setup, tables }: World, version: number): void {
  const unreadable = new Set(setup.unreadable.map(({ cartId }) => `cart:${cartId}`));
  const isRecord = ({ key }: StoredRow) => /^(cart|job):/.test(key) && !unreadable.has(key);
  for (const row of tables.checkouts.all().filter(isRecord))
    tables.checkouts.put({ ...row, properties: { ...row.properties, version } });
}

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import {
  batchCountEntry,
  type OrderEntry,
  type PollEntry,
  pollEntryKey,
} from '../../src/domain/schedule-entry.ts';
import { memoryTable } from '../support/memory-table.ts';
import { onEachBackend } from './backends.ts';
import { cartId, customerId } from './samples.ts';

const due = (dueAt: number, orderId: string = randomUUID()): OrderEntry => ({
  key: pollEntryKey(dueAt, orderId),
  dueAt,
  orderId,
  customerId,
  cartId,
  polls: 3,
});
const never = (key: string, why: string) => {
  throw new Error(`${key}: ${why}`);
};
async function dueAt(store: ReturnType<typeof scheduleStore>, now: number): Promise<PollEntry[]> {
  const rows: PollEntry[] = [];
  for await (const row of store.due(now)) rows.push(row);
  return rows;
}

/** Each test has an hour of its own: there is one partition. */
let hours = 1_000;
const newHour = () => ++hours * 3_600_000;

onEachBackend('entries', (tables) => {
  const open = () => scheduleStore(tables().schedule, never);
  const since = async (from: number, now: number) =>
    (await dueAt(open(), now)).filter((row) => row.dueAt >= from);

  test('a batch has a row among those of the orders', async () => {
    const store = open();
    const hour = newHour();
    const batch = batchCountEntry('night 1', hour + 1);
    await store.insert([batch]);
    expect(await since(hour, hour + 10)).toStrictEqual([batch]);
    const later = batchCountEntry('night 1', hour + 50);
    await store.move(batch, later);
    expect(await since(hour, hour + 10)).toEqual([]);
    await store.drop(later);
    expect(await store.exists(later.key)).toBe(false);
  });

  test('rows due by now come oldest first, those later do not', async () => {
    const store = open();
    const hour = newHour();
    const rows = [due(hour + 9), due(hour + 10), due(hour), due(hour + 100)];
    await store.insert(rows);
    expect(await since(hour, hour + 10)).toStrictEqual([rows[2], rows[0], rows[1]]);
  });

  test('inserted twice is there once; none is no request', async () => {
    const store = open();
    const hour = newHour();
    const row = due(hour);
    await store.insert([row]);
    await store.insert([row, due(hour + 1)]);
    await store.insert([]);
    expect(await since(hour, hour)).toStrictEqual([row]);
  });

  test('more rows than a transaction holds', async () => {
    const hour = newHour();
    await open().insert(Array.from({ length: 150 }, (_, n) => due(hour + n)));
    expect(await since(hour, hour + 1_000)).toHaveLength(150);
  });

  test('moved: at the new time, not at the old one, however often', async () => {
    const store = open();
    const hour = newHour();
    const from = due(hour);
    const to = { ...due(hour + 60, from.orderId), polls: 4 };
    await store.insert([from]);
    await store.move(from, to);
    await store.move(from, to);
    expect(await since(hour, hour + 60)).toStrictEqual([to]);
    expect(await store.exists(from.key)).toBe(false);
    expect(await store.exists(to.key)).toBe(true);
  });

  test('moved to its own time: still there', async () => {
    const store = open();
    const row = due(newHour());
    await store.insert([row]);
    await store.move(row, { ...row, polls: 4 });
    expect(await since(row.dueAt, row.dueAt)).toStrictEqual([{ ...row, polls: 4 }]);
  });

  test('moved though another poller took it away: at the new time', async () => {
    const hour = newHour();
    const to = due(hour + 1);
    await open().move(due(hour), to);
    expect(await since(hour, hour + 1)).toStrictEqual([to]);
  });

  test('dropped, and dropped again', async () => {
    const store = open();
    const row = due(newHour());
    await store.insert([row]);
    await store.drop(row);
    await store.drop(row);
    expect(await store.exists(row.key)).toBe(false);
  });
});

test('polls that no record keeps yet go with the row; nonsense in their place is left out', async () => {
  const table = memoryTable();
  const store = scheduleStore(table, never);
  const poll = {
    what: 'order',
    orderId: 'o',
    at: 1,
    correlationId: 'c',
    end: { ms: 2, status: 503 },
  } as const;
  const row = { ...due(4), unkept: [poll] };
  await store.insert([row]);
  expect(await dueAt(store, 10)).toStrictEqual([row]);
  for (const unkept of ['{', '[{"what":"sold"}]', 7]) {
    const [stored] = table.all();
    if (stored === undefined) throw new Error('no row');
    table.put({ ...stored, properties: { ...stored.properties, unkept } });
    expect(await dueAt(store, 10)).toStrictEqual([{ ...due(4, row.orderId) }]);
  }
});

test('a row that cannot be read is told, and does not stop the others', async () => {
  const table = memoryTable();
  const told: string[] = [];
  const store = scheduleStore(table, (key, why) => told.push(`${key} ${why}`));
  table.put({ partition: 'due', key: '000000000000001:a', properties: { cartId } });
  table.put({
    partition: 'due',
    key: '000000000000002:b',
    properties: { cartId, customerId, dueAt: 'soon' },
  });
  table.put({ partition: 'due', key: '000000000000003:c', properties: { version: 2 } });
  const good = { ...due(4), polls: 0 };
  table.put({
    partition: 'due',
    key: good.key,
    properties: { cartId, customerId, dueAt: 4, orderId: good.orderId, polls: 'x' },
  });
  expect(await dueAt(store, 10)).toStrictEqual([good]);
  expect(told).toHaveLength(3);
});

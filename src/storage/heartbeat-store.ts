import { compact } from '../compact.ts';
import type { Beat, Heartbeat } from '../orders/heartbeat.ts';
import type { Table } from './table.ts';

const partition = 'poller';
const key = 'heartbeat';

/** `Heartbeat` over the table Gate: the poller runs on one instance, so nobody else writes its row. */
export function heartbeatStore(table: Table): Heartbeat {
  async function last(): Promise<Beat | undefined> {
    const { at, goodAt } = (await table.get(partition, key))?.properties ?? {};
    if (typeof at !== 'number') return undefined;
    return compact({ at, goodAt: typeof goodAt === 'number' ? goodAt : undefined });
  }
  return {
    last,
    async beat(at, good) {
      const goodAt = good ? at : (await last())?.goodAt;
      const properties = compact({ version: 1, at, goodAt });
      await table.change({ kind: 'replace', row: { partition, key, properties } });
    },
  };
}

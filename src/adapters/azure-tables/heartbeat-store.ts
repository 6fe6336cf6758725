/** The port `Heartbeats` over one row: which tick runs, and how the last ones ended. */

import { readMemory, writeMemory } from '../../domain/fleet-state.ts';
import { type TickReport, tickStops } from '../../domain/tick-report.ts';
import { type BegunTick, type Heartbeat, type Heartbeats, succeeded } from '../../ports/heartbeat.ts';
import type { RecordPosition } from '../../ports/ledger-scan.ts';
import type { Random } from '../../ports/random.ts';
import type { Properties, StoredRow, Table } from '../../ports/table.ts';

const partition = 'poller';
const key = 'heartbeat';
const version = 1;

/** What this instance knows of the worker's credential, epoch ms. Undefined: no token was asked for yet. 0: there is no such time. */
interface CredentialTimes {
  credentialEndsAt(): number | undefined;
  credentialReadAt(): number | undefined;
}
const unknownTimes: CredentialTimes = {
  credentialEndsAt: () => undefined,
  credentialReadAt: () => undefined,
};

/** `Heartbeats` over the table Gate. `now` is the storage's clock: those of two instances may be half a minute apart. */
export function heartbeatStore(
  table: Table,
  now: () => number,
  random: Random,
  credential: CredentialTimes = unknownTimes,
): Heartbeats {
  const read = () => table.get(partition, key);

  async function write(properties: Properties, over: StoredRow | undefined): Promise<boolean> {
    const row = { partition, key, properties };
    const result = await table.change(
      over === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: over.etag },
    );
    if (result.kind === 'done') return true;
    // Refused: another tick was faster, or our own write came back.
    return (await read())?.properties['writeId'] === properties['writeId'];
  }

  /** Another instance may have had a token when this one had none. */
  const known = (name: keyof CredentialTimes, found: StoredRow | undefined): number => {
    const stored = found?.properties[name];
    return credential[name]() ?? (typeof stored === 'number' ? stored : 0);
  };

  return {
    async begin(lengthMs) {
      const found = await read();
      const startedAt = now();
      const running = toHeartbeat(found, startedAt + 2 * lengthMs);
      if (running.runningUntil > startedAt) return undefined;
      const id = random.guid();
      const begun = { version, tick: id, writeId: id, startedAt, runningUntil: startedAt + lengthMs };
      return (await write({ ...found?.properties, ...begun }, found))
        ? {
            id,
            startedAt,
            repairedTo: positionIn(found),
            memory: readMemory(found?.properties['memory']),
            credentialEndsAt: known('credentialEndsAt', found) || undefined,
          }
        : undefined;
    },

    async end({ id, startedAt }: BegunTick, report: TickReport, repairedTo, memory) {
      const found = await read();
      if (found === undefined || found.properties['tick'] !== id) return;
      const endedAt = now();
      const lastSuccess = succeeded(report) ? endedAt : toHeartbeat(found, endedAt).lastSuccess;
      const { stopped = '', ...counts } = report;
      const ended = {
        ...counts,
        stopped,
        startedAt,
        endedAt,
        lastSuccess,
        runningUntil: 0,
        credentialEndsAt: known('credentialEndsAt', found),
        credentialReadAt: known('credentialReadAt', found),
        memory: writeMemory(memory),
        repairPartition: repairedTo?.partition ?? '',
        repairKey: repairedTo?.key ?? '',
      };
      await write({ version, tick: id, writeId: random.guid(), ...ended }, found);
    },

    async read() {
      const found = await read();
      if (found === undefined) return undefined;
      const heartbeat = toHeartbeat(found, Number.MAX_SAFE_INTEGER);
      return { ...heartbeat, age: heartbeat.last === undefined ? Infinity : now() - heartbeat.last.endedAt };
    },
  };
}

/** A row that a person edited may hold anything: what is no number counts as 0, and no tick runs longer than `longest`. */
function toHeartbeat(row: StoredRow | undefined, longest: number): Omit<Heartbeat, 'age'> {
  const number = (name: string): number => {
    const value = row?.properties[name];
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
  };
  const until = number('runningUntil');
  const endedAt = number('endedAt');
  const credentialEndsAt = number('credentialEndsAt');
  const credentialReadAt = number('credentialReadAt');
  const stopped = tickStops.find((word) => word === row?.properties['stopped']);
  const report: TickReport = {
    woken: number('woken'),
    moved: number('moved'),
    repaired: number('repaired'),
    seen: number('seen'),
    finished: number('finished'),
    pending: number('pending'),
    dropped: number('dropped'),
    failed: number('failed'),
    ms: number('ms'),
    ...(stopped === undefined ? {} : { stopped }),
  };
  return {
    runningUntil: until > longest ? 0 : until,
    last: endedAt === 0 ? undefined : { endedAt, report },
    lastSuccess: number('lastSuccess'),
    notices: readMemory(row?.properties['memory']).notices,
    ...(credentialEndsAt === 0 ? {} : { credentialEndsAt }),
    ...(credentialReadAt === 0 ? {} : { credentialReadAt }),
  };
}

function positionIn(row: StoredRow | undefined): RecordPosition | undefined {
  const { repairPartition: partition, repairKey: key } = row?.properties ?? {};
  return typeof partition === 'string' && typeof key === 'string' && key !== ''
    ? { partition, key }
    : undefined;
}

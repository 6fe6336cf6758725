/** A run whose telemetry was recorded, and what the ledger and the sandbox said at its end. `npm run record` makes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import exporter from '@azure/monitor-opentelemetry-exporter/package.json' with { type: 'json' };
import { events } from '../../src/ports/telemetry.ts';
import { metrics } from '../../src/ports/tracing.ts';
import type { TableRow } from './rows.ts';

export const runs = ['good', 'bad'] as const;
export type RunName = (typeof runs)[number];

/** Read from the tables and the sandbox's own log, never from telemetry. */
export interface Truth {
  /** Carts by state and by code of the reason, at the end. */
  readonly states: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly batches: Readonly<
    Record<
      string,
      {
        readonly declared: number;
        readonly states: Readonly<Record<string, number>>;
        readonly tooLate: number;
        readonly pendingOrders: number;
      }
    >
  >;
  readonly pendingOrders: number;
  readonly rejected: number;
  /** Calls that reached the sandbox, by operation, and of all the throttled ones and those with a 5xx. */
  readonly calls: Readonly<Record<string, number>>;
  readonly throttled: number;
  readonly failed: number;
  readonly jobs: number;
}

export interface Recording {
  /** Of what the worker can tell, and the exporter that sends it: when it changes, the run has to be recorded again. */
  readonly signature: string;
  readonly began: number;
  readonly ended: number;
  /** What happened when, epoch ms as the rows have it. */
  readonly marks: Readonly<Record<string, number>>;
  readonly truth: Truth;
  /** Bytes of envelopes, uncompressed. */
  readonly bytes: number;
  readonly rows: readonly TableRow[];
}

/** Fields that no recorded row has; the queries that read them are asked about made rows. `npm run record` empties this list. */
const addedSince = new Set<string>();

export const signatureNow = (): string =>
  JSON.stringify({
    exporter: exporter.version,
    events: Object.entries(events).map(([name, { fields }]) => [
      name,
      ...Object.keys(fields).filter((field) => !addedSince.has(`${name}.${field}`)),
    ]),
    metrics: Object.entries(metrics).map(([name, { kind, attributes }]) => [name, kind, ...attributes]),
  });

const fileOf = (run: RunName): string => join(import.meta.dirname, 'recorded', `${run}.json.br`);

export function writeRecording(run: RunName, recording: Recording): number {
  const packed = brotliCompressSync(JSON.stringify(recording), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  writeFileSync(fileOf(run), packed);
  return packed.length;
}

export const readRecording = (run: RunName): Recording =>
  JSON.parse(brotliDecompressSync(readFileSync(fileOf(run))).toString()) as Recording;

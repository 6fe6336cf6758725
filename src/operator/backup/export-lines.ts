/**
 * The format of `export` and `import`: JSON lines. A header, one line for each row, and a last line with their number and digest. Text,
 * number and boolean stand as JSON has them; bytes as `{"base64": …}`, so that each value comes back with its type.
 */
import { createHash, type Hash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Properties, Row } from '../../ports/table.ts';

/** The tables that hold what was bought, asked and planned. The gate is not among them: its state belongs to where it runs. */
export const exportedTables = ['checkouts', 'schedule', 'attention', 'batches'] as const;
export type ExportedTable = (typeof exportedTables)[number];

export interface ExportedRow extends Row {
  readonly table: ExportedTable;
}

const format = 'checkout-worker-export';

export const headerLine = (at: number): string =>
  JSON.stringify({ format, version: 1, at: new Date(at).toISOString() });

export const rowLine = ({ table, partition, key, properties }: ExportedRow): string =>
  JSON.stringify({ table, partition, key, properties: written(properties) });

export const endLine = (rows: number, sha256: string): string => JSON.stringify({ end: { rows, sha256 } });

const written = (properties: Properties) =>
  Object.fromEntries(
    Object.entries(properties)
      // Sorted, so that the same rows have the same digest wherever they were read.
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [
        name,
        value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
      ]),
  );

const headerShape = z.object({ format: z.literal(format), version: z.literal(1), at: z.string() });
const bytesShape = z.object({ base64: z.base64() });
const rowShape = z.object({
  table: z.enum(exportedTables),
  partition: z.string(),
  key: z.string(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), bytesShape])),
});
const endShape = z.object({ end: z.object({ rows: z.number(), sha256: z.string() }) });

/** What is wrong with an export, with the line. */
export class BadExport extends Error {
  override readonly name = 'BadExport';
}

export type ExportLine =
  | { readonly kind: 'header'; readonly at: string }
  | { readonly kind: 'row'; readonly row: ExportedRow }
  | { readonly kind: 'end'; readonly rows: number; readonly sha256: string };

/** Throws `BadExport`. `number`: of the line, from 1. */
export function readLine(text: string, number: number): ExportLine {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BadExport(
      number === 1
        ? 'This is not an export of the checkout worker.'
        : `Line ${number} is not JSON: the file was cut off or changed.`,
    );
  }
  if (number === 1) {
    const header = headerShape.safeParse(json);
    if (!header.success) throw new BadExport('This is not an export of the checkout worker, version 1.');
    return { kind: 'header', at: header.data.at };
  }
  const end = endShape.safeParse(json);
  if (end.success) return { kind: 'end', ...end.data.end };
  const row = rowShape.safeParse(json);
  if (!row.success) {
    const [issue] = row.error.issues;
    throw new BadExport(`Line ${number} is no row: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  return { kind: 'row', row: { ...row.data, properties: read(row.data.properties) } };
}

const read = (properties: z.infer<typeof rowShape>['properties']): Properties =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === 'object' ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
    ]),
  );

/** Counts and digests row lines in their order. */
export interface Digest {
  add(line: string): void;
  readonly rows: number;
  sha256(): string;
}

export function newDigest(): Digest {
  const hash: Hash = createHash('sha256');
  let rows = 0;
  return {
    add(line) {
      hash.update(line).update('\n');
      rows += 1;
    },
    get rows() {
      return rows;
    },
    sha256: () => hash.copy().digest('hex'),
  };
}

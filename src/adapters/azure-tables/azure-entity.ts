/** Turns rows into entities of the SDK and back, with the types that filters and ETags need. */

import type { Properties, Row, StoredRow } from '../../ports/table.ts';

const int32 = 2 ** 31;

/**
 * Columns that filters compare as numbers. The service compares values of one type only, so each of them is always a double,
 * 0 too. Source: "Querying tables and entities", the constant must be of the same data type as the property.
 */
const compared = new Set(['at', 'dueAt', 'notAfter', 'wokenAt']);

/** A number as a filter writes it: with a point, as a literal without one is an integer. */
export function doubleLiteral(name: string, value: number): string {
  if (!compared.has(name))
    throw new TypeError(`Property ${name} is not always stored as a double, so no filter may compare it`);
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

interface Entity extends Record<string, unknown> {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/**
 * A number beyond 32 bits must name its type, or the service refuses it. Double, not Int64: it comes back as a number,
 * exact to 2^53, and Int64 as a bigint.
 */
export function toEntity({ partition, key, properties }: Row): Entity {
  const entity: Record<string, unknown> = {};
  for (const name in properties) {
    const value = properties[name];
    entity[name] = typeof value === 'number' ? toNumber(name, value) : value;
  }
  // The keys last: with them first Azurite refuses 64 KiB of bytes (test/storage/table-contract.ts).
  return Object.assign(entity, { partitionKey: partition, rowKey: key });
}

function toNumber(name: string, value: number): unknown {
  if (!Number.isFinite(value))
    throw new RangeError(`Property ${name} is ${value}: a row holds finite numbers`);
  const fits = Number.isInteger(value) && value >= -int32 && value < int32;
  return fits && !compared.has(name) ? value : { type: 'Double', value };
}

const ofTheService = new Set(['partitionKey', 'rowKey', 'timestamp', 'etag']);

export function fromEntity(entity: Readonly<Record<string, unknown>>): StoredRow {
  const properties: Record<string, Properties[string]> = {};
  for (const [name, value] of Object.entries(entity)) {
    if (ofTheService.has(name) || name.startsWith('odata.')) continue;
    const property = fromValue(value);
    if (property !== undefined) properties[name] = property;
  }
  return {
    partition: text(entity, 'partitionKey'),
    key: text(entity, 'rowKey'),
    etag: text(entity, 'etag'),
    properties,
  };
}

/** People edit rows with tools that pick other types; a property that a `select` names and the row lacks is null. */
function fromValue(value: unknown): Properties[string] | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return Number(value);
    case 'object':
      if (value instanceof Uint8Array) return value;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
      if (value !== null && 'value' in value && typeof value.value === 'string') return value.value;
  }
  return undefined;
}

function text(entity: Readonly<Record<string, unknown>>, name: string): string {
  const value = entity[name];
  if (typeof value !== 'string') throw new TypeError(`The Table service answered with a row without ${name}`);
  return value;
}

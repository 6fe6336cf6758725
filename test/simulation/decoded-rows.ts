import { joinText } from '../../src/adapters/azure-tables/chunks.ts';
import { fromRecordRow as decode } from '../../src/adapters/azure-tables/record-rows.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import type { StoredRow } from '../../src/ports/table.ts';

export * from '../../src/adapters/azure-tables/record-rows.ts';

const decoded = new Map<string, CheckoutRecord>();
const maxDecoded = 3_000;

/**
 * The production function, asked once for each content of a row: several processes of a world read the same row, and
 * decoding was a third of the time of a long run. What they share is frozen. `unit-worker.ts` puts this module in the
 * place of the one it wraps; a replay and the tests decode each row each time.
 */
export function fromRecordRow(row: StoredRow): CheckoutRecord {
  const { state, version } = row.properties;
  const record = joinText('record', row.properties);
  const content = [row.partition, row.key, version, state, record].join('\n');
  const known = decoded.get(content);
  if (known !== undefined) return known;
  const value = decode(row);
  freeze(value);
  if (decoded.size >= maxDecoded) decoded.clear();
  decoded.set(content, value);
  return value;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

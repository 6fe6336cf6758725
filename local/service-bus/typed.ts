import rhea from 'rhea';

/** A value with its AMQP type, as rhea keeps it: what is read typed is written again with the same type. */
export interface TypedValue {
  readonly value: unknown;
  readonly descriptor?: { readonly value: unknown };
}

interface Reader {
  position: number;
  read(): TypedValue;
  remaining(): number;
}

interface Writer {
  write(value: unknown): void;
  toBuffer(): Buffer;
}

/** The part of rhea's `types` that we use: its typings know the functions, but not the classes. */
interface Types {
  Reader: new (buffer: Buffer) => Reader;
  Writer: new () => Writer;
  wrap(value: unknown): TypedValue;
  wrap_ulong(value: number): TypedValue;
  wrap_uint(value: number): TypedValue;
  wrap_byte(value: number): TypedValue;
  wrap_int(value: number): TypedValue;
  wrap_long(value: number | Buffer): TypedValue;
  wrap_float(value: number): TypedValue;
  wrap_double(value: number): TypedValue;
  wrap_boolean(value: boolean): TypedValue;
  wrap_binary(value: Buffer): TypedValue;
  wrap_timestamp(value: number): TypedValue;
  wrap_string(value: string): TypedValue;
  wrap_symbol(value: string): TypedValue;
  wrap_uuid(value: Buffer): TypedValue;
  wrap_list(values: readonly unknown[]): TypedValue;
  wrap_map(values: Readonly<Record<string, unknown>>): TypedValue;
  wrap_symbolic_map(values: Readonly<Record<string, unknown>>): TypedValue;
  wrap_array(values: readonly unknown[], code: number): TypedValue;
  described_nc(descriptor: TypedValue, value: TypedValue): TypedValue;
  unwrap(value: TypedValue): unknown;
}

const { types: rheaTypes } = rhea as unknown as { types: Types };
export const types: Types = rheaTypes;

/** The key-value pairs of a typed map. */
export function pairsOf(map: TypedValue): Map<string, TypedValue> {
  const pairs = new Map<string, TypedValue>();
  const items = Array.isArray(map.value) ? (map.value as readonly TypedValue[]) : [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [key, value] = [items[index], items[index + 1]];
    if (key !== undefined && value !== undefined) pairs.set(String(key.value), value);
  }
  return pairs;
}

/** One section of a message: a described value, encoded. */
export function section(code: number, value: TypedValue): Buffer {
  const writer = new types.Writer();
  writer.write(types.described_nc(types.wrap_ulong(code), value));
  return Buffer.from(writer.toBuffer());
}

const valueSection = 0x77;

/** The entries of the map in a message's body, with their types; none when the body is no map. */
export function bodyPairs(message: Buffer): Map<string, TypedValue> {
  const reader = new types.Reader(message);
  while (reader.remaining() > 0) {
    const read = reader.read();
    if (Number(read.descriptor?.value) === valueSection) return pairsOf(read);
  }
  return new Map();
}

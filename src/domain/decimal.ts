/**
 * Amounts of money in exact decimal arithmetic: doubles would let a total differ from its ceiling by a rounding error. Used where the
 * total of a cart is compared with the ceiling of its job.
 */
export interface Decimal {
  /** The amount times ten to the power of `scale`. */
  readonly units: bigint;
  readonly scale: number;
}

export const zero: Decimal = { units: 0n, scale: 0 };

const maxScale = 30;

/** A number of JSON, or a text like `1234.50`. Undefined: it is no plain amount. */
export function readDecimal(value: unknown): Decimal | undefined {
  // The shortest text that reads back as the same number is what the API wrote.
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d{1,30})(?:\.(\d{1,20}))?(?:e([+-]?\d{1,2}))?$/.exec(text.trim()) ?? [];
  if (whole === '') return undefined;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > maxScale) return undefined;
  const units = BigInt(`${sign}${whole}${fraction}`);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

const atScale = ({ units, scale }: Decimal, wanted: number): bigint => units * 10n ** BigInt(wanted - scale);

export function add(one: Decimal, other: Decimal): Decimal {
  const scale = Math.max(one.scale, other.scale);
  return { units: atScale(one, scale) + atScale(other, scale), scale };
}

export function isGreater(one: Decimal, other: Decimal): boolean {
  const scale = Math.max(one.scale, other.scale);
  return atScale(one, scale) > atScale(other, scale);
}

/** With at least two decimals, as amounts are read, and no more than it needs: `364.80`. */
export function decimalText({ units, scale }: Decimal): string {
  // Zeros at the end say nothing.
  if (scale > 2 && units % 10n === 0n) return decimalText({ units: units / 10n, scale: scale - 1 });
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = scale === 0 ? digits : digits.slice(0, -scale);
  const fraction = scale === 0 ? '' : digits.slice(-scale);
  return `${units < 0n ? '-' : ''}${whole}.${fraction.padEnd(2, '0')}`;
}

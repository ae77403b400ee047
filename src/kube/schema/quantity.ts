/**
 * Quantities, `500m`, `1Gi`, `1e3`: a number of a billionth each, and the family of its suffix, which the
 * canonical text keeps. Finer parts than a billionth are rounded up, as a real API server does, so that what was asked
 * for is never less than asked.
 *
 * A binary number below 1024, or one that is no whole number, is written with a decimal suffix: `0.5Gi` is `512Mi`, but
 * `0.5Ki` is `512`.
 */

/** How a quantity is written: `k M G`, `Ki Mi Gi` or `e3`. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

export interface Quantity {
  /** Billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** The text is no quantity; the message is what a real API server says. */
export class QuantityError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuantityError';
  }
}

const nanosPerUnit = 1_000_000_000n;
/** Larger numbers are cut to this. */
const unitsMax = (1n << 63n) - 1n;
/** Texts whose amount, and whose canonical form, is remembered. */
const rememberedMax = 4096;
const rememberedLength = 64;

const formText =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixText = "unable to parse quantity's suffix";
const partsRegex = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

const decimalPowers: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const decimalSuffixes: ReadonlyMap<number, string> = new Map(
  Object.entries(decimalPowers).map(([suffix, power]) => [power, suffix]),
);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

interface Suffix {
  readonly format: QuantityFormat;
  /** Of ten, or of 1024. */
  readonly power: number;
}

function suffixOf(text: string): Suffix {
  const decimal = decimalPowers[text];
  if (decimal !== undefined) return { format: 'decimal', power: decimal };
  const binary = binarySuffixes.indexOf(text);
  if (binary > 0) return { format: 'binary', power: binary };
  const exponent = /^[eE]([-+]?[0-9]{1,4})$/.exec(text);
  if (exponent !== null) return { format: 'exponent', power: Number(exponent[1]) };
  throw new QuantityError(suffixText);
}

const parsed: Map<string, Quantity> = new Map();

/** @throws QuantityError */
export function parseQuantity(text: string): Quantity {
  let quantity = parsed.get(text);
  if (quantity === undefined) {
    quantity = readQuantity(text);
    if (parsed.size >= rememberedMax) parsed.clear();
    if (text.length <= rememberedLength) parsed.set(text, quantity);
  }
  return quantity;
}

function readQuantity(text: string): Quantity {
  const parts = partsRegex.exec(text);
  const whole = parts?.[2] ?? '';
  const fraction = parts?.[3] ?? '';
  if (parts === null || whole + fraction === '') throw new QuantityError(formText);
  const { format, power } = suffixOf(parts[4]!);
  const factor = format === 'binary' ? 1n << BigInt(10 * power) : 1n;
  // digits × factor × 10^scale, in billionths
  const scale = 9 - fraction.length + (format === 'binary' ? 0 : power);
  let nanos = BigInt(whole + fraction) * factor;
  if (scale >= 0) nanos *= 10n ** BigInt(Math.min(scale, 64));
  else nanos = ceilDivide(nanos, 10n ** BigInt(-scale));
  if (nanos > unitsMax * nanosPerUnit) nanos = unitsMax * nanosPerUnit;
  return { nanos: parts[1] === '-' ? -nanos : nanos, format };
}

/** @param value not negative */
function ceilDivide(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

function binaryText(units: bigint): string {
  let power = 0;
  let rest = units;
  while (power < binarySuffixes.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n;
    power++;
  }
  return `${rest}${binarySuffixes[power]!}`;
}

/** The canonical text. */
export function quantityText({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const isSmall = nanos < 1024n * nanosPerUnit && nanos > -1024n * nanosPerUnit;
  if (format === 'binary' && !isSmall && nanos % nanosPerUnit === 0n) return binaryText(nanos / nanosPerUnit);
  let power = -9;
  let rest = nanos;
  while (power < 18 && rest % 1000n === 0n) {
    rest /= 1000n;
    power += 3;
  }
  if (format !== 'exponent') return `${rest}${decimalSuffixes.get(power)!}`;
  return power === 0 ? String(rest) : `${rest}e${power}`;
}

/** Up to whole multiples of a thousandth, away from zero. */
export function roundedToMilli(quantity: Quantity): Quantity {
  const step = 1_000_000n;
  const { nanos, format } = quantity;
  if (nanos % step === 0n) return quantity;
  return { nanos: nanos > 0n ? ceilDivide(nanos, step) * step : -ceilDivide(-nanos, step) * step, format };
}

const remembered: Map<string, string> = new Map();

/** @throws QuantityError */
export function canonicalQuantity(text: string): string {
  let canonical = remembered.get(text);
  if (canonical === undefined) {
    canonical = quantityText(parseQuantity(text));
    if (remembered.size >= rememberedMax) remembered.clear();
    if (text.length <= rememberedLength) remembered.set(text, canonical);
  }
  return canonical;
}

/** Below zero: `a` is less than `b`. @throws QuantityError */
export function compareQuantities(a: string, b: string): number {
  if (a === b) return 0;
  const difference = parseQuantity(a).nanos - parseQuantity(b).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

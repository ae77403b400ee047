/** As much of DER (X.690) as a certificate needs. Every function returns one whole value: tag, length, content. */

const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tags of a context: `[number]`, with other values in it or with bytes. */
const constructedContext = 0xa0;
const primitiveContext = 0x80;
const longForm = 0x80;
const highBit = 0x80;

function value(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body]);
}

/** Below 128 one octet; else their number, and the octets. */
function lengthOctets(length: number): number[] {
  if (length < longForm) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [longForm | octets.length, ...octets];
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return value(Tag.sequence, ...items);
}

export function setOf(...items: readonly Uint8Array[]): Buffer {
  return value(Tag.set, ...items);
}

/** A number that is not negative, most significant octet first. */
export function integer(octets: Uint8Array): Buffer {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from += 1;
  const digits = octets.subarray(from);
  const sign = digits.length === 0 || digits[0]! >= highBit ? [0] : [];
  return value(Tag.integer, Buffer.from(sign), digits);
}

export function boolean(isTrue: boolean): Buffer {
  return value(Tag.boolean, Buffer.from([isTrue ? 0xff : 0]));
}

/** @param unusedBits at the end of the last octet */
export function bitString(octets: Uint8Array, unusedBits: number = 0): Buffer {
  return value(Tag.bitString, Buffer.from([unusedBits]), octets);
}

export function octetString(octets: Uint8Array): Buffer {
  return value(Tag.octetString, octets);
}

export function utf8String(text: string): Buffer {
  return value(Tag.utf8String, Buffer.from(text, 'utf8'));
}

/** `1.2.840.…`: the first two in one octet, the others in groups of seven bits. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc % 128];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
      groups.unshift((more % 128) | highBit);
    }
    octets.push(...groups);
  }
  return value(Tag.objectId, Buffer.from(octets));
}

/** To the second; a year before 2050 with two digits (RFC 5280 §4.1.2.5). @param wallMs milliseconds since 1970 */
export function time(wallMs: number): Buffer {
  const text = new Date(wallMs).toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '');
  if (Number(text.slice(0, 4)) < 2050) return value(Tag.utcTime, Buffer.from(text.slice(2), 'ascii'));
  return value(Tag.generalizedTime, Buffer.from(text, 'ascii'));
}

export function context(number: number, content: Uint8Array): Buffer {
  return value(constructedContext | number, content);
}

export function contextBytes(number: number, content: Uint8Array): Buffer {
  return value(primitiveContext | number, content);
}

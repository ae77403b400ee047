/**
 * Names of users and roles. etcd sorts them by their UTF-8 bytes, which is not the order of `<` where a name has signs
 * beyond the basic plane: '\u{1F600}' < '\uFFFD' as strings, and the other way round as bytes.
 */

/** One char per byte of the UTF-8 form: such strings have the order of the bytes. */
export function nameBytes(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1');
}

function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

export function sortedNames(names: Iterable<string>): string[] {
  return [...names].sort(compareNames);
}

/** One char per byte. */
export function binaryString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function bytesOf(binary: string): Uint8Array {
  return Buffer.from(binary, 'latin1');
}

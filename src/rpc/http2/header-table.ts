/**
 * The header tables of HPACK (RFC 7541 §2.3, appendix A): the static one, and a dynamic one as a ring.
 *
 *     index 1..61: static | 62: newest dynamic | … | 61 + count: oldest dynamic
 *
 * A field is judged once, when it is made: `kind` says what it means to a gRPC server, or that it is malformed. An
 * indexed field of a later request is then the same object, with nothing to parse and nothing to allocate.
 */

/** Kinds from `Method` to `Protocol` are the pseudo-headers of a request (RFC 9113 §8.3.1). */
export const HeaderKind = {
  Metadata: 0,
  Malformed: 1,
  Method: 2,
  Path: 3,
  Scheme: 4,
  Authority: 5,
  Protocol: 6,
  ContentType: 7,
  Timeout: 8,
  Encoding: 9,
  Connection: 10,
  Host: 11,
} as const;
export type HeaderKind = (typeof HeaderKind)[keyof typeof HeaderKind];

const KINDS: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  [':method', HeaderKind.Method],
  [':path', HeaderKind.Path],
  [':scheme', HeaderKind.Scheme],
  [':authority', HeaderKind.Authority],
  [':protocol', HeaderKind.Protocol],
  ['content-type', HeaderKind.ContentType],
  ['grpc-timeout', HeaderKind.Timeout],
  ['grpc-encoding', HeaderKind.Encoding],
  // Of one connection and no business of HTTP/2 (RFC 9113 §8.2.2).
  ['connection', HeaderKind.Connection],
  ['keep-alive', HeaderKind.Connection],
  ['proxy-connection', HeaderKind.Connection],
  ['transfer-encoding', HeaderKind.Connection],
  ['upgrade', HeaderKind.Connection],
  ['host', HeaderKind.Host],
]);

export interface HeaderField {
  /** Both latin1: one character per octet. */
  readonly name: string;
  readonly value: string;
  readonly kind: HeaderKind;
  /** Octets of name and value and 32 (RFC 7541 §4.1). */
  readonly size: number;
}

const ENTRY_OVERHEAD_BYTES = 32;
/** A token of RFC 9110 §5.6.2 without upper case, which HTTP/2 forbids (RFC 9113 §8.2.1). */
const NAME: RegExp = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Visible octets, blanks and tabs; what Go calls a valid value. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const BAD_VALUE: RegExp = /[\x00-\x08\x0a-\x1f\x7f]/;

export function headerField(name: string, value: string): HeaderField {
  return { name, value, kind: kindOf(name, value), size: name.length + value.length + ENTRY_OVERHEAD_BYTES };
}

function kindOf(name: string, value: string): HeaderKind {
  if (BAD_VALUE.test(value)) return HeaderKind.Malformed;
  if (name === 'te' && value !== 'trailers') return HeaderKind.Connection;
  const known = KINDS.get(name);
  if (known !== undefined) return known;
  return NAME.test(name) ? HeaderKind.Metadata : HeaderKind.Malformed;
}

/** RFC 7541 appendix A: `name` or `name=value`, index 1 first. */
export const STATIC_TABLE: readonly HeaderField[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|' +
  ':status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|' +
  'accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|' +
  'authorization|cache-control|content-disposition|content-encoding|content-language|content-length|' +
  'content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|' +
  'if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|' +
  'proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|' +
  'strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const equals = entry.indexOf('=');
    return equals < 0 ? headerField(entry, '') : headerField(entry.slice(0, equals), entry.slice(equals + 1));
  });

/** The dynamic table of a decoder. Its capacity in entries follows from its size in bytes: an entry has at least 32. */
export class DynamicTable {
  private readonly ring: (HeaderField | undefined)[];
  private newest = -1;
  private count = 0;
  private bytes = 0;
  private limit: number;
  /** Changes whenever an index may have got another meaning. */
  generation = 0;

  constructor(maxBytes: number) {
    this.limit = maxBytes;
    this.ring = new Array<HeaderField | undefined>(Math.max(1, Math.floor(maxBytes / ENTRY_OVERHEAD_BYTES)));
  }

  /** The entry of an index from 62 on, or undefined. */
  get(index: number): HeaderField | undefined {
    const age = index - STATIC_TABLE.length - 1;
    if (age >= this.count) return undefined;
    const { ring } = this;
    return ring[(this.newest - age + ring.length) % ring.length];
  }

  /** An entry larger than the table empties it (§4.4). */
  insert(field: HeaderField): void {
    this.generation += 1;
    this.evictTo(this.limit - field.size);
    if (field.size > this.limit) return;
    this.newest = (this.newest + 1) % this.ring.length;
    this.ring[this.newest] = field;
    this.count += 1;
    this.bytes += field.size;
  }

  resize(bytes: number): void {
    this.generation += 1;
    this.limit = bytes;
    this.evictTo(bytes);
  }

  private evictTo(bytes: number): void {
    const { ring } = this;
    while (this.count > 0 && this.bytes > bytes) {
      const oldest = (this.newest - this.count + 1 + ring.length) % ring.length;
      this.bytes -= ring[oldest]!.size;
      ring[oldest] = undefined;
      this.count -= 1;
    }
  }
}

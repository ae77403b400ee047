/**
 * Header blocks of responses (RFC 7541). Nearly every response has the same two, so they are made once: the first
 * response puts its two fields into the client's table, and all later ones refer to them with a byte each.
 *
 *     HEADERS   88 be|bf         :status 200, content-type application/grpc
 *     trailers  be|bf            grpc-status 0
 *
 * A client that wants a table smaller than HTTP/2's default gets literals, which need no table, and before the first
 * of them the notice that we use none (§4.2). Everything else we send is literal as well.
 *
 * The invariant: blocks leave in the order in which they were asked for here.
 */

import { encodeInteger, encodeString, literal } from './hpack-encode.ts';
import { answerContentType, type RequestHead } from './request-head.ts';

const DEFAULT_TABLE_BYTES = 4096;

const STATUS_200 = 0x88;
const INDEXED = 0x80;
const LITERAL_INDEXED = 0x40;
const TABLE_SIZE_ZERO = 0x20;
/** Indices of the static table. */
const NAME_STATUS = 8;
const NAME_CONTENT_TYPE = 31;
/** The newest entry of the dynamic table. */
const NEWEST = 62;

const GRPC_TYPE = 'application/grpc';

function contentType(type: string, pattern: number, prefixBits: number): Buffer {
  return Buffer.concat([encodeInteger(pattern, prefixBits, NAME_CONTENT_TYPE), encodeString(type)]);
}

function statusField(httpStatus: number): Buffer {
  if (httpStatus === 200) return Buffer.from([STATUS_200]);
  return Buffer.concat([encodeInteger(0, 4, NAME_STATUS), encodeString(String(httpStatus))]);
}

const HEAD_LITERAL = Buffer.concat([Buffer.from([STATUS_200]), contentType(GRPC_TYPE, 0, 4)]);
const HEAD_FIRST = Buffer.concat([Buffer.from([STATUS_200]), contentType(GRPC_TYPE, LITERAL_INDEXED, 6)]);
const HEAD_NEWEST = Buffer.from([STATUS_200, INDEXED | NEWEST]);
const HEAD_OLDER = Buffer.from([STATUS_200, INDEXED | (NEWEST + 1)]);
const OK_LITERAL = literal('grpc-status', '0');
const OK_FIRST = Buffer.concat([Buffer.from([LITERAL_INDEXED]), OK_LITERAL.subarray(1)]);
const OK_NEWEST = Buffer.from([INDEXED | NEWEST]);
const OK_OLDER = Buffer.from([INDEXED | (NEWEST + 1)]);
const GZIP = literal('grpc-encoding', 'gzip');

export class ResponseBlocks {
  private head: Buffer = HEAD_FIRST;
  private ok: Buffer = OK_FIRST;
  private indexing = true;
  private mustSayNoTable = false;

  /** The client's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    if (!this.indexing || bytes >= DEFAULT_TABLE_BYTES) return;
    this.indexing = false;
    this.mustSayNoTable = true;
    this.head = HEAD_LITERAL;
    this.ok = OK_LITERAL;
  }

  /** Status 200 and the content type. */
  takeHead(): Buffer {
    const block = this.head;
    if (block === HEAD_FIRST) {
      this.head = HEAD_NEWEST;
      if (this.ok !== OK_FIRST) this.ok = OK_OLDER;
    }
    return this.mustSayNoTable ? this.sayNoTable(block) : block;
  }

  /** The trailers of a call that ended well. */
  takeOk(): Buffer {
    const block = this.ok;
    if (block === OK_FIRST) {
      this.ok = OK_NEWEST;
      if (this.head !== HEAD_FIRST) this.head = HEAD_OLDER;
    }
    return this.mustSayNoTable ? this.sayNoTable(block) : block;
  }

  /** The head of an answer to a request with another content type, or of one whose messages are compressed. */
  takeOtherHead(request: RequestHead, gzip: boolean): Buffer {
    const type = contentType(answerContentType(request.contentType), 0, 4);
    return this.taken([Buffer.from([STATUS_200]), type, ...(gzip ? [GZIP] : [])]);
  }

  takeTrailers(code: number, message: string): Buffer {
    return this.taken(statusFields(code, message));
  }

  /** An answer that is only a status: head and trailers in one. */
  takeTrailersOnly(request: RequestHead, httpStatus: number, code: number, message: string): Buffer {
    const type = contentType(answerContentType(request.contentType), 0, 4);
    return this.taken([statusField(httpStatus), type, ...statusFields(code, message)]);
  }

  /** The head of a plain HTTP response. Names are in lower case. */
  takePlain(httpStatus: number, headers: readonly (readonly [name: string, value: string])[]): Buffer {
    return this.taken([statusField(httpStatus), ...headers.map(([name, value]) => literal(name, value))]);
  }

  private taken(fields: readonly Buffer[]): Buffer {
    const block = Buffer.concat(fields);
    return this.mustSayNoTable ? this.sayNoTable(block) : block;
  }

  private sayNoTable(block: Buffer): Buffer {
    this.mustSayNoTable = false;
    return Buffer.concat([Buffer.from([TABLE_SIZE_ZERO]), block]);
  }
}

function statusFields(code: number, message: string): Buffer[] {
  const status = literal('grpc-status', String(code));
  return message === '' ? [status] : [status, literal('grpc-message', percentEncoded(message))];
}

const PLAIN_TEXT: RegExp = /^[ -$&-~]*$/;

/** gRPC over HTTP/2: UTF-8, and `%XX` for every octet that is not printable ASCII, and for the percent sign. */
export function percentEncoded(message: string): string {
  if (PLAIN_TEXT.test(message)) return message;
  let encoded = '';
  for (const octet of Buffer.from(message)) {
    if (octet >= 0x20 && octet <= 0x7e && octet !== 0x25) encoded += String.fromCharCode(octet);
    else encoded += `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
